"""What a cell shows, for those who see it in the dark, hear it, or have no mouse: every kind of output of the course in
JupyterLab and in the HTML export, in a real browser. Judges are axe-core (the rules of WCAG 2.1, A and AA), and the
accessibility tree that Chromium hands to screen readers. JupyterLab shows less of a notebook that it doesn't trust, such
as one that was downloaded: what is told must not depend on that.

The outputs are those in the files, which our kernel made. No test here runs a cell, so behind the page is a kernel that
starts at once.
"""

from __future__ import annotations

import copy
import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import nbformat
import pytest
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from nbformat.sign import NotebookNotary
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 120  # seconds for any one step of the page
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
TRUSTED, DOWNLOADED = "trusted", "downloaded"
each_copy = pytest.mark.parametrize("notebook", [TRUSTED, DOWNLOADED])
AXE = files("axe_core_python").joinpath("axe.min.js").read_text()
OUTPUTS = ".jp-OutputArea-output"
# Recordings of a terminal keep a terminal's ground.
DRAWINGS = [
    path
    for path in sorted((ROOT / "assets").glob("**/*.svg"))
    if not path.name.startswith(("14-console", "14-gdb")) and "target" not in path.parts
]


def outputs_of(notebook: NotebookNode) -> Iterator[tuple[NotebookNode, NotebookNode]]:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            yield cell, output


def is_question(output: NotebookNode) -> bool:
    return "✔ Right." in output.get("data", {}).get("text/html", "")


@pytest.fixture(scope="module")
def everything() -> NotebookNode:
    """The gallery, and above it a question, with the outputs that are in the files."""
    gallery = nbformat.read(ROOT / "notebooks" / "gallery.ipynb", as_version=4)
    shown = outputs_of(nbformat.read(ROOT / "notebooks" / "02-futures.ipynb", as_version=4))
    gallery.cells.insert(0, next(cell for cell, output in shown if is_question(output)))
    gallery.metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    for cell in gallery.cells:
        cell.metadata = {}
    return gallery


def alternatives(notebook: NotebookNode) -> list[str]:
    """The text alternatives of all pictures that cells have shown."""
    found = []
    for _, output in outputs_of(notebook):
        html = output.get("data", {}).get("text/html", "")
        if "image/svg+xml" in output.get("data", {}) and "<img" in html:
            found.append(output.data["text/plain"])
    return found


