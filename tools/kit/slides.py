"""Slides from a lesson: what is shown stays on the slide, what is said goes into the speaker notes.

A slide has a heading, at most a paragraph or two, and one code cell. The first sentence of a paragraph stays; all of it is in the
notes, together with the time at which the slide is due, the solutions, and the explanations of the questions. What a cell puts out,
and what is said about it, appears at a key press, so that the class can guess first; when it has no room below the code, it gets a slide
of its own.
"""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Iterator

import nbformat
from nbformat import NotebookNode

from kit.lesson import HEADING, Section, is_lead, sections, solution_of, text_cell, title
from kit.timing import minutes, tags

# In lines of code: what fits on one slide, by the style sheet in template/slides.
ROOM = 24.0
LETTERS_A_LINE = 95
SENTENCE = re.compile(r"^(.+?[.?!](?:\*\*|\)|`)?)(?:\s|$)", re.DOTALL)
# What readers want to know about a lesson, and a class does not.
ONLY_SAID = ("**Time:**", "**Fast track", "**Read next", "<details")
SHOWN_WHOLE = ("|", "```", "- ", "* ", "1. ", ">", "![", "#")
PIXELS_A_LINE = 24.0
# Tags that the export takes out of the slides: see `teach.py`.
NO_INPUT = "slide-output-only"


class _Deck:
    """The slides made so far, and what has gathered for the next one."""

    def __init__(self) -> None:
        self.cells: list[NotebookNode] = []
        self.clock = 0.0
        self._section = ""
        self._topic = ""
        self._starts_section = False
        self._begin()

    def _begin(self) -> None:
        self._slide: list[NotebookNode] = []
        self._notes: list[str] = []
        self._lines = 0.0
        self._due = self.clock
        self._has_code = False
        self._guessing = False

    def heading(self, text: str, level: int) -> None:
        self.end()
        if level <= 2:
            self._section, self._topic, self._starts_section = text, text, True
        else:
            self._topic = text

    def show(self, cell: NotebookNode, lines: float, code: bool = False) -> None:
        if self._slide and ((code and self._has_code) or self._lines + lines > ROOM):
            self.end()
        if not self._slide:
            # Every slide says where the class is.
            if self._starts_section or self._topic == self._section:
                self._add(text_cell(f"## {self._section}"), 2.0)
            if self._topic != self._section:
                self._add(text_cell(f"### {self._topic}"), 2.0)
        if self._guessing:  # what comes after code is the answer to a guess
            cell.metadata["slideshow"] = {"slide_type": "fragment"}
        self._add(cell, lines)
        self._has_code |= code
        self._guessing |= code

    def show_later(self, cell: NotebookNode, lines: float, code: bool = False) -> None:
        """As `show`, but at a key press, if it has room on the same slide."""
        self._guessing = True
        self.show(cell, lines, code)

    def has_room_after_code(self, lines: float) -> bool:
        """Whether so many lines, said about this slide's cell, fit below it."""
        return not self._has_code or self._lines + lines <= ROOM

    def lead(self) -> None:
        """What comes next leads into another cell: it begins a slide with it, if this one has its cell."""
        if self._has_code:
            self.end()

    def say(self, text: str) -> None:
        self._notes.append(text)

    def end(self) -> None:
        """Ends the slide, with its notes."""
        if not self._slide:
            return
        first = self._slide[0]
        first.metadata["slideshow"] = {"slide_type": "slide" if self._starts_section else "subslide"}
        self._starts_section = False
        said = "\n\n".join([f"**Minute {self._due:.0f}**", *self._notes])
        self.cells += [*self._slide, text_cell(said, "notes")]
        self._begin()

    def _add(self, cell: NotebookNode, lines: float) -> None:
        self._slide.append(cell)
        self._lines += lines


def slides(lesson: NotebookNode) -> NotebookNode:
    """A notebook whose slide metadata and speaker notes make a talk of the lesson. Its outputs are those of the lesson."""
    deck = _Deck()
    for section in sections(lesson):
        _add_section(deck, section)
    deck.end()
    made = nbformat.v4.new_notebook(cells=deck.cells, metadata=copy.deepcopy(lesson.metadata))
    made.metadata["title"] = title(lesson)
    for index, cell in enumerate(made.cells):
        cell["id"] = f"slide-{index + 1}"
    return made


def _add_section(deck: _Deck, section: Section) -> None:
    for cell in section.cells:
        heading = HEADING.match(cell.source) if cell.cell_type == "markdown" else None
        if heading:
            deck.heading(heading.group(2), len(heading.group(1)))
        elif "solution" in tags(cell):
            deck.say(f"Solution:\n\n```rust\n{solution_of(cell)}\n```")
        elif cell.cell_type == "markdown":
            _add_text(deck, cell.source)
        elif "checks" not in tags(cell):
            _add_code(deck, cell)
        deck.clock += minutes(cell)


def _add_text(deck: _Deck, block: str) -> None:
    if block.startswith("|"):
        for table in _tables(block):
            deck.show(text_cell(table), _height(table))
        return
    if block.startswith(SHOWN_WHOLE):
        deck.show(text_cell(block), _height(block))
        return
    if block.startswith(ONLY_SAID):
        deck.say(block)
        return
    sentence = SENTENCE.match(block)
    if is_lead(block):
        deck.lead()
    shown = block if is_lead(block) or not sentence else sentence.group(1)
    if not deck.has_room_after_code(_height(shown)):
        deck.say(block)
        return
    deck.show(text_cell(shown), _height(shown))
    if shown != block:
        deck.say(block)


def _add_code(deck: _Deck, cell: NotebookNode) -> None:
    outputs = cell.outputs
    code_height = len(cell.source.splitlines()) + 1.0
    output_height = sum(_height_of_output(output) for output in outputs)
    if "quiz" not in tags(cell):
        deck.show(_only(cell, []), code_height, code=True)
    if outputs:
        below = _only(cell, outputs)
        below.metadata["tags"] = [NO_INPUT]
        deck.show_later(below, output_height, code="quiz" in tags(cell))


def _only(cell: NotebookNode, outputs: list) -> NotebookNode:
    """The code cell with these outputs, without what another front end made of it."""
    made = nbformat.v4.new_code_cell(cell.source, execution_count=cell.execution_count)
    made.outputs = copy.deepcopy(outputs)
    return made


def _tables(table: str) -> Iterator[str]:
    """The table in pieces that fit on a slide, each with the table's head."""
    head, rows = table.splitlines()[:2], table.splitlines()[2:]
    piece: list[str] = []
    for row in rows:
        if piece and _height("\n".join([*head, *piece, row])) > ROOM - 4:
            yield "\n".join([*head, *piece])
            piece = []
        piece.append(row)
    yield "\n".join([*head, *piece])


def _height(block: str) -> float:
    if block.startswith("!["):
        return 12.0
    rows = block.splitlines()
    if block.startswith("|"):
        return sum(0.6 + math.ceil(len(row) / 110) for row in rows if not row.startswith("|--"))
    if block.startswith("```"):
        return float(len(rows))
    return 0.8 + len(block) / LETTERS_A_LINE


def _height_of_output(output: NotebookNode) -> float:
    data = output.get("data", {})
    if picture := data.get("image/svg+xml"):
        size = re.search(r'height="(\d+)', "".join(picture))
        return min(float(size.group(1)) if size else 400.0, 430.0) / PIXELS_A_LINE
    if output.output_type == "error":
        return len("\n".join(output.traceback).splitlines()) * 0.9 + 2
    text = "".join(output.get("text", "") or data.get("text/plain", ""))
    return len(text.splitlines()) * 0.9 + 2
