"""Carries the plans out: the kernels in turn, block by block, so that a drift of the machine falls on all."""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from .lesson import KINDS, lesson_for
from .plan import EARLY, FIRST, LATE, LET, Block, Options, blocks
from .processes import PeakWatch, pss, wait_until_quiet
from .session import NOTEBOOK, KernelFailed, Session

KERNEL_INFO, GROWTH, PEAK = "kernel_info", "growth", "peak"
AGAIN, RUN_ALL = "cell again", "run all"
_SETTLE = 5.0  # seconds that a kernel is left alone before its memory at rest is read


@dataclass
class Record:
    """What is known of a kernel. Times in seconds, memory in bytes, all rounds together."""

    name: str
    info: dict = field(default_factory=dict)
    samples: dict[str, list[float]] = field(default_factory=dict)
    cells: dict[str, int] = field(default_factory=dict)
    """How many cells had run when a measure was taken."""
    failures: dict[str, list[str]] = field(default_factory=dict)
    """By measure; under `kernel` what ended a whole round."""

    def add(self, measure: str, value: float) -> None:
        self.samples.setdefault(measure, []).append(value)

    def fail(self, measure: str, why: str) -> None:
        say(f"  {self.name}: {measure} failed: {why}")
        self.failures.setdefault(measure, []).append(why)


def say(text: str) -> None:
    """Progress, for the person who waits; the table alone goes to stdout."""
    print(text, file=sys.stderr, flush=True)


def run(names: list[str], address: str, options: Options) -> tuple[list[Record], bool]:
    """Runs all rounds. A kernel that fails is left out of the rest of its round; the others go on.

    An interrupt (Ctrl-C) ends the run. Gives back what was measured, and whether all rounds came to their end.
    """
    records = {name: Record(name) for name in names}
    peaks = PeakWatch()
    try:
        for number in range(options.rounds):
            say(f"round {number + 1} of {options.rounds}")
            turn = number % len(names)
            with tempfile.TemporaryDirectory(prefix="benchmark-", ignore_cleanup_errors=True) as folder:
                in_turn = [records[name] for name in names[turn:] + names[:turn]]
                _round(in_turn, Path(folder), address, options, peaks)
                _second_session(in_turn, Path(folder), options)
    except KeyboardInterrupt:
        say("interrupted: the table shows what was measured until now")
        return list(records.values()), False
    finally:
        peaks.stop()
    return list(records.values()), True


def _round(records: list[Record], folder: Path, address: str, options: Options, peaks: PeakWatch) -> None:
    pupils: list[_Pupil] = []
    try:
        for record in records:
            _let_them_finish(pupils)
            say(f"  {record.name}: start")
            try:
                pupils.append(_Pupil(record, folder / record.name, address, options, peaks))
            except KernelFailed as failure:
                record.fail("kernel", str(failure))
                continue
            pupils[-1].run_block(0)
        for index in range(1, max((len(pupil.plan) for pupil in pupils), default=0)):
            turn = index % len(pupils)
            for pupil in pupils[turn:] + pupils[:turn]:
                if pupil.alive:
                    _let_them_finish(pupils)
                    say(f"  {pupil.record.name}: {pupil.plan[index].name}")
                    pupil.run_block(index)
    finally:
        for pupil in pupils:
            pupil.stop()


def _let_them_finish(pupils: list[_Pupil]) -> None:
    """What kernels do behind their last cell must not slow the cell of another."""
    if not wait_until_quiet([pupil.session.pid for pupil in pupils if pupil.alive]):
        say("  (a kernel is still at work between the turns; the others' figures may suffer)")


def _second_session(records: list[Record], folder: Path, options: Options) -> None:
    """Each kernel restarted, and all cells of its notebook run: what it kept of the first session counts now."""
    for record in records:
        notebook = folder / record.name / NOTEBOOK
        if "kernel" in record.failures or not notebook.exists():
            continue
        say(f"  {record.name}: restart and run all")
        try:
            session = Session(record.name, notebook.parent, options.start_limit)
        except KernelFailed as failure:
            record.fail(RUN_ALL, str(failure))
            continue
        try:
            for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
                outcome = session.execute(cell["source"], cell["id"], None, options.dependency_limit)
                if outcome.failure:
                    raise KernelFailed(outcome.failure)
                # Small cells are measured by themselves, and waiting for dependencies is no cell.
                if cell["metadata"]["kind"] in KINDS:
                    record.add(AGAIN, outcome.seconds)
            record.add(RUN_ALL, time.perf_counter() - session.started)
        except KernelFailed as failure:
            record.fail(RUN_ALL, str(failure))
        finally:
            session.stop()