@dataclass(frozen=True)
class Lab:
    """A JupyterLab with two copies of one notebook: it trusts the one, and has never seen the other."""

    address: str

    def open(self, browser: webdriver.Chrome, notebook: str) -> WebDriverWait:
        browser.get(f"{self.address}/lab/tree/{notebook}.ipynb?reset")
        wait = WebDriverWait(browser, LIMIT)
        wait.until(lambda _: len(browser.find_elements(By.CSS_SELECTOR, f"{OUTPUTS} img")) >= 10)
        # What only a trusted notebook may show.
        frame = (By.CSS_SELECTOR, f"{OUTPUTS} iframe")
        if notebook == TRUSTED:
            wait.until(lambda _: browser.find_elements(*frame))
        else:
            assert not browser.find_elements(*frame), "JupyterLab trusts this one"
        return wait


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module", params=THEMES)
def lab(request: pytest.FixtureRequest, everything: NotebookNode, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab in one of its themes, with all cells of a notebook on the page at once."""
    folder = tmp_path_factory.mktemp("lab")
    settings = folder / "settings" / "@jupyterlab"
    for name, value in {
        "apputils-extension/themes": {"theme": THEMES[request.param]},
        "notebook-extension/tracker": {"windowingMode": "none"},
        "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    }.items():
        path = settings / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value))
    files, notary = folder / "files", folder / "notary"
    files.mkdir()
    notary.mkdir()
    nbformat.write(everything, files / f"{TRUSTED}.ipynb")
    NotebookNotary(data_dir=str(notary)).sign(everything)
    changed = copy.deepcopy(everything)
    changed.cells.insert(0, nbformat.v4.new_markdown_cell("Another notebook, for the signature", id="another"))
    nbformat.write(changed, files / f"{DOWNLOADED}.ipynb")
    port = free_port()
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--port", str(port)]
    command += ["--ServerApp.port_retries=0", "--IdentityProvider.token=", "--ServerApp.password="]
    command += [f"--ServerApp.root_dir={files}", f"--LabApp.workspaces_dir={folder / 'workspaces'}", f"--NotebookNotary.data_dir={notary}"]
    environment = os.environ | {"JUPYTERLAB_SETTINGS_DIR": str(settings.parent)}
    log = (folder / "log").open("w")
    process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        _wait_until_it_answers(f"http://127.0.0.1:{port}/api", process, folder / "log")
        yield Lab(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(LIMIT)
        log.close()


def _wait_until_it_answers(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    until = time.monotonic() + LIMIT
    while True:
        assert process.poll() is None and time.monotonic() < until, log.read_text()[-4_000:]
        try:
            opener.open(address, timeout=LIMIT).close()
            return
        except OSError:
            time.sleep(0.1)


def violations(browser: webdriver.Chrome) -> list[str]:
    """What axe-core has against the outputs on the page, in its words."""
    browser.execute_script(AXE)
    browser.set_script_timeout(LIMIT * 2)
    found = browser.execute_async_script(
        """
        const done = arguments[arguments.length - 1];
        const rules = {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], iframes: false};
        axe.run({include: [[arguments[0]]]}, rules).then(result => done(result), error => done({error: String(error)}));
        """,
        OUTPUTS,
    )
    assert "error" not in found, found
    # It has looked at something.
    assert found["passes"], found
    wrong = [(rule["id"], node) for rule in found["violations"] for node in rule["nodes"]]
    return [f"{rule}: {node['failureSummary']}\n{node['html'][:300]}" for rule, node in wrong]


def accessibility_tree(browser: webdriver.Chrome) -> list[tuple[str, str]]:
    """Role and name of all that a screen reader is told of."""
    browser.execute_cdp_cmd("Accessibility.enable", {})
    nodes = browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    told = [node for node in nodes if not node.get("ignored")]
    return [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in told]


@pytest.mark.parametrize("path", DRAWINGS, ids=lambda path: path.stem)
def test_a_drawing_has_no_card(path: Path) -> None:
    """No theme reaches a drawing in a page: a white card would glare on a dark one, and black text would be lost."""
    drawing = path.read_text()
    width, height = re.search(r'viewBox="0 0 (\d+) (\d+)"', drawing).groups()
    assert not re.search(rf'<rect[^>]* width="{width}" height="{height}"', drawing)
    # What stands beside a box and not in it has the color of the whole drawing: one of middle brightness.
    assert re.search(r'<svg[^>]* fill="#(7\d|8\d)', drawing) or "class=" in drawing


def squeezed(text: str) -> str:
    return " ".join(text.split())


def check_pictures(browser: webdriver.Chrome, notebook: NotebookNode) -> None:
    """Each picture is told to a screen reader with its title, its numbers and its notes."""
    told = accessibility_tree(browser)
    names = [squeezed(name) for role, name in told if role in {"image", "img"}]
    expected = alternatives(notebook)
    assert len(expected) >= 20
    for words in expected:
        # Of very long ones, the beginning.
        assert any(name.startswith(squeezed(words)[:1_500]) for name in names), words
    assert {"a blue pill", "a gray ball", "the gray ball, enlarged"} <= set(names)


def check_tables(browser: webdriver.Chrome) -> None:
    told = accessibility_tree(browser)
    headers = {name for role, name in told if role == "columnheader"}
    assert {"spawned at", "living tasks", "page"} & headers, headers


@pytest.mark.timeout(600)
@each_copy
def test_jupyterlab(lab: Lab, notebook: str, browser: webdriver.Chrome, everything: NotebookNode) -> None:
    lab.open(browser, notebook)
    assert not (found := violations(browser)), "\n\n".join(found)
    check_pictures(browser, everything)
    check_tables(browser)


@pytest.mark.timeout(600)
@each_copy
def test_a_question_is_answered_by_keyboard_alone(lab: Lab, notebook: str, browser: webdriver.Chrome) -> None:
    wait = lab.open(browser, notebook)
    # As JupyterLab is used by keyboard: Escape leaves a cell's editor, Tab goes on from there.
    press(browser, Keys.ESCAPE)
    for _ in range(200):
        press(browser, Keys.TAB)
        if browser.switch_to.active_element.tag_name == "summary":
            break
    choice = browser.switch_to.active_element
    assert choice.tag_name == "summary", "Tab does not come to a question"
    answer = choice.find_element(By.XPATH, "..")
    assert not answer.get_property("open")
    press(browser, Keys.SPACE)
    wait.until(lambda _: answer.get_property("open"))
    said = answer.find_element(By.TAG_NAME, "p")
    assert said.is_displayed() and said.text.startswith(("✔ Right.", "✘ Wrong.")), said.text
    # And a screen reader is told which choices there are, and what is said about the open one.
    told = accessibility_tree(browser)
    assert any(role == "DisclosureTriangle" and squeezed(choice.text) in squeezed(name) for role, name in told)
    assert any(role == "StaticText" and name in said.text and name for role, name in told)


def press(browser: webdriver.Chrome, key: str) -> None:
    ActionChains(browser).send_keys(key).perform()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("theme", THEMES)
def test_html_export(theme: str, browser: webdriver.Chrome, everything: NotebookNode, tmp_path: Path) -> None:
    # The pages load no scripts from elsewhere: these only typeset formulas and move widgets.
    nowhere = {name: "" for name in ("mathjax_url", "require_js_url", "jquery_url", "mermaid_js_url")}
    page, _ = HTMLExporter(theme=theme, **nowhere).from_notebook_node(everything)
    path = tmp_path / "everything.html"
    path.write_text(page)
    browser.get(path.as_uri())
    assert not (found := violations(browser)), "\n\n".join(found)
    check_pictures(browser, everything)
    check_tables(browser)
