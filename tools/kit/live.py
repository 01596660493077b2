"""A lesson for live coding: the text that leads, the pictures, and cells in which the instructor writes the code.

A cell that shows something is emptied down to its `use` lines and index comments, and says how many lines it had. What nobody
types on stage stays: the first cell, folded cells, helpers longer than LONGEST_TO_TYPE lines, exercises and their checks. What the
lesson says after an output is folded, so that the class can guess first. There are no outputs.
"""

from __future__ import annotations

import copy
import re

import nbformat
from nbformat import NotebookNode

from kit.lesson import HEADING, blocks, is_lead
from kit.timing import tags

LONGEST_TO_TYPE = 16
KEPT = {"checks", "check", "exercise", "quiz"}
# What everybody may see before the code is written: imports, and the comments by which lesson 18 is searched.
KEPT_LINE = re.compile(r"^(use\s.+;|:dep .+|// asyncio: .+)$")


def live(lesson: NotebookNode) -> NotebookNode:
    """The lesson as a notebook to be filled on stage. It runs as it stands as far as its kept cells do not need the others."""
    made = nbformat.v4.new_notebook(metadata=copy.deepcopy(lesson.metadata))
    after_code = False
    first = True
    for cell in lesson.cells:
        cell = copy.deepcopy(cell)
        if cell.cell_type == "markdown":
            if after_code and "solution" not in tags(cell):
                cell.source = _fold_what_was_seen(cell.source)
        else:
            cell.outputs, cell.execution_count = [], None
            if not first and not KEPT & set(tags(cell)):
                cell.source = emptied(cell.source)
            first = False
        after_code = cell.cell_type == "code"
        # The error is the class's to make: nothing here must fail.
        if "raises-exception" in tags(cell) and cell.source.startswith("//"):
            cell.metadata["tags"] = [tag for tag in tags(cell) if tag != "raises-exception"]
        made.cells.append(cell)
    return made


def emptied(code: str) -> str:
    """The code without what is to be typed. One that is too long to type is given back as it is."""
    lines = code.splitlines()
    typed = [line for line in lines if line.strip() and not KEPT_LINE.match(line)]
    if len(lines) > LONGEST_TO_TYPE or not typed:
        return code
    kept = [line for line in lines if KEPT_LINE.match(line)]
    count = f"{len(typed)} line" + ("s" if len(typed) > 1 else "")
    return "\n".join([*kept, *([""] if kept else []), f"// {count} to write here"])


def _fold_what_was_seen(source: str) -> str:
    """Folds the paragraphs that speak about the output above, up to the next heading or the sentence that leads on."""
    seen: list[str] = []
    rest = list(blocks(source))
    while rest and not HEADING.match(rest[0]) and not is_lead(rest[0]):
        seen.append(rest.pop(0))
    if not seen:
        return source
    folded = "<details><summary>What to notice</summary>\n\n" + "\n\n".join(seen) + "\n\n</details>"
    return "\n\n".join([folded, *rest])
