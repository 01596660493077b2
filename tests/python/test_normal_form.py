"""The notebook tool finds what it is there to find."""

from __future__ import annotations

from pathlib import Path

import nbformat
import notebooks
import pytest


def write(path: Path, source: str, outputs: list | None = None, tags: list | None = None, **changes) -> Path:
    """A notebook of one heading and one code cell, in normal form but for what the arguments bring in."""
    code = nbformat.v4.new_code_cell(source, id="code", execution_count=1)
    code.outputs = [nbformat.from_dict(output) for output in outputs or []]
    if tags:
        code.metadata["tags"] = tags
    heading = nbformat.v4.new_markdown_cell(changes.pop("markdown", "# A lesson"), id="heading")
    notebook = nbformat.v4.new_notebook(cells=[heading, code])
    notebook.metadata = nbformat.from_dict({"kernelspec": notebooks.KERNELSPEC})
    notebook.metadata.update(changes.pop("metadata", {}))
    code.update(changes)
    path.write_text(notebooks._text(notebook), encoding="utf-8")
    return path


def stream(text: str) -> list:
    return [{"output_type": "stream", "name": "stdout", "text": text}]


ERROR = [{"output_type": "error", "ename": "panic", "evalue": "x", "traceback": ["\x1b[31mx\x1b[0m"]}]


@pytest.mark.parametrize(
    "arguments",
    [
        {"source": "1 + 1"},
        {"source": 'let route = "/items/{id}"; get("http://127.0.0.1:8000/home/x")'},
        {"source": 'format!("http://{address}/pages")'},
        {"source": "// as in https://rust-lang.org, when you are online\n1"},
        {"source": 'get("https://rust-lang.org")', "tags": ["online"]},
        {"source": 'panic!("x")', "tags": ["raises-exception"], "outputs": ERROR},
        {"source": "1", "markdown": "[the book](https://rust-lang.org/learn)"},
        {"source": "1", "outputs": stream("<svg xmlns='http://www.w3.org/2000/svg'/>")},
    ],
    ids=lambda arguments: arguments["source"][:20],
)
def test_accepts(tmp_path: Path, arguments: dict) -> None:
    assert notebooks.check(write(tmp_path / "00.ipynb", **arguments)) == []


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"source": 'open("/home/ada/data.txt")'}, "absolute path in the source"),
        ({"source": "1", "outputs": stream("at \x1b[1m/usr/lib/x.rs\x1b[0m:3")}, "absolute path in the output"),
        ({"source": 'get("https://rust-lang.org/learn")'}, "address from outside in the source: https://rust-lang.org"),
        ({"source": "1", "outputs": stream("fetched http://10.0.0.1/x")}, "address from outside in the output"),
        ({"source": "1", "markdown": "![a](https://rust-lang.org/a.png)"}, "from outside"),
        ({"source": "1", "markdown": "![a](nowhere.png)"}, "there is no file nowhere.png"),
        ({"source": 'panic!("x")', "outputs": ERROR}, "not tagged raises-exception"),
        ({"source": "1", "tags": ["raises-exception"]}, "has no error"),
        ({"source": "1", "outputs": stream("compiling what cells link to: notebook")}, "rebuild it"),
        ({"source": "1", "execution_count": 7}, "execution counts are [7]"),
        ({"source": "  "}, "is empty"),
        ({"source": "1", "metadata": {"kernelspec": {"name": "python3", "display_name": "Python"}}}, "metadata.kernelspec"),
        ({"source": "1", "metadata": {"widgets": {}}}, "['widgets']"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_finds(tmp_path: Path, arguments: dict, problem: str) -> None:
    found = notebooks.check(write(tmp_path / "00.ipynb", **arguments))
    assert len(found) == 1
    assert problem in found[0]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"cells": [], "metadata": {}}', '{"cells": [{}], "metadata": {}}'])
def test_says_so_when_it_is_no_notebook(tmp_path: Path, text: str) -> None:
    path = tmp_path / "00.ipynb"
    path.write_text(text)
    assert len(notebooks.check(path)) == 1


def test_normalise_takes_away_what_changes_from_run_to_run(tmp_path: Path) -> None:
    path = write(tmp_path / "00.ipynb", "1", execution_count=12, metadata={"widgets": {}})
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].metadata["execution"] = {"iopub.status.busy": "2026-01-01T00:00:00Z"}
    notebooks.normalise(notebook)
    nbformat.write(notebook, path)
    assert notebooks.check(path) == []
    assert dict(notebook.cells[1].metadata) == {}
