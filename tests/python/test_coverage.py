"""The coverage table is checked by running: what it says of a section is in a cell of that section that ran.

A row's last column is one of
- pieces of code: each is in a cell of the section, which ran without an error; comments, stubs and checks don't count;
- `fails:` and pieces of code: each is in a cell that ended with an error, as the lesson says;
- `in words`, or `recorded`: nothing of it is run, and the table says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import notebooks
import pytest
from course import SECONDS_TO_WAIT, Course, must_be_none
from exercises import error
from nbformat import NotebookNode

TABLE = notebooks.FOLDER / "COVERAGE.md"
ROW = re.compile(r"\| (?P<topic>.+?) \| \[(?P<number>\d\d) · (?P<section>.+)\]\((?P<file>\S+\.ipynb)\) \| (?P<code>.+?) \|")
NOT_RUN = {"in words", "recorded"}
FAILS = "fails: "
COMMENT = re.compile(r"(?<![:\"])//[^\n]*")
# What a reader fills in, and what judges it, teaches nothing by itself.
NOT_THE_LESSON = {"exercise", "checks", "check"}


def rows() -> Iterator[re.Match]:
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("|") and not line.startswith(("| topic", "|---")):
            row = ROW.fullmatch(line)
            assert row, f"not a row of topic, section and code:\n{line}"
            yield row


FILES = sorted({notebooks.FOLDER / row["file"] for row in rows()})


def sections(notebook: NotebookNode) -> dict[str, list[NotebookNode]]:
    """The code cells of each section of a notebook, by its heading: from there to the next heading."""
    found: dict[str, list[NotebookNode]] = {}
    heading = ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for line in re.findall(r"^#+ (.+)$", cell.source, re.MULTILINE):
                heading = line
                assert heading not in found, f"two sections of this name: {heading}"
                found[heading] = []
        elif heading and not NOT_THE_LESSON & set(cell.metadata.get("tags", [])):
            found[heading].append(cell)
    return found


def pieces(row: re.Match) -> list[str]:
    """The pieces of code that a row names. Fails on a row that names none and does not say why."""
    found = re.findall(r"`([^`]+)`", row["code"])
    assert found or row["code"] in NOT_RUN, f"{row[0]}\nnames no code; if nothing of it runs, it says one of {NOT_RUN}"
    return found


def is_shown(piece: str, cells: list[NotebookNode], *, fails: bool) -> bool:
    """Whether a cell with this piece of code ran, and ended well or, where `fails`, with an error."""
    holding = [cell for cell in cells if piece in COMMENT.sub("", cell.source)]
    return any(cell.execution_count and (error(cell) is not None) == fails for cell in holding)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@pytest.mark.timeout(SECONDS_TO_WAIT)
def test_what_is_covered_has_run(path: Path, course: Course) -> None:
    run = course.run_of(path)
    must_be_none(run.failure)
    cells_of = sections(run.notebook)
    missing = []
    for row in rows():
        if row["file"] != path.name:
            continue
        assert path.name.startswith(row["number"]), row[0]
        assert row["section"] in cells_of, f"{path.name} has no section {row['section']!r}"
        fails = row["code"].startswith(FAILS)
        shown = cells_of[row["section"]]
        missing += [(row["topic"], piece) for piece in pieces(row) if not is_shown(piece, shown, fails=fails)]
    assert missing == [], f"{path.name}: no cell of the section that the table names ran this code"


def test_every_lesson_of_the_table_is_covered() -> None:
    assert {row["number"] for row in rows()} == {f"{number:02}" for number in range(19)}


def test_what_is_only_named_is_not_said_to_run() -> None:
    """The list of what is named and not run, at the end of the table, names nothing that a row shows."""
    only_named = TABLE.read_text(encoding="utf-8").rpartition("Named, and not run:")[2]
    shown = {piece for row in rows() for piece in pieces(row)}
    assert only_named and not shown & set(re.findall(r"`([^`]+)`", only_named))


def ran(source: str, count: int | None = 1, failed: bool = False, *tags: str) -> NotebookNode:
    outputs = [nbformat.v4.new_output("error", ename="E0277", evalue="", traceback=[])] if failed else []
    return nbformat.v4.new_code_cell(source, execution_count=count, outputs=outputs, metadata={"tags": list(tags)})


@pytest.mark.parametrize(
    ("cell", "runs", "fails"),
    [
        (ran("tokio::join!(a, b)"), True, False),
        (ran("tokio::join!(a, b)", None), False, False),
        (ran("tokio::join!(a, b)", 1, True), False, True),
        (ran("1 + 1 // tokio::join!(a, b)"), False, False),
        (ran("tokio::join!(a, b)", 1, False, "exercise"), False, False),
    ],
    ids=["ran", "not run", "failed", "a comment", "a stub"],
)
def test_only_code_that_ran_counts(cell: NotebookNode, runs: bool, fails: bool) -> None:
    heading = nbformat.v4.new_markdown_cell("## Here")
    cells = sections(nbformat.v4.new_notebook(cells=[heading, cell]))["Here"]
    assert is_shown("tokio::join!", cells, fails=False) is runs
    assert is_shown("tokio::join!", cells, fails=True) is fails
