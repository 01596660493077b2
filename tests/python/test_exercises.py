"""The exercises and questions of every notebook that has some.

An exercise is a folded cell tagged `checks` (what must hold), a cell tagged `exercise` (the stub that the learner edits), a
cell of one line tagged `check`, and a Markdown cell tagged `solution`, whose ```rust fence takes the stub's place here.
As a notebook stands, every check says "not yet"; with the solutions put in, every check says "solved".
Questions about a piece of code carry it as data in their output: it is run, and must print, or fail, as the answer says.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import notebooks
import pytest
from nbformat import NotebookNode

QUIZ_DATA = "application/vnd.async-notebook.quiz+json"
FENCE = re.compile(r"^```rust\n(.*?)^```\s*$", re.MULTILINE | re.DOTALL)
# The cells have three minutes together; starting the kernel and stopping it come on top.
# They run every notebook several times over, so they are asked for with WHOLE_COURSE=1.
WHOLE = pytest.mark.skipif(os.environ.get("WHOLE_COURSE") != "1", reason="asked for with WHOLE_COURSE=1")
LIMIT = pytest.mark.timeout(notebooks.SECONDS_PER_NOTEBOOK + 60)


def tagged(notebook: NotebookNode, tag: str) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if tag in cell.metadata.get("tags", [])]


def with_tag(tag: str) -> list[Path]:
    paths = sorted(notebooks.FOLDER.glob("*.ipynb"))
    return [path for path in paths if tagged(nbformat.read(path, as_version=4), tag)]


def named(paths: list[Path]):
    return pytest.mark.parametrize("path", paths, ids=lambda path: path.stem)


@pytest.fixture(autouse=True)
def no_progress_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A learner's own progress has no part in the tests, nor they in it."""
    monkeypatch.setenv("ASYNC_NOTEBOOK_PROGRESS", "off")


# ---- what the tests do to a notebook, and read from it --------------------------------------------


def pairs(notebook: NotebookNode) -> Iterator[tuple[NotebookNode, str]]:
    """Each stub with the code of its solution: the first cell tagged `solution` after it, and before the next stub."""
    stub = None
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if "exercise" in tags:
            assert stub is None, f"no cell tagged solution follows the exercise\n{stub.source}"
            assert cell.cell_type == "code", f"an exercise is a code cell:\n{cell.source}"
            stub = cell
        elif "solution" in tags:
            assert stub is not None, f"no cell tagged exercise comes before the solution\n{cell.source}"
            # A code cell would run when all cells are run, and solve the exercise.
            assert cell.cell_type == "markdown", f"a solution is a Markdown cell:\n{cell.source}"
            fences = FENCE.findall(cell.source)
            assert len(fences) == 1, f"a solution has one ```rust fence, not {len(fences)}:\n{cell.source}"
            yield stub, fences[0].rstrip("\n")
            stub = None
    assert stub is None, f"no cell tagged solution follows the exercise\n{stub.source}"


def solve(notebook: NotebookNode) -> None:
    """Puts the solutions in place of the stubs."""
    for stub, solution in list(pairs(notebook)):
        stub.source = solution


