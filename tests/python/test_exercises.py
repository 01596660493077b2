"""The exercises and questions of every notebook that has some.

As a notebook stands, every check says "not yet"; with a solution in the stub's place it says "solved"; to each wrong answer
it says what is wrong. Questions about a piece of code carry it as data in their output: it is run, and must print, or fail,
as the answer says. The notebooks are run by `course.py`, once for all tests.
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import nbformat
import notebooks
import pytest
from course import SECONDS_TO_WAIT, Course, must_be_none
from exercises import (
    NAME_IN_CHECK,
    code,
    error,
    exercises,
    judge,
    parse_wrong_answers,
    questions,
    shown,
    tagged,
    with_tag,
    wrong_answers,
)
from kernel_session import session
from nbformat import NotebookNode

WAIT = pytest.mark.timeout(SECONDS_TO_WAIT)
LIMIT = pytest.mark.timeout(notebooks.SECONDS_PER_NOTEBOOK + 60)
KINDS = {"mistake", "hang", "compile error"}
HINT = re.compile(r'\.hint\(\s*"((?:[^"\\]|\\.)*)"', re.DOTALL)
# A name is fair to tell; this much of a line, without its spaces, is an answer.
A_PIECE_OF_SOLUTION = 15


def squeezed(code: str) -> str:
    """The code without its white space."""
    return re.sub(r"\s+", "", code)


def named(paths: list[Path]):
    return pytest.mark.parametrize("path", paths, ids=lambda path: path.stem)


# ---- every notebook ---------------------------------------------------------------------------------


@named(with_tag("exercise"))
def test_exercises_are_put_together_well(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    found = [exercise.id for exercise in exercises(notebook)]
    assert found and len(found) == len(set(found))
    definitions = tagged(notebook, "checks")
    for cell in definitions:
        assert cell.metadata.get("jupyter", {}).get("source_hidden"), f"this is to be folded:\n{cell.source}"
    defined = set(re.findall(r"::new\(\s*\"([^\"]+)\"", "\n".join(cell.source for cell in definitions)))
    checked = {name for cell in tagged(notebook, "check") for name in NAME_IN_CHECK.findall(cell.source)}
    assert defined == checked == set(found)
    assert {name[:2] for name in found} == {path.name[:2]}


@named(with_tag("exercise"))
def test_the_last_hint_is_not_the_solution(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    stubs, definitions = tagged(notebook, "exercise"), tagged(notebook, "checks")
    for stub, definition, exercise in zip(stubs, definitions, exercises(notebook)):
        *_, last = HINT.findall(definition.source)
        quoted = {piece for code in re.findall(r"`([^`]+)`", last) for piece in code.split("…")}
        told = [piece for piece in quoted if squeezed(piece) in squeezed(exercise.solution)]
        told = [piece for piece in told if squeezed(piece) not in squeezed(stub.source)]
        assert [piece for piece in told if len(squeezed(piece)) >= A_PIECE_OF_SOLUTION] == [], f"{exercise.id}: {last}"


@named(with_tag("exercise"))
def test_every_exercise_has_a_wrong_answer_of_each_kind(path: Path) -> None:
    kinds = {exercise.id: set() for exercise in exercises(nbformat.read(path, as_version=4))}
    for answer in wrong_answers(path):
        assert answer.exercise in kinds, f"there is no exercise {answer.exercise}"
        kinds[answer.exercise].add(answer.kind)
    assert {name: KINDS - has for name, has in kinds.items() if has != KINDS} == {}


@named(with_tag("check"))
@WAIT
def test_as_it_stands_every_check_says_not_yet(path: Path, course: Course) -> None:
    run = course.run_of(path)
    must_be_none(run.failure)
    for cell in tagged(run.notebook, "check"):
        said = shown(cell)
        assert ": not yet." in said, f"{cell.source}\n{said}"
        assert "has not run" not in said, f"{cell.source}\n{said}"


@named(with_tag("check"))
@WAIT
def test_with_the_solutions_in_every_check_says_solved(path: Path, course: Course) -> None:
    run = course.run_of(path)
    must_be_none(run.failure_of_answers)
    solutions = [attempt for attempt in run.attempts if attempt.wrong is None]
    assert len(solutions) == len(tagged(run.notebook, "check"))
    for solution in solutions:
        assert error(solution.answer) is None, error(solution.answer)
        assert ": solved." in shown(solution.check), shown(solution.check) or error(solution.check)
        # Why it is good, too.
        assert "\nA good answer: " in shown(solution.check), f"{solution.exercise.id} has no .good_answer(…)"


@named(with_tag("check"))
@WAIT
def test_a_wrong_answer_is_told_what_is_wrong(path: Path, course: Course) -> None:
    run = course.run_of(path)
    must_be_none(run.failure_of_answers)
    for attempt in run.attempts:
        if attempt.wrong is None:
            continue
        about = f"{attempt.wrong.exercise}, {attempt.wrong.kind}, is to be told {attempt.wrong.told!r}:\n{attempt.wrong.code}\n"
        compiler = error(attempt.answer)
        if attempt.check is None:
            assert compiler is not None, f"{about}compiles"
            assert attempt.wrong.told in compiler, about + compiler
        else:
            assert compiler is None, about + str(compiler)
            said = shown(attempt.check)
            assert ": not yet." in said and attempt.wrong.told in said, about + (said or str(error(attempt.check)))


@named(with_tag("quiz"))
def test_every_question_has_a_right_choice_and_a_wrong_one(path: Path) -> None:
    cells = tagged(nbformat.read(path, as_version=4), "quiz")
    ids = [name for cell in cells for name in re.findall(r"quiz::\w+\(\s*\"([^\"]+)\"", cell.source)]
    assert len(ids) == len(set(ids)) == len(cells)
    for cell in cells:
        said = shown(cell, "text/html")
        assert "✔ Right." in said and "✘ Wrong." in said, f"{cell.source}\n{said}"
        # Its source has the answers.
        assert cell.metadata.get("jupyter", {}).get("source_hidden"), f"this is to be folded:\n{cell.source}"
        # Every choice explains itself.
        assert not re.search(r"(Right|Wrong)\.\s*</p>", said), cell.source
        assert ".pick(" not in cell.source, f"the answer is given away:\n{cell.source}"


@named(with_tag("quiz"))
@WAIT
def test_the_code_of_questions_does_what_the_answer_says(path: Path, course: Course) -> None:
    run = course.run_of(path)
    must_be_none(run.failure)
    must_be_none(run.failure_of_answers)
    for question, cell in run.asked:
        judge(question, cell)


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


def execute(cells: list[NotebookNode]) -> None:
    """Runs the cells in a fresh kernel. Fails when one fails that is not tagged for it."""

    async def run() -> None:
        async with session(notebooks.FOLDER) as kernel:
            await kernel.run(cells, notebooks.SECONDS_PER_NOTEBOOK)

    asyncio.run(run())


@LIMIT
def test_wrong_answers_in_cells_are_told_what_is_wrong() -> None:
    cells = [code(SET_UP), code(DEFINITION)]
    checks = []
    for answer in ["(0, 0)", *WRONG, "tokio::join!(soup, rice)"]:
        checks.append(code(CHECK))
        cells += [code(ANSWER.format(answer)), checks[-1]]
    does_not_compile = code(ANSWER.format("(soup, rice)"), "raises-exception")
    cells += [does_not_compile, code(CHECK), code("kept")]
    execute(cells)
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


@LIMIT
def test_questions_in_cells_carry_their_code() -> None:
    prints = 'quiz::what_prints("99-1", r#"println!("b");"#).choice("a", "no").answer("{}", "yes")'
    compiles = 'quiz::does_it_compile("99-2", "fn f() { async {}.await; }").does_not_compile("E0728", "x", "y")'
    cells = [code(SET_UP), code(prints.format("b")), code(prints.format("c")), code(compiles)]
    execute(cells)
    asked = questions(nbformat.v4.new_notebook(cells=cells))
    runs = [code(question["code"], "raises-exception") for question in asked]
    execute([code(SET_UP), *runs])
    judge(asked[0], runs[0])
    with pytest.raises(AssertionError):
        judge(asked[1], runs[1])
    judge(asked[2], runs[2])
    with pytest.raises(AssertionError):
        judge({**asked[2], "error": None}, runs[2])


CHECKED = 'exercise::check("99-1", f).await'


@pytest.mark.parametrize(
    "cells",
    [
        [("exercise", "1"), ("check", CHECKED)],
        [("check", CHECKED), ("solution", "```rust\n1\n```")],
        [("exercise", "1"), ("solution", "```rust\n1\n```")],
        [("exercise", "1"), ("check", CHECKED), ("solution", "no fence")],
        [("exercise", "1"), ("check", CHECKED + "\n1"), ("solution", "```rust\n1\n```")],
        [("exercise", "1"), ("exercise", "2"), ("check", CHECKED), ("solution", "```rust\n1\n```")],
    ],
    ids=["no solution", "no exercise", "no check", "no fence", "long check", "two exercises"],
)
def test_finds_what_is_missing(cells: list[tuple[str, str]]) -> None:
    with pytest.raises(AssertionError):
        list(exercises(notebook_of(cells)))


def test_finds_the_solution_and_the_check() -> None:
    solution = "<details><summary>Solution</summary>\n\n```rust\nfn f() {\n}\n```\n\nBecause.\n</details>"
    (found,) = exercises(notebook_of([("exercise", "stub"), ("check", CHECKED), ("solution", solution)]))
    assert (found.id, found.check, found.solution) == ("99-1", CHECKED, "fn f() {\n}")


def notebook_of(cells: list[tuple[str, str]]) -> NotebookNode:
    made = [
        nbformat.v4.new_markdown_cell(text, metadata={"tags": [tag]}) if tag == "solution" else code(text, tag)
        for tag, text in cells
    ]
    return nbformat.v4.new_notebook(cells=made)


def test_reads_wrong_answers() -> None:
    one, two = parse_wrong_answers("// A word before.\n\n//# 04-1 mistake: It took: 1 ms\nfn f() {}\n\n//# 04-1 hang: at an await\nfn f() {\n}\n")
    assert (one.exercise, one.kind, one.told, one.code) == ("04-1", "mistake", "It took: 1 ms", "fn f() {}")
    assert (two.kind, two.code) == ("hang", "fn f() {\n}")
    with pytest.raises(AssertionError):
        parse_wrong_answers("//# 04-1 error: what?\nfn f() {}")
