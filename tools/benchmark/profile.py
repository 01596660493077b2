"""Where the time of a cell goes in this project's kernel: each step of the compiler, and the rest.

The compiler's steps are measured by hand: the command that the kernel notes for its cells is run again on the text
that it has just compiled, up to one step further each time, with nothing around it ("bare").
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from .lesson import Lesson
from .session import KernelFailed, Session

CELLS = 9
"""Cells that are timed, and times that each step of the compiler is run."""
KINDS = ("expression", "new variable", "spawn")
_LIMIT = 60.0
_TICKS = os.sysconf("SC_CLK_TCK")
# What rustc is asked to make: each step includes the ones before.
_STEPS = (("metadata", "compiler: front end"), ("obj", "compiler: code generation"), ("dep-info,link", "compiler: link"))


@dataclass(frozen=True)
class Profile:
    """Milliseconds of one kind of cell, medians: by step, the whole cell, and the compiler alone on the same text."""

    kind: str
    steps: dict[str, float]
    cell: float
    bare_compiler: float
    processor: float
    """Of the kernel's own process, the analyser's work included; some of it goes on beside the compiler, or after the cell."""


def profiles(name: str, lesson: Lesson, folder: Path) -> list[Profile]:
    """Runs cells of some kinds in a fresh kernel of the kernelspec `name`, and takes them apart.

    Raises KernelFailed when the kernel fails, or its cells cannot be compiled by hand.
    """
    folder.mkdir(parents=True, exist_ok=True)
    session = Session(name, folder, _LIMIT)
    try:
        numbers = iter(range(1, 1_000))
        _run(session, lesson.prepare, None)
        # A first time loads what later times have.
        for kind in KINDS:
            cell = lesson.cell(kind, next(numbers))
            _run(session, cell.source, cell.expect)
        return [_profile(session, lesson, kind, numbers) for kind in KINDS]
    finally:
        session.stop()


def _profile(session: Session, lesson: Lesson, kind: str, numbers) -> Profile:
    cells, own = [], []
    for _ in range(CELLS):
        cell = lesson.cell(kind, next(numbers))
        before = _processor_time(session.pid)
        cells.append(_run(session, cell.source, cell.expect))
        own.append(_processor_time(session.pid) - before)
    package = _package(session)
    compiler = _command(package)
    cell, processor = statistics.median(cells), statistics.mean(own)
    steps = {}
    until = 0.0
    for emitted, label in _STEPS:
        seconds = statistics.median(_compile(package, compiler, emitted) for _ in range(CELLS))
        steps[label] = seconds - until
        until = seconds
    steps["types, loading, running, messages, less what was started ahead"] = cell - until
    return Profile(kind, {label: 1000 * seconds for label, seconds in steps.items()}, 1000 * cell, 1000 * until, 1000 * processor)


def _run(session: Session, source: str, expect: str | None) -> float:
    outcome = session.execute(source, "profile", expect, _LIMIT)
    if outcome.failure:
        raise KernelFailed(outcome.failure)
    return outcome.seconds


def _package(session: Session) -> Path:
    """The folder of the package in which the kernel has compiled its last cell."""
    text = session.text_of(":last_compile_dir", _LIMIT).strip()
    if not Path(text).is_dir():
        raise KernelFailed(f"its cells are compiled in an unknown place: {text!r}")
    return Path(text)


def _command(package: Path) -> dict:
    """The compiler's command for cells, as the newest note says that names the library which all cells share."""
    notes = sorted((package / ".fingerprints").glob("*.json"), key=lambda note: note.stat().st_mtime, reverse=True)
    for note in notes:
        text = note.read_text(encoding="utf-8").replace("<package>", str(package))
        compiler = json.loads(text)["rustc"]
        if any(argument.startswith("notebook=") for argument in compiler["arguments"]):
            return compiler
    raise KernelFailed("it has no note of how its cells are compiled")


def _compile(package: Path, compiler: dict, emitted: str) -> float:
    """Seconds that the compiler takes for the cell in `package`, as far as `emitted` says."""
    arguments = [f"--emit={emitted}" if a.startswith("--emit=") else a for a in compiler["arguments"]]
    with tempfile.TemporaryDirectory(prefix="profile-") as out:
        arguments[arguments.index("--out-dir") + 1] = out
        begun = time.perf_counter()
        done = subprocess.run(
            [compiler["program"], *arguments],
            cwd=package / ".cells",
            env={**os.environ, **compiler["variables"]},
            capture_output=True,
            check=False,
        )
        seconds = time.perf_counter() - begun
    if done.returncode:
        raise KernelFailed(f"its cell cannot be compiled by hand: {done.stderr.decode(errors='replace')[:300]}")
    return seconds


def _processor_time(process: int) -> float:
    """Seconds of processor time that all threads of a process have used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def table(found: list[Profile]) -> str:
    """The Markdown table, a column for each kind of cell."""
    head = ["ms, medians", *(profile.kind for profile in found)]
    lines = [head, ["---", *["---:"] * len(found)]]
    for step in found[0].steps:
        lines.append([step, *(f"{profile.steps[step]:.0f}" for profile in found)])
    lines.append(["**the whole cell**", *(f"**{profile.cell:.0f}**" for profile in found)])
    lines.append(["processor time of the kernel", *(f"{profile.processor:.0f}" for profile in found)])
    lines.append(["to the bare compiler", *(f"{profile.cell / profile.bare_compiler:.2f} ×" for profile in found)])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
