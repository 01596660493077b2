"""A lesson as an assignment of nbgrader (https://nbgrader.readthedocs.io): its exercises are graded, and nothing else.

The source version holds the solutions and the hidden checks, between nbgrader's own marks; `nbgrader generate_assignment` takes
them out and leaves the learner the stub. For each exercise there are three cells with nbgrader's metadata:

- the definition, folded and locked: what must hold;
- the answer: the solution in the source version, the stub in the release version;
- the hidden check, worth POINTS: it passes when the lesson's own check says "solved".

The lesson's visible check stays, locked, so that learners see what is still wrong. Solutions to read and questions, which carry their
answers, are left out.
"""

from __future__ import annotations

import copy
import re

import nbformat
from nbformat import NotebookNode

from kit.lesson import NotALesson, solution_of
from kit.timing import tags

POINTS = 1
CHECK = re.compile(r'check\(\s*"(\d\d[a-z]?-\d+)"')
# nbgrader takes out what stands between these marks. The stub stands in a comment until the first pair is gone with the second.
SOLVED_AND_STUB = """// BEGIN SOLUTION
{solution}
/* The stub, as it is handed out:
// END SOLUTION
{stub}
// BEGIN SOLUTION
*/
// END SOLUTION"""
HIDDEN_CHECK = """// The grade of exercise {id}. Leave this cell as it is.
// BEGIN HIDDEN TESTS
let verdict = {call};
assert!(verdict.is_solved(), "{{verdict}}");
// END HIDDEN TESTS"""
CONFIG = """# The settings of nbgrader for this course; made by tools/teach.py.
c = get_config()  # noqa: F821: nbgrader defines it

c.CourseDirectory.course_id = "async-rust"
c.ClearSolutions.code_stub = {"rust": ""}  # the stub is in the cell already
c.ClearHiddenTests.begin_test_delimeter = "BEGIN HIDDEN TESTS"
c.ClearHiddenTests.end_test_delimeter = "END HIDDEN TESTS"
# A first cell waits for its kernel; an exercise ends its own answers after 5 seconds.
c.Execute.timeout = 180
c.IncludeHeaderFooter.header = ""
"""


def graded(lesson: NotebookNode) -> NotebookNode:
    """The source version of the lesson as an assignment. Raises NotALesson when it has no exercises, or one that is not complete."""
    made = nbformat.v4.new_notebook(metadata=copy.deepcopy(lesson.metadata))
    stub: NotebookNode | None = None
    check: NotebookNode | None = None
    for cell in lesson.cells:
        cell = copy.deepcopy(cell)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        if "quiz" in tags(cell):
            continue
        if "checks" in tags(cell):
            _mark(cell, f"definition-{cell.id}", locked=True)
        elif "exercise" in tags(cell):
            stub = cell
        elif "check" in tags(cell):
            check = cell
            _mark(cell, f"feedback-{_exercise(cell)}", locked=True)
        elif "solution" in tags(cell):
            if stub is None or check is None:
                raise NotALesson(f"no exercise and check come before the solution\n{cell.source}")
            _make_answer(stub, _exercise(check), solution_of(cell))
            made.cells.append(_hidden_check(check))
            stub = check = None
            continue
        made.cells.append(cell)
    if not any("exercise" in tags(cell) for cell in made.cells):
        raise NotALesson("the lesson has no exercises to grade")
    return made


def _make_answer(cell: NotebookNode, exercise: str, solution: str) -> None:
    if cell.source.count("/*") != cell.source.count("*/"):  # Rust's comments nest, when each one ends
        raise NotALesson(f"a stub in which not every /* has its */ cannot be handed out:\n{cell.source}")
    cell.source = SOLVED_AND_STUB.format(solution=solution, stub=cell.source)
    _mark(cell, f"answer-{exercise}", solution=True)


def _hidden_check(check: NotebookNode) -> NotebookNode:
    call = "\n".join(line for line in check.source.splitlines() if not line.startswith("//"))
    exercise = _exercise(check)
    cell = nbformat.v4.new_code_cell(HIDDEN_CHECK.format(id=exercise, call=call.strip().rstrip(";")), id=f"grade-{exercise}")
    _mark(cell, f"grade-{exercise}", locked=True, grade=True)
    return cell


def _exercise(check: NotebookNode) -> str:
    match = CHECK.search(check.source)
    if not match:
        raise NotALesson(f"a check names its exercise:\n{check.source}")
    return match.group(1)


def _mark(cell: NotebookNode, grade_id: str, *, locked: bool = False, solution: bool = False, grade: bool = False) -> None:
    marks = {"grade_id": grade_id, "grade": grade, "solution": solution, "locked": locked, "task": False, "schema_version": 3}
    if grade:
        marks["points"] = POINTS
    cell.metadata["nbgrader"] = marks
