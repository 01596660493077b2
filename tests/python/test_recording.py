"""tokio-console looks at the tasks of a notebook: where its kernel and its program are installed."""

from __future__ import annotations

import asyncio
from xml.etree import ElementTree

import pytest

recording = pytest.importorskip("recording", reason="pyte is not installed")


@pytest.mark.timeout(1200)  # the first start builds the library
def test_tokio_console_shows_the_tasks_of_the_notebook() -> None:
    from jupyter_client.kernelspec import KernelSpecManager

    program = recording.console()
    if not program or "rust-console" not in KernelSpecManager().find_kernel_specs():
        pytest.skip("not installed: ./kernel-setup.sh console")
    screens = asyncio.run(recording.screens(program))
    tasks, picture = screens["tasks"]
    for name in ("Ada", "Ben", "parcel", "render"):
        row = next((line for line in tasks.splitlines() if name in line), "")
        # Its place is the cell's and not that of the generated file.
        assert "cell [" in row, f"{name}:\n{tasks}"
    assert "lost their waker" in tasks
    resources, _ = screens["resources"]
    assert resources.count("locked=true") == 2, resources
    assert ElementTree.fromstring(picture).tag.endswith("svg")


@pytest.mark.timeout(30)
def test_a_screen_becomes_a_picture() -> None:
    terminal = recording.Terminal(["printf", r"plain \033[1;32mgreen & bold\033[0m\n"])
    terminal.watch(2)
    terminal.end()
    assert terminal.text() == "plain green & bold"
    texts = list(ElementTree.fromstring(terminal.svg("A test")).iter("{http://www.w3.org/2000/svg}text"))
    assert [(text.text, text.get("fill"), text.get("font-weight")) for text in texts] == [
        ("plain", recording.COLORS["default"], None),
        ("green & bold", recording.COLORS["green"], "700"),
    ]