class _Pupil:
    """A kernel that goes through the lesson once."""

    def __init__(self, record: Record, folder: Path, address: str, options: Options, peaks: PeakWatch) -> None:
        folder.mkdir()
        self.record, self.options, self.peaks = record, options, peaks
        self.session = Session(record.name, folder, options.start_limit)
        self.alive = True
        self.ran = 0
        self.medians: dict[str, float] = {}
        self.at_rest = 0
        record.info = self.session.info
        record.add(KERNEL_INFO, self.session.seconds_to_kernel_info)
        try:
            language = self.session.info["language_info"]["name"]
            self.plan = blocks(
                lesson_for(language, self.session.info["implementation"], address, options.dependencies), options
            )
        except LookupError as error:
            self.stop()
            raise KernelFailed(str(error)) from None
        self._write_notebook(record.name)

    def run_block(self, index: int) -> None:
        """Runs a block, and notes what it shows. A failure of the kernel is noted, and ends it."""
        block = self.plan[index]
        self.peaks.watch(self.session.pid)
        try:
            self._run_block(block)
        except KernelFailed as failure:
            self.record.fail("kernel", str(failure))
            self.stop()
        finally:
            self.peaks.watch(None)

    def stop(self) -> None:
        """Ends the kernel; a second time does nothing."""
        if not self.alive:
            return
        self.alive = False
        # The watch looks ten times a second, and only while cells run.
        peak = max(self.peaks.peak(self.session.pid) or 0, self.at_rest)
        if peak:
            self.record.add(PEAK, peak)
        self.session.stop()

    def _run_block(self, block: Block) -> None:
        times: list[float] = []
        asked = self.session.started
        if block.name == "start" and self.options.read_first:
            time.sleep(max(0.0, self.session.started + self.options.read_first - time.perf_counter()))
            asked = time.perf_counter()
        for step in block.steps:
            time.sleep(step.pause)
            limit = self.options.dependency_limit if block.name == "start" else self.options.cell_limit
            outcome = self.session.execute(step.cell.source, f"cell-{self.ran}", step.cell.expect, limit)
            self.ran += 1
            measure = step.measure or step.cell.kind
            if outcome.failure:
                self.record.fail(measure, outcome.failure)
            if outcome.failure and block.name == "start":
                raise KernelFailed(f"{measure}: {outcome.failure}")
            if step.measure and not outcome.failure:
                from_start = step.measure in (FIRST, LET)
                times.append(time.perf_counter() - asked if from_start else outcome.seconds)
                self.record.add(step.measure, times[-1])
        if block.name in (EARLY, LATE) and times:
            self.record.cells[block.name] = self.ran - len(times)
            self.medians[block.name] = statistics.median(times)
        if block.name == LATE and len(self.medians) == 2:
            self.record.add(GROWTH, self.medians[LATE] / self.medians[EARLY])
        if block.rest:
            self.peaks.watch(None)
            wait_until_quiet([self.session.pid])
            time.sleep(_SETTLE)
            resting = pss(self.session.pid)
            for measure in block.rest:
                self.record.cells[measure] = self.ran
                self.record.add(measure, resting)
            self.at_rest = max(self.at_rest, resting)

    def _write_notebook(self, kernel: str) -> None:
        all_cells = [step.cell for block in self.plan for step in block.steps]
        cells = [
            {
                "cell_type": "code",
                "id": f"cell-{n}",
                "metadata": {"kind": cell.kind},
                "execution_count": None,
                "outputs": [],
                "source": cell.source,
            }
            for n, cell in enumerate(all_cells)
        ]
        metadata = {"kernelspec": {"name": kernel, "display_name": kernel}}
        notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
        self.session.notebook.write_text(json.dumps(notebook, indent=1), encoding="utf-8")
