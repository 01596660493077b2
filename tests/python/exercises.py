"""What a notebook asks of its reader, found in its cells: exercises with their solutions, and questions about code.

An exercise is a folded cell tagged `checks` (what must hold), a cell tagged `exercise` (the stub that the learner edits), a
cell of one line tagged `check`, and a Markdown cell tagged `solution`, whose ```rust fence takes the stub's place.
Wrong answers, and what is said to them, stand in `wrong_answers/`, a file for each notebook.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import notebooks
from nbformat import NotebookNode

QUIZ_DATA = "application/vnd.async-notebook.quiz+json"
FENCE = re.compile(r"^```rust\n(.*?)^```\s*$", re.MULTILINE | re.DOTALL)
NAME_IN_CHECK = re.compile(r"\bcheck\(\s*\"([^\"]+)\"")
WRONG_ANSWERS = Path(__file__).parent / "wrong_answers"
HEADER = re.compile(r"//# (\d\d-\d+) (mistake|hang|compile error): (.+)")


@dataclass(frozen=True)
class Exercise:
    """An exercise of a notebook: its id, the line that checks it, and the code of its solution."""

    id: str
    check: str
    solution: str


@dataclass(frozen=True)
class WrongAnswer:
    """Code that does not solve an exercise, and a piece of what the learner is told."""

    exercise: str
    kind: str
    told: str
    code: str


def tagged(notebook: NotebookNode, tag: str) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if tag in cell.metadata.get("tags", [])]


def with_tag(tag: str) -> list[Path]:
    paths = sorted(notebooks.FOLDER.glob("*.ipynb"))
    return [path for path in paths if tagged(nbformat.read(path, as_version=4), tag)]


def exercises(notebook: NotebookNode) -> Iterator[Exercise]:
    """The exercises in their order. Fails on one that is not complete: a stub, then a check of one line, then a solution."""
    stub = check = None
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if "exercise" in tags:
            assert stub is None, f"no cell tagged solution follows the exercise\n{stub.source}"
            assert cell.cell_type == "code", f"an exercise is a code cell:\n{cell.source}"
            stub = cell
        elif "check" in tags:
            lines = [line for line in cell.source.splitlines() if line.strip() and not line.startswith("//")]
            assert len(lines) == 1, f"a check is one line:\n{cell.source}"
            check = cell
        elif "solution" in tags:
            assert stub is not None, f"no cell tagged exercise comes before the solution\n{cell.source}"
            assert check is not None, f"no cell tagged check comes before the solution\n{cell.source}"
            # A code cell would run when all cells are run, and solve the exercise.
            assert cell.cell_type == "markdown", f"a solution is a Markdown cell:\n{cell.source}"
            fences = FENCE.findall(cell.source)
            assert len(fences) == 1, f"a solution has one ```rust fence, not {len(fences)}:\n{cell.source}"
            yield Exercise(NAME_IN_CHECK.findall(check.source)[0], check.source, fences[0].rstrip("\n"))
            stub = check = None
    assert stub is None, f"no cell tagged solution follows the exercise\n{stub.source}"


def wrong_answers(path: Path) -> list[WrongAnswer]:
    """Those for the notebook at `path`; none when there is no file for it. (`08b` is a notebook of its own, beside `08`.)"""
    kept = WRONG_ANSWERS / f"{path.name.partition('-')[0]}.rs"
    return parse_wrong_answers(kept.read_text(encoding="utf-8")) if kept.exists() else []


def parse_wrong_answers(text: str) -> list[WrongAnswer]:
    """Each begins with a line `//# 04-1 mistake: a piece of what is said`, and goes on to the next such line."""
    answers: list[WrongAnswer] = []
    for block in re.split(r"^(?=//# )", text, flags=re.MULTILINE):
        header, _, code = block.partition("\n")
        if not header.startswith("//# "):
            continue  # what stands before the first one
        match = HEADER.fullmatch(header.rstrip())
        assert match, f"not `//# NN-N mistake|hang|compile error: what is said`:\n{header}"
        answers.append(WrongAnswer(*match.groups(), code.strip("\n")))
    return answers


def questions(notebook: NotebookNode) -> list[dict]:
    """The data of the questions that carry a piece of code, from their outputs."""
    code_cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    outputs = [output for cell in code_cells for output in cell.outputs]
    return [output.data[QUIZ_DATA] for output in outputs if QUIZ_DATA in output.get("data", {})]


def shown(cell: NotebookNode, mime: str = "text/plain") -> str:
    """The cell's result, as text."""
    return "\n".join(output.data.get(mime, "") for output in cell.outputs if output.output_type == "execute_result")


def printed(cell: NotebookNode) -> str:
    return "".join(output.text for output in cell.outputs if output.output_type == "stream" and output.name == "stdout")


def error(cell: NotebookNode) -> str | None:
    """The error with which the cell ended, as text; None if it ended well."""
    for output in cell.outputs:
        if output.output_type == "error":
            return notebooks.ANSI.sub("", "\n".join([output.ename, output.evalue, *output.traceback]))
    return None


def judge(question: dict, cell: NotebookNode) -> None:
    """Fails when the cell with the question's code did not do what the question's answer says."""
    about = f"question {question['id']}:\n{cell.source}"
    failed = error(cell)
    if question["kind"] == "what prints":
        assert failed is None, f"{about}\n{failed}"
        lines = [line.strip() for line in printed(cell).strip().splitlines()]
        assert lines == [line.strip() for line in question["answer"].strip().splitlines()], about
    elif question["error"] is None:
        assert failed is None, f"{about}\n{failed}"
    else:
        assert failed is not None, f"{about}\ncompiles"
        assert question["error"] in failed, f"{about}\n{failed}"


def code(source: str, *tags: str) -> NotebookNode:
    return nbformat.v4.new_code_cell(source, metadata={"tags": list(tags)})