def execute(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """Runs every cell in a fresh kernel, in `folder`. Fails when a cell fails that is not tagged for it."""
    asyncio.run(notebooks._run_cells(notebook, folder, "rust", notebooks.SECONDS_PER_NOTEBOOK))
    return notebook


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


def questions(notebook: NotebookNode) -> list[dict]:
    """The data of the questions that carry a piece of code."""
    code_cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    outputs = [output for cell in code_cells for output in cell.outputs]
    return [output.data[QUIZ_DATA] for output in outputs if QUIZ_DATA in output.get("data", {})]


def code(source: str, *tags: str) -> NotebookNode:
    return nbformat.v4.new_code_cell(source, metadata={"tags": list(tags)})


# ---- every notebook ---------------------------------------------------------------------------------


@named(with_tag("exercise"))
def test_exercises_are_put_together_well(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    assert list(pairs(notebook))
    for cell in tagged(notebook, "check"):
        lines = [line for line in cell.source.splitlines() if line.strip() and not line.startswith("//")]
        assert len(lines) == 1, f"a check is one line:\n{cell.source}"
    definitions = tagged(notebook, "checks")
    for cell in definitions:
        assert cell.metadata.get("jupyter", {}).get("source_hidden"), f"this is to be folded:\n{cell.source}"
    defined = set(re.findall(r"::new\(\s*\"([^\"]+)\"", "\n".join(cell.source for cell in definitions)))
    checked = set(re.findall(r"\bcheck\(\s*\"([^\"]+)\"", "\n".join(cell.source for cell in tagged(notebook, "check"))))
    assert defined == checked
    assert {name[:2] for name in defined} == {path.name[:2]}


@named(with_tag("check"))
@WHOLE
@LIMIT
def test_as_it_stands_every_check_says_not_yet(path: Path) -> None:
    notebook = execute(nbformat.read(path, as_version=4), path.parent)
    for cell in tagged(notebook, "check"):
        said = shown(cell)
        assert ": not yet." in said, f"{cell.source}\n{said}"
        assert "has not run" not in said, f"{cell.source}\n{said}"


@named(with_tag("check"))
@WHOLE
@LIMIT
def test_with_the_solutions_in_every_check_says_solved(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    solve(notebook)
    execute(notebook, path.parent)
    for cell in tagged(notebook, "check"):
        assert ": solved." in shown(cell), f"{cell.source}\n{shown(cell)}"


@named(with_tag("quiz"))
def test_every_question_has_a_right_choice_and_a_wrong_one(path: Path) -> None:
    cells = tagged(nbformat.read(path, as_version=4), "quiz")
    ids = [name for cell in cells for name in re.findall(r"quiz::\w+\(\s*\"([^\"]+)\"", cell.source)]
    assert len(ids) == len(set(ids)) == len(cells)
    for cell in cells:
        said = shown(cell, "text/html")
        assert "✔ Right." in said and "✘ Wrong." in said, f"{cell.source}\n{said}"
        # Every choice explains itself.
        assert not re.search(r"(Right|Wrong)\.\s*</p>", said), cell.source
        assert ".pick(" not in cell.source, f"the answer is given away:\n{cell.source}"


@named(with_tag("quiz"))
@WHOLE
@LIMIT
def test_the_code_of_questions_does_what_the_answer_says(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    asked = questions(notebook)
    if not asked:
        pytest.skip("no question here is about a piece of code")
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    cells = [code(first.source), *(code(question["code"], "raises-exception") for question in asked)]
    execute(nbformat.v4.new_notebook(cells=cells), path.parent)
    for question, cell in zip(asked, cells[1:], strict=True):
        judge(question, cell)


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


# ---- the engine, in real cells ------------------------------------------------------------------------

SET_UP = """:dep notebook = { path = "../crates/notebook" }
use notebook::{tokio, quiz, exercise::{self, Exercise, Work, ms}};
let kept = 7;"""
DEFINITION = """Exercise::<(u32, u32)>::new("99-1", "Both at once").gives((6, 9)).takes(ms(300)).limit(ms(700))
    .hint("first hint").hint("second hint").define();"""
ANSWER = """async fn both(work: Work) -> (u32, u32) {{
    let soup = work.item("soup", ms(300)).gives(6);
    let rice = work.item("rice", ms(150)).gives(9);
    {}
}}"""
CHECK = 'exercise::check("99-1", both).await'
WRONG = {
    "(soup.await, rice.await)": "The pieces of work ran one after the other.",
    "tokio::join!(soup, rice); (6, 8)": "It returned `(6, 8)`; it should return `(6, 9)`.",
    "std::thread::sleep(ms(300)); (6, 9)": "It did block its thread",
    "std::future::pending().await": "still at an await",
    'panic!("no rice")': 'Your code panicked: "no rice".',
    "loop { std::hint::spin_loop() }": "It never came to an await that waits, so it cannot be stopped",
}


@WHOLE
@LIMIT
def test_wrong_answers_in_cells_are_told_what_is_wrong() -> None:
    cells = [code(SET_UP), code(DEFINITION)]
    checks = []
    for answer in ["(0, 0)", *WRONG, "tokio::join!(soup, rice)"]:
        checks.append(code(CHECK))
        cells += [code(ANSWER.format(answer)), checks[-1]]
    does_not_compile = code(ANSWER.format("(soup, rice)"), "raises-exception")
    cells += [does_not_compile, code(CHECK), code("kept")]
    execute(nbformat.v4.new_notebook(cells=cells), notebooks.FOLDER)
    said = [shown(cell) for cell in checks]
    assert "Hint 1 of 2: first hint" in said[0]
    assert "Hint 2 of 2: second hint" in said[1]
    for text, expected in zip(said[1:], WRONG.values()):
        assert ": not yet." in text and expected in text
    assert "99-1, Both at once: solved." in said[-1]
    # What does not compile is the compiler's to explain, and changes nothing.
    assert "E0308" in (error(does_not_compile) or "")
    assert ": solved." in shown(cells[-2])
    assert shown(cells[-1]) == "7"


@WHOLE
@LIMIT
def test_questions_in_cells_carry_their_code() -> None:
    prints = 'quiz::what_prints("99-1", r#"println!("b");"#).choice("a", "no").answer("{}", "yes")'
    compiles = 'quiz::does_it_compile("99-2", "fn f() { async {}.await; }").does_not_compile("E0728", "x", "y")'
    cells = [code(SET_UP), code(prints.format("b")), code(prints.format("c")), code(compiles)]
    asked = questions(execute(nbformat.v4.new_notebook(cells=cells), notebooks.FOLDER))
    runs = [code(SET_UP), *(code(question["code"], "raises-exception") for question in asked)]
    execute(nbformat.v4.new_notebook(cells=runs), notebooks.FOLDER)
    judge(asked[0], runs[1])
    with pytest.raises(AssertionError):
        judge(asked[1], runs[2])
    judge(asked[2], runs[3])
    with pytest.raises(AssertionError):
        judge({**asked[2], "error": None}, runs[3])


@pytest.mark.parametrize(
    "cells",
    [
        [("exercise", "1")],
        [("solution", "```rust\n1\n```")],
        [("exercise", "1"), ("solution", "no fence")],
        [("exercise", "1"), ("exercise", "2"), ("solution", "```rust\n1\n```")],
    ],
    ids=["no solution", "no exercise", "no fence", "two exercises"],
)
def test_finds_what_is_missing(cells: list[tuple[str, str]]) -> None:
    made = [
        nbformat.v4.new_markdown_cell(text, metadata={"tags": [tag]}) if tag == "solution" else code(text, tag)
        for tag, text in cells
    ]
    with pytest.raises(AssertionError):
        list(pairs(nbformat.v4.new_notebook(cells=made)))


def test_puts_the_solution_in_place_of_the_stub() -> None:
    solution = "<details><summary>Solution</summary>\n\n```rust\nfn f() {\n}\n```\n\nBecause.\n</details>"
    cells = [code("stub", "exercise"), nbformat.v4.new_markdown_cell(solution, metadata={"tags": ["solution"]})]
    notebook = nbformat.v4.new_notebook(cells=cells)
    solve(notebook)
    assert notebook.cells[0].source == "fn f() {\n}"
