"""Runs each notebook once, two at a time, and keeps what came of it for all tests.

In one kernel: first the notebook as it stands, all cells in order; then, for each exercise, wrong answers and the solution in
the place of the stub, each followed by the exercise's check; then the code that its questions are about; then answers that hang.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import notebooks
import pytest
from exercises import Exercise, WrongAnswer, code, exercises, questions, wrong_answers
from kernel_session import NotebookFailed, Session, session
from nbformat import NotebookNode

# For what comes after the notebook's own cells, all together.
SECONDS_FOR_ANSWERS = 180.0
# A kernel starts and ends, and while its notebook waits for its turn, the one before comes to its end.
SECONDS_TO_WAIT = 2 * (notebooks.SECONDS_PER_NOTEBOOK + SECONDS_FOR_ANSWERS) + 120
AT_ONCE = 2


@dataclass
class Attempt:
    """An answer to an exercise (`wrong` is None for the solution), and what its cell and the check after it put out.

    There is no check after code that does not compile: it would judge the answer before.
    """

    exercise: Exercise
    wrong: WrongAnswer | None
    answer: NotebookNode
    check: NotebookNode | None


@dataclass
class NotebookRun:
    """What came of a notebook. `failure` says why it did not come to its end; the rest is then what ran until there."""

    notebook: NotebookNode
    attempts: list[Attempt] = field(default_factory=list)
    asked: list[tuple[dict, NotebookNode]] = field(default_factory=list)
    failure: NotebookFailed | None = None
    failure_of_answers: NotebookFailed | None = None
    seconds: float = 0.0
    seconds_for_answers: float = 0.0


class Course:
    """The notebooks that tests ask for, being run in the background, in the order of their names."""

    def __init__(self, paths: list[Path]) -> None:
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="notebook")
        self._runs: dict[Path, Future[NotebookRun]] = {
            path: self._pool.submit(lambda path=path: asyncio.run(_run(path))) for path in sorted(set(paths))
        }

    def run_of(self, path: Path) -> NotebookRun:
        """Waits until the notebook at `path` has been run."""
        return self._runs[path].result()

    def finished(self) -> Iterator[tuple[Path, NotebookRun]]:
        for path, run in self._runs.items():
            if run.done() and not run.cancelled() and run.exception() is None:
                yield path, run.result()

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


def must_be_none(failure: NotebookFailed | None) -> None:
    """Fails the test with what the failure says: which cell, and why."""
    if failure is not None:
        pytest.fail(str(failure), pytrace=False)


async def _run(path: Path) -> NotebookRun:
    run = NotebookRun(nbformat.read(path, as_version=4))
    try:
        async with session(path.parent) as kernel:
            with _timed(run, "seconds"):
                await kernel.run(run.notebook.cells, notebooks.SECONDS_PER_NOTEBOOK)
            with _timed(run, "seconds_for_answers"):
                await _answer(kernel, path, run)
    except NotebookFailed as failure:
        run.failure = failure
    return run


async def _answer(kernel: Session, path: Path, run: NotebookRun) -> None:
    wrong = wrong_answers(path)
    for exercise in exercises(run.notebook):
        answers = [one for one in wrong if one.exercise == exercise.id and one.kind != "hang"]
        run.attempts += [_attempt(exercise, answer) for answer in [*answers, None]]
    run.asked = [(question, code(question["code"], notebooks.RAISES)) for question in questions(run.notebook)]
    # Last, since a loop without an end keeps a core busy until the kernel is gone.
    by_id = {exercise.id: exercise for exercise in exercises(run.notebook)}
    hangs = [_attempt(by_id[one.exercise], one) for one in wrong if one.kind == "hang"]
    cells = [*_cells(run.attempts), *(cell for _, cell in run.asked), *_cells(hangs)]
    run.attempts += hangs
    try:
        await kernel.run(cells, SECONDS_FOR_ANSWERS)
    except NotebookFailed as failure:
        run.failure_of_answers = failure


def _attempt(exercise: Exercise, wrong: WrongAnswer | None) -> Attempt:
    compiles = wrong is None or wrong.kind != "compile error"
    answer = code(exercise.solution if wrong is None else wrong.code, notebooks.RAISES)
    return Attempt(exercise, wrong, answer, code(exercise.check, notebooks.RAISES) if compiles else None)


def _cells(attempts: list[Attempt]) -> list[NotebookNode]:
    return [cell for attempt in attempts for cell in (attempt.answer, attempt.check) if cell is not None]


@contextmanager
def _timed(run: NotebookRun, which: str) -> Iterator[None]:
    started = time.monotonic()
    try:
        yield
    finally:
        setattr(run, which, time.monotonic() - started)
