"""The instructor's kit: slides, live-coding notebooks and plans of every lesson, and assignments that nbgrader takes and grades.

What runs a kernel is done for one lesson, the one with the fewest cells. With ASYNC_NOTEBOOK_KIT=all it is done for every lesson,
which takes an hour. Everything else is done for all of them.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import teach
from kit import graded, live, plans, slides, timing
from kit.lesson import HEADING, blocks, lessons, read, sections, solution_of
from nbformat import NotebookNode

LESSONS = lessons()
EXERCISES = {path: sum("exercise" in timing.tags(cell) for cell in read(path).cells) for path in LESSONS}
WITH_EXERCISES = [path for path in LESSONS if EXERCISES[path]]
# Of those in which one exercise can be solved and another one not.
SAMPLE = min((path for path in LESSONS if EXERCISES[path] > 1), key=lambda path: len(read(path).cells))
GRADED = WITH_EXERCISES if os.environ.get("ASYNC_NOTEBOOK_KIT") == "all" else [SAMPLE]

each_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
needs_nbgrader = pytest.mark.skipif(sys.version_info < (3, 11), reason="nbgrader needs Python 3.11")


def tagged(notebook: NotebookNode, tag: str) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if tag in timing.tags(cell)]


def code(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def words(cell: NotebookNode) -> set[str]:
    """The words of a text cell, without those of addresses, which may change when the notebook moves."""
    return set(re.findall(r"\w+", re.sub(r"\]\([^)]*\)", "]", cell.source)))


# ---- times and plans ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "minutes"),
    [
        (nbformat.v4.new_markdown_cell("word " * 180), 1.0),
        (nbformat.v4.new_markdown_cell("```rust\n" + "line\n" * 30 + "```"), 2.0),
        (nbformat.v4.new_markdown_cell("word " * 180, metadata={"tags": ["solution"]}), 0.0),
        (nbformat.v4.new_code_cell("line\n\n" * 15), 1.0),
        (nbformat.v4.new_code_cell("line\n" * 15, metadata={"tags": ["exercise"]}), 9.0),
        (nbformat.v4.new_code_cell("line\n" * 15, metadata={"tags": ["quiz"]}), 1.0),
        (nbformat.v4.new_code_cell("line\n" * 15, metadata={"tags": ["checks"]}), 0.0),
        (nbformat.v4.new_code_cell("line\n" * 15, metadata={"jupyter": {"source_hidden": True}}), 0.0),
        (nbformat.v4.new_code_cell("line\n" * 15, metadata={"tags": ["quiz"], "jupyter": {"source_hidden": True}}), 1.0),
    ],
)
def test_the_rule_for_times(cell: NotebookNode, minutes: float) -> None:
    assert timing.minutes(cell) == pytest.approx(minutes, abs=0.02)


# The part of lesson 18 in which things are looked up: nobody reads it from end to end.
REFERENCE = ("Runners and the loop itself", "Transports and protocols")


@each_lesson
def test_a_lesson_states_its_time_and_its_fast_track(path: Path) -> None:
    """No lesson claims less than it takes by the rule, and none takes more than an hour."""
    lesson = read(path)
    read_through = sections(lesson)
    headings = [section.heading for section in read_through]
    if REFERENCE[0] in headings:
        del read_through[headings.index(REFERENCE[0]) : headings.index(REFERENCE[1]) + 1]
    takes = sum(section.minutes for section in read_through)
    introduction = next(cell.source for cell in lesson.cells if "**Time:**" in cell.source)
    stated = int(re.search(r"\*\*Time:\*\*[^.]*?(\d+) minutes", introduction)[1])
    assert takes - 1 < stated <= 60, f"it takes {takes:.1f} minutes, and says {stated}"
    fast_track = re.search(r"[Ff]ast track\D{0,20}(\d+|:\*\* all of it)", introduction)
    assert fast_track, "it names no fast track"
    assert "all of it" in fast_track[1] or int(fast_track[1]) <= 25, fast_track[0]


@each_lesson
def test_sections_hold_every_cell_once(path: Path) -> None:
    lesson = read(path)
    held = [cell for section in sections(lesson) for cell in section.cells]
    assert [cell.source for cell in held if cell.cell_type == "code"] == [cell.source for cell in code(lesson)]
    words = " ".join(cell.source for cell in held if cell.cell_type == "markdown").split()
    assert words == " ".join(cell.source for cell in lesson.cells if cell.cell_type == "markdown").split()


@pytest.mark.parametrize("plan", plans.plans(), ids=lambda plan: plan.file)
def test_a_plan_teaches_what_fits(plan: plans.Plan) -> None:
    text = plans.text(plan)
    for day in plan.days:
        for part in day:
            if not part.lesson:
                continue
            of_lesson = sections(read(next(path for path in LESSONS if path.name.startswith(part.lesson))))
            taught, left = plans.fitting(of_lesson, part.minutes, part.exercises)
            taken = sum(section.minutes for section in taught) + part.exercises * timing.MINUTES_AN_EXERCISE
            assert taken <= part.minutes, f"lesson {part.lesson}: {taken:.0f} of {part.minutes} minutes"
            assert len(taught) >= 4, f"lesson {part.lesson}: hardly anything fits into {part.minutes} minutes"
            without_exercises = [section.heading for section in of_lesson if not section.has("exercise")]
            assert sorted(section.heading for section in taught + left) == sorted(without_exercises) or left
            assert all(section.heading.replace("|", "\\|") in text for section in taught)


# ---- slides ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def decks(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, str]:
    """The HTML of the slides of every lesson, by the lesson."""
    made = teach.make_slides(LESSONS, tmp_path_factory.mktemp("slides"))
    return {path: deck.read_text(encoding="utf-8") for path, deck in zip(LESSONS, made)}


@each_lesson
@pytest.mark.timeout(600)  # the first one waits for all of them
def test_slides_are_built(path: Path, decks: dict[Path, str]) -> None:
    deck = decks[path]
    # A slide and its sub-slides are sections in a section, as reveal.js wants them.
    assert deck.count("<section") == deck.count("</section>")
    assert deck.count('<aside class="notes">') >= len(sections(read(path)))
    loaded = re.findall(r"""<(?:script|link|img)\b[^>]*(?:src|href)\s*=\s*["']([^"']+)""", deck)
    assert {address for address in loaded if not address.startswith(("data:", "https://unpkg.com/reveal.js@"))} == set()


@each_lesson
def test_slides_lose_nothing(path: Path) -> None:
    """Every paragraph is on a slide or in its notes, every cell is shown, and every slide has notes that say when it is due."""
    lesson = read(path)
    deck = slides.slides(lesson)
    nbformat.validate(deck)
    text = "\n\n".join(cell.source for cell in deck.cells if cell.cell_type == "markdown")
    for cell in lesson.cells:
        if cell.cell_type == "markdown" and "solution" not in timing.tags(cell):
            for block in blocks(cell.source):
                words = HEADING.sub(r"\2", block) if HEADING.match(block) else block
                assert all(line in text for line in words.splitlines()), f"lost:\n{block}"
        elif cell.cell_type == "markdown":
            assert solution_of(cell) in text
    shown = {cell.source for cell in code(deck)}
    assert {cell.source for cell in code(lesson) if "checks" not in timing.tags(cell) and (cell.outputs or "quiz" not in timing.tags(cell))} == shown
    assert sum(len(cell.outputs) for cell in code(deck)) == sum(len(cell.outputs) for cell in code(lesson) if "checks" not in timing.tags(cell))
    kinds = [cell.metadata.get("slideshow", {}).get("slide_type", "") for cell in deck.cells]
    assert sum(kind in ("slide", "subslide") for kind in kinds) == kinds.count("notes")
    due = [int(minute) for minute in re.findall(r"^\*\*Minute (\d+)\*\*$", text, re.MULTILINE)]
    assert len(due) == kinds.count("notes") and due == sorted(due)


# ---- live coding ----------------------------------------------------------------------------------


@each_lesson
def test_live_version_keeps_what_nobody_types(path: Path, tmp_path: Path) -> None:
    lesson, made = read(path), read(teach.make_live([path], tmp_path)[0])
    nbformat.validate(made)
    assert [cell.cell_type for cell in made.cells] == [cell.cell_type for cell in lesson.cells]
    for before, after in zip(lesson.cells, made.cells):
        if before.cell_type == "markdown":
            assert words(before) <= words(after), after.source
            continue
        assert after.outputs == [] and after.execution_count is None
        if live.KEPT & set(timing.tags(before)):
            assert after.source == before.source.replace('"../assets', '"assets')
    to_write = [cell for cell in code(made) if cell.source.endswith(" to write here")]
    assert to_write, "there is nothing to write on stage"
    assert "../" not in "\n".join(cell.source for cell in code(made) if "to write" in cell.source)


def test_emptied_cells_keep_imports_and_say_how_many_lines() -> None:
    assert live.emptied("use a::b;\n\nlet x = 1;\nx") == "use a::b;\n\n// 2 lines to write here"
    assert live.emptied("// asyncio: gather → join!\njoin!(a, b)") == "// asyncio: gather → join!\n\n// 1 line to write here"
    assert live.emptied("use a::b;") == "use a::b;"
    long = "line;\n" * (live.LONGEST_TO_TYPE + 1)
    assert live.emptied(long) == long


# ---- nbgrader -------------------------------------------------------------------------------------


# nbgrader starts `alembic`, which is installed beside this Python.
PATH_WITH_ALEMBIC = os.pathsep.join([str(Path(sys.prefix, "bin")), os.environ.get("PATH", "")])


def nbgrader(course: Path, *arguments: str, seconds: float = 300) -> str:
    """Runs nbgrader in the folder of its course and gives back what it said. Fails the test when it fails."""
    command = [sys.executable, "-m", "nbgrader", *arguments]
    environment = {**os.environ, "PATH": PATH_WITH_ALEMBIC}
    ran = subprocess.run(command, cwd=course, env=environment, capture_output=True, text=True, timeout=seconds)
    assert ran.returncode == 0, f"{' '.join(arguments)}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout + ran.stderr


@pytest.fixture(scope="module")
def course_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course of nbgrader with an assignment for every lesson, each generated: source and release."""
    folder = tmp_path_factory.mktemp("course")
    written = teach.make_graded(LESSONS, folder)
    assert [path.parent.name for path in written] == [path.stem for path in WITH_EXERCISES]
    from nbgrader.apps import NbGraderAPI
    from traitlets.config.loader import PyFileConfigLoader

    config = PyFileConfigLoader("nbgrader_config.py", path=str(folder)).load_config()
    config.CourseDirectory.root = str(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", PATH_WITH_ALEMBIC)
        for path in WITH_EXERCISES:
            generated = NbGraderAPI(config=config).generate_assignment(path.stem)
            assert generated["success"], generated["log"] + (generated.get("error") or "")
    return folder


def version(course: Path, kind: str, path: Path) -> Path:
    return course / kind / path.stem / path.name


@needs_nbgrader
@pytest.mark.parametrize("path", WITH_EXERCISES, ids=lambda path: path.stem)
@pytest.mark.timeout(600)  # the first one waits for all of them
def test_learners_get_the_stub_and_not_the_solution(path: Path, course_folder: Path) -> None:
    lesson, release = read(path), read(version(course_folder, "release", path))
    marks = {cell.metadata["nbgrader"]["grade_id"]: cell for cell in release.cells if "nbgrader" in cell.metadata}
    answers = [cell for name, cell in marks.items() if name.startswith("answer-")]
    grades = [cell for name, cell in marks.items() if name.startswith("grade-")]
    stubs = tagged(lesson, "exercise")
    assert [cell.source.strip() for cell in answers] == [cell.source.strip() for cell in stubs]
    assert len(grades) == len(stubs) and all(cell.metadata["nbgrader"]["points"] == graded.POINTS for cell in grades)
    everything = "\n".join(cell.source for cell in release.cells)
    assert "is_solved" not in everything and "BEGIN" not in everything
    assert [solution_of(cell) for cell in tagged(lesson, "solution") if solution_of(cell) in everything] == []
    assert tagged(release, "quiz") == []


@needs_nbgrader
@pytest.mark.parametrize("path", GRADED, ids=lambda path: path.stem)
@pytest.mark.timeout(600)
def test_the_source_version_is_valid(path: Path, course_folder: Path) -> None:
    """With the solutions in place, every hidden check passes."""
    assert "Success" in nbgrader(course_folder, "validate", str(version(course_folder, "source", path)))


@needs_nbgrader
@pytest.mark.parametrize("path", GRADED, ids=lambda path: path.stem)
@pytest.mark.timeout(900)
def test_a_submission_gets_what_it_deserves(path: Path, course_folder: Path) -> None:
    """Ada solves all exercises but the first, and makes that one's check say yes: nbgrader puts the true check back."""
    from nbgrader.api import Gradebook

    submission = read(version(course_folder, "release", path))
    solutions = [solution_of(cell) for cell in tagged(read(path), "solution")]
    answers = [cell for cell in submission.cells if cell.metadata.get("nbgrader", {}).get("solution")]
    assert len(answers) == len(solutions) == EXERCISES[path]
    for answer, solution in list(zip(answers, solutions))[1:]:
        answer.source = solution
    next(cell for cell in submission.cells if cell.metadata.get("nbgrader", {}).get("grade")).source = "assert!(true);"
    handed_in = course_folder / "submitted" / "ada" / path.stem / path.name
    handed_in.parent.mkdir(parents=True)
    nbformat.write(submission, handed_in)

    nbgrader(course_folder, "autograde", path.stem, "--student=ada", "--create", seconds=600)
    with Gradebook(f"sqlite:///{course_folder / 'gradebook.db'}") as gradebook:
        marked = gradebook.find_submission_notebook(path.stem, path.stem, "ada")
        scores = {grade.name: grade.auto_score for grade in marked.grades}
    first, *others = sorted(scores)
    assert scores[first] == 0 and all(scores[name] == graded.POINTS for name in others), scores
