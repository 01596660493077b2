"""What a lesson consists of: its sections, their text block by block, and its exercises."""

from __future__ import annotations

import base64
import copy
import mimetypes
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from kit.timing import minutes, tags

QUESTION = re.compile(r"\bguess\b|before you run", re.IGNORECASE)
HEADING = re.compile(r"^(#{1,4}) (.+)$")
PICTURE = re.compile(r"!\[([^\]]*)\]\(\s*([^)\s]+)\s*\)")
RUST = re.compile(r"^```rust\n(.*?)^```\s*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"^:dep notebook\b.*\n?", re.MULTILINE)
ASSET = re.compile(r"(?<=\")\.\./(assets/[\w.-]+)")
FOLDER = Path(__file__).resolve().parents[2] / "notebooks"


class NotALesson(Exception):
    """A notebook cannot be made into what was asked for: the message says why."""


@dataclass
class Section:
    """What stands under a heading of level 1 or 2: its cells, text cells cut where a section ends."""

    heading: str
    level: int
    cells: list[NotebookNode] = field(default_factory=list)

    @property
    def minutes(self) -> float:
        return sum(minutes(cell) for cell in self.cells)

    def has(self, tag: str) -> bool:
        return any(tag in tags(cell) for cell in self.cells)


def lessons() -> list[Path]:
    """The lessons of the course, in their order; not the gallery."""
    return sorted(FOLDER.glob("[0-9][0-9]*-*.ipynb"))


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def title(notebook: NotebookNode) -> str:
    """The text of the first heading. Raises NotALesson when the notebook does not begin with one."""
    match = HEADING.match(notebook.cells[0].source.splitlines()[0]) if notebook.cells else None
    if not match:
        raise NotALesson("the notebook does not begin with a heading")
    return match.group(2)


def sections(notebook: NotebookNode) -> list[Section]:
    """The sections in their order; the first one, of level 1, is the lesson's opening."""
    found: list[Section] = []
    for cell in notebook.cells:
        if cell.cell_type != "markdown" or "solution" in tags(cell):
            found[-1].cells.append(cell)
            continue
        for block in blocks(cell.source):
            heading = HEADING.match(block)
            if not found or (heading and len(heading.group(1)) <= 2):
                if not heading:
                    raise NotALesson("the notebook does not begin with a heading")
                found.append(Section(heading.group(2), len(heading.group(1))))
            text = nbformat.from_dict(dict(copy.deepcopy(cell), source=block))
            found[-1].cells.append(text)
    return found


def blocks(markdown: str) -> Iterator[str]:
    """The blocks of a text: headings, paragraphs, tables, fences and folded parts, each whole."""
    gathered: list[str] = []
    inside = ""  # what ends the block that must stay whole
    for line in markdown.splitlines():
        starts = HEADING.match(line) is not None
        if not inside and (starts or not line.strip()) and gathered:
            yield "\n".join(gathered)
            gathered = []
        if line.strip() or inside:
            gathered.append(line)
        if inside:
            inside = "" if line.strip().startswith(inside) else inside
        elif line.startswith("```"):
            inside = "```"
        elif line.startswith("<details"):
            inside = "</details>"
        elif starts:
            yield line
            gathered = []
    if gathered:
        yield "\n".join(gathered)


def is_lead(block: str) -> bool:
    """Whether a paragraph leads into the code that follows it: a question, or a sentence that ends in a colon."""
    return QUESTION.search(block) is not None or block.rstrip().endswith((":", ":**"))


def for_another_folder(notebook: NotebookNode) -> tuple[NotebookNode, set[str]]:
    """A lesson that runs in another folder than notebooks/, and the files and folders of assets/ that its code needs there,
    as `assets/…`: they are to be copied beside it.

    The first cell's `:dep` goes, since its path holds for notebooks/ only; the kernel links to the library anyway.
    """
    moved = with_pictures_inside(notebook, FOLDER)
    needed: set[str] = set()
    for cell in moved.cells:
        if cell.cell_type == "code":
            cell.source = LINK.sub("", cell.source)
            needed |= {"/".join(path.split("/")[:2]) for path in ASSET.findall(cell.source)}
            cell.source = ASSET.sub(r"\1", cell.source)
    return moved, needed


def with_pictures_inside(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """The notebook with the pictures that its text names as attachments, so that it can be read from any folder.

    Links to other lessons stay as they are. Raises NotALesson when there is no file for a picture.
    """
    moved = copy.deepcopy(notebook)
    for cell in moved.cells:
        if cell.cell_type == "markdown":
            cell.source = PICTURE.sub(lambda match, cell=cell: _attached(cell, match, folder), cell.source)
    return moved


def _attached(cell: NotebookNode, match: re.Match, folder: Path) -> str:
    words, target = match.groups()
    if "://" in target or target.startswith(("attachment:", "data:")):
        return match.group(0)
    file = (folder / target).resolve()
    if not file.is_file():
        raise NotALesson(f"there is no picture {target}")
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    attachments = cell.setdefault("attachments", {})
    attachments[file.name] = {kind: base64.b64encode(file.read_bytes()).decode()}
    return f"![{words}](attachment:{file.name})"


def text_cell(source: str, slide_type: str = "") -> NotebookNode:
    return nbformat.v4.new_markdown_cell(source, metadata={"slideshow": {"slide_type": slide_type}} if slide_type else {})


def solution_of(cell: NotebookNode) -> str:
    """The code of a cell tagged `solution`. Raises NotALesson when it has not exactly one ```rust fence."""
    fences = RUST.findall(cell.source)
    if len(fences) != 1:
        raise NotALesson(f"a solution has one ```rust fence, not {len(fences)}:\n{cell.source}")
    return fences[0].rstrip("\n")
