"""Lesson 16's program: its files are the lesson's cells, and it survives what the lesson says it survives."""

from __future__ import annotations

import subprocess
from pathlib import Path

import nbformat
import notebooks
import pytest

PROGRAM = notebooks.FOLDER.parent / "assets" / "crates" / "scraper"
LESSON = notebooks.FOLDER / "16-project-web-scraper.ipynb"
# What a program has besides: the command line, and tests.
OF_ITS_OWN = {"main.rs", "tests.rs"}
FILES = sorted(path for path in (PROGRAM / "src").glob("*.rs") if path.name not in OF_ITS_OWN)
# It builds the program and the site for the tests, which takes minutes on a busy machine.
SECONDS_FOR_CARGO = 1500


def lines(source: str) -> list[str]:
    """The lines that a file and its cells have in common. Cells need no paths between files, and come in another order."""
    own = ("//!", "use crate::")
    return sorted(line for line in source.splitlines() if line.strip() and not line.startswith(own))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_file_is_what_the_cells_of_the_lesson_say(file: Path) -> None:
    title = f"// src/{file.name}\n"
    cells = nbformat.read(LESSON, as_version=4).cells
    shown = [cell.source.removeprefix(title) for cell in cells if cell.cell_type == "code" and cell.source.startswith(title)]
    assert shown, f"no cell begins with {title}"
    assert lines("\n".join(shown)) == lines(file.read_text(encoding="utf-8"))


@pytest.mark.timeout(SECONDS_FOR_CARGO + 60)
def test_killed_in_the_middle_it_fetches_nothing_twice_and_misses_nothing() -> None:
    ran = subprocess.run(
        ["cargo", "test", "--offline", "--quiet"],
        cwd=PROGRAM,
        capture_output=True,
        text=True,
        timeout=SECONDS_FOR_CARGO,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
