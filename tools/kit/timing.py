"""How long a piece of a lesson takes: the rule by which every lesson states its time.

180 words a minute, 15 lines of code a minute, 8 minutes an exercise, 1 minute a question. Folded code takes no time.
"""

from __future__ import annotations

import re

from nbformat import NotebookNode

WORDS_A_MINUTE = 180
LINES_A_MINUTE = 15
MINUTES_AN_EXERCISE = 8.0
MINUTES_A_QUESTION = 1.0
FENCE = re.compile(r"^```.*?^```\s*?$", re.MULTILINE | re.DOTALL)
# What the reader of a picture, a link or a table does not read as words.
NOT_WORDS = re.compile(r"<[^>]*>|\]\([^)]*\)|^[|:\-\s]+$", re.MULTILINE)


def tags(cell: NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def is_folded(cell: NotebookNode) -> bool:
    """Whether a code cell is kept with its code hidden: what must hold in an exercise, a helper beside the matter."""
    return "checks" in tags(cell) or bool(cell.metadata.get("jupyter", {}).get("source_hidden"))


def minutes(cell: NotebookNode) -> float:
    """The minutes that a cell takes its reader."""
    if cell.cell_type == "markdown":
        return 0.0 if "solution" in tags(cell) else _minutes_of_text(cell.source)
    if "quiz" in tags(cell):
        return MINUTES_A_QUESTION
    if is_folded(cell):
        return 0.0  # not to be read
    exercise = MINUTES_AN_EXERCISE if "exercise" in tags(cell) else 0.0
    return exercise + _lines(cell.source) / LINES_A_MINUTE


def _minutes_of_text(text: str) -> float:
    code = sum(max(len(fence.splitlines()) - 2, 0) for fence in FENCE.findall(text))
    words = len(re.findall(r"[^\s|#*]+", NOT_WORDS.sub(" ", FENCE.sub(" ", text))))
    return words / WORDS_A_MINUTE + code / LINES_A_MINUTE


def _lines(code: str) -> int:
    return sum(1 for line in code.splitlines() if line.strip())
