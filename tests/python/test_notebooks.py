"""Every notebook of the course: it is in normal form as it is kept, and it runs whole in a fresh kernel.

What a lesson claims about its measurements it asserts itself, in a cell: such a cell would fail the run.
"""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import notebooks
import pytest

ALL = sorted(notebooks.FOLDER.glob("*.ipynb"))
# Lessons, by the beginning of their name, and how many plots at least a run must draw.
PLOTS = {"08": 1}

# These run each time; with WHOLE_COURSE=1 all do, which takes about a minute a notebook.
ALWAYS = {"00", "08"}
RUN = [path for path in ALL if os.environ.get("WHOLE_COURSE") == "1" or path.name[:2] in ALWAYS]

each_notebook = pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)


@each_notebook
def test_is_in_normal_form(path: Path) -> None:
    assert notebooks.check(path) == []


@pytest.mark.parametrize("path", RUN, ids=lambda path: path.stem)
# The cells have three minutes together; starting the kernel and stopping it come on top.
@pytest.mark.timeout(notebooks.SECONDS_PER_NOTEBOOK + 120)
def test_runs_whole(path: Path, tmp_path: Path) -> None:
    notebook = notebooks.run(path)  # fails when a cell fails that is not tagged for it, and names the cell
    code_cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code_cells] == list(range(1, len(code_cells) + 1))

    plots = sum("image/svg+xml" in output.get("data", {}) for cell in code_cells for output in cell.outputs)
    assert plots >= PLOTS.get(path.name[:2], 0)

    # Errors exactly in the cells that are tagged for it, and no path of this machine, in this run's outputs as well.
    notebooks.normalise(notebook)
    executed = tmp_path / path.name
    nbformat.write(notebook, executed)
    unmoved = [problem for problem in notebooks.check(executed) if "there is no file" not in problem]
    assert unmoved == []


def test_every_lesson_with_plots_is_there() -> None:
    if not ALL:
        pytest.skip("there are no notebooks yet")
    names = [path.name[:2] for path in ALL]
    assert [number for number in PLOTS if number not in names] == []
