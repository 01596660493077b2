"""The coverage table names sections that exist, with the code that it says they have."""

from __future__ import annotations

import re
from collections.abc import Iterator

import nbformat
import notebooks
import pytest

TABLE = notebooks.FOLDER / "COVERAGE.md"
ROW = re.compile(r"\| (?P<topic>.+?) \| \[(?P<number>\d\d) · (?P<section>.+)\]\((?P<file>\S+\.ipynb)\) \| (?P<code>.*?) ?\|")


def rows() -> Iterator[re.Match]:
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("|") and not line.startswith(("| topic", "|---")):
            row = ROW.fullmatch(line)
            assert row, f"not a row of topic, section and code:\n{line}"
            yield row


def sections(file: str) -> dict[str, str]:
    """The code of each section of a notebook, by its heading: from there to the next heading."""
    found: dict[str, str] = {}
    heading = ""
    for cell in nbformat.read(notebooks.FOLDER / file, as_version=4).cells:
        if cell.cell_type == "markdown":
            for line in re.findall(r"^#+ (.+)$", cell.source, re.MULTILINE):
                heading = line
                assert heading not in found, f"{file} has two sections of this name: {heading}"
                found[heading] = ""
        elif heading:
            found[heading] += cell.source + "\n"
    return found


@pytest.mark.parametrize("file", sorted({row["file"] for row in rows()}))
def test_every_section_is_there_with_its_code(file: str) -> None:
    code_of = sections(file)
    for row in rows():
        if row["file"] != file:
            continue
        assert file.startswith(row["number"]), row[0]
        assert row["section"] in code_of, f"{file} has no section {row['section']!r}"
        for piece in re.findall(r"`([^`]+)`", row["code"]):
            assert piece in code_of[row["section"]], f"{file}, {row['section']}: no {piece!r} in its code"


def test_every_lesson_of_the_table_is_covered() -> None:
    assert {row["number"] for row in rows()} == {f"{number:02}" for number in range(19)}
