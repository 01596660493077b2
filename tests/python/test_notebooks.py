"""Every notebook of the course: it is in normal form as it is kept, and it runs whole in a fresh kernel.

What a lesson claims about its measurements it asserts itself, in a cell: such a cell would fail the run. The notebooks are
run by `course.py`, once for all tests.
"""

from __future__ import annotations

from pathlib import Path

import nbformat
import notebooks
import pytest
from course import SECONDS_TO_WAIT, Course, must_be_none

ALL = sorted(notebooks.FOLDER.glob("*.ipynb"))
# Every lesson draws what it measures.
LESSONS = [path for path in ALL if path.name[:2].isdigit()]
# What a page of JupyterLab shows without scrolling.
COLUMNS = 100
# Of a folded cell it shows the first line and three dots.
COLUMNS_FOLDED = 88

each_notebook = pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)


@each_notebook
def test_is_in_normal_form(path: Path) -> None:
    assert notebooks.check(path) == []


@each_notebook
def test_words_lead_from_cell_to_cell(path: Path) -> None:
    in_a_row = 0
    for cell in nbformat.read(path, as_version=4).cells:
        in_a_row = in_a_row + 1 if cell.cell_type == "code" else 0
        assert in_a_row <= 2, f"the third code cell in a row, without a word between:\n{cell.source}"


@each_notebook
def test_code_fits_into_the_page(path: Path) -> None:
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    visible = [cell for cell in cells if not cell.metadata.get("jupyter", {}).get("source_hidden")]
    long = [line for cell in visible for line in cell.source.splitlines() if len(line) > COLUMNS]
    assert long == [], f"code is at most {COLUMNS} columns wide"


@each_notebook
def test_what_shows_of_a_folded_cell_fits_the_page(path: Path) -> None:
    """JupyterLab shows its first line, unbroken: a long one gives the whole notebook a scroll bar."""
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    folded = [cell.source.split("\n")[0] for cell in cells if cell.metadata.get("jupyter", {}).get("source_hidden")]
    assert [line for line in folded if len(line) > COLUMNS_FOLDED] == []


@each_notebook
@pytest.mark.timeout(SECONDS_TO_WAIT)
def test_runs_whole(path: Path, course: Course, tmp_path: Path) -> None:
    run = course.run_of(path)
    must_be_none(run.failure)
    code_cells = [cell for cell in run.notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code_cells] == list(range(1, len(code_cells) + 1))

    plots = sum("image/svg+xml" in output.get("data", {}) for cell in code_cells for output in cell.outputs)
    assert plots or path not in LESSONS

    # Errors exactly in the cells that are tagged for it, and no path of this machine, in this run's outputs as well.
    notebook = nbformat.from_dict(run.notebook)
    notebooks.normalise(notebook)
    executed = tmp_path / path.name
    nbformat.write(notebook, executed)
    unmoved = [problem for problem in notebooks.check(executed) if "there is no file" not in problem]
    assert unmoved == []


def test_the_course_is_there() -> None:
    # An exercise that combines lessons, such as 08b, counts with its lesson.
    numbers = [path.name[:2] for path in LESSONS if path.name[2] == "-"]
    assert numbers == [f"{number:02}" for number in range(len(numbers))] and len(numbers) >= 11
