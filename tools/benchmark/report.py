"""The figures, the Markdown table, and what is said about the machine."""

from __future__ import annotations

import math
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .lesson import KINDS, has_crates
from .plan import (
    AFTER_A_PAUSE,
    BACK_TO_BACK,
    EARLY,
    EARLY_AT,
    FIRST,
    LATE,
    LET,
    REST,
    REST_AT_THE_END,
    WINDOW,
    Options,
    measure_of,
)
from .rounds import AGAIN, GROWTH, KERNEL_INFO, PEAK, RUN_ALL, Record

MEGABYTE = 1e6
_FULL_WHY = 60  # characters of a failure that stand in the table; the notes have all


@dataclass(frozen=True)
class Row:
    """A line of the table. `figures` by kernel, in `unit`: one number, or the median and the 95th percentile; none
    when there is no sample, and then `why` says what failed (empty: nothing did, the run was interrupted)."""

    label: str
    unit: str
    figures: dict[str, list[float]]
    samples: dict[str, int]
    why: dict[str, str]

    def ratio(self, kernel: str, against: str) -> list[float]:
        """Each figure of `kernel`, divided by that of `against`; empty where one of them is missing."""
        pairs = zip(self.figures[kernel], self.figures[against])
        return [mine / other for mine, other in pairs if other > 0]


def percentile_95(samples: list[float]) -> float:
    """The smallest sample that at least 95 % of the samples do not exceed; of fewer than 20 that is the greatest."""
    return sorted(samples)[math.ceil(0.95 * len(samples)) - 1]


def _median_and_95(samples: list[float]) -> list[float]:
    return [statistics.median(samples), percentile_95(samples)]


def _median(samples: list[float]) -> list[float]:
    return [statistics.median(samples)]


def _greatest(samples: list[float]) -> list[float]:
    return [max(samples)]


def rows(records: list[Record], options: Options) -> list[Row]:
    """All lines of the table, in the order in which they are read."""

    def row(
        label: str, unit: str, scale: float, measures: list[str], figures: Callable[[list[float]], list[float]]
    ) -> Row:
        pooled = {r.name: [s * scale for measure in measures for s in r.samples.get(measure, [])] for r in records}
        return Row(
            label,
            unit,
            {name: figures(samples) if samples else [] for name, samples in pooled.items()},
            {name: len(samples) for name, samples in pooled.items()},
            {r.name: _why(r, measures) for r in records if not pooled[r.name]},
        )

    def at(measure: str) -> str:
        return (
            " or ".join(str(count) for count in sorted({r.cells[measure] for r in records if measure in r.cells}))
            or "…"
        )

    reading = (
        f", asked for {options.read_first:g} s after the start" if options.read_first else ", dependencies included"
    )
    found = [
        row("start to kernel_info", "s", 1, [KERNEL_INFO], _median),
        row(("" if options.read_first else "start to ") + f"first async result{reading}", "s", 1, [FIRST], _median),
        row(("" if options.read_first else "start to ") + f"first variable, in the next cell{reading}", "s", 1, [LET], _median),
    ]
    modes = ((BACK_TO_BACK, "back to back"), (AFTER_A_PAUSE, f"after a pause of {options.pause:g} s"))
    passes = {BACK_TO_BACK: options.back_to_back, AFTER_A_PAUSE: options.paused}
    for mode, label in (mode for mode in modes if passes[mode[0]]):
        every = [measure_of(mode, kind) for kind in KINDS]
        found.append(row(f"**cell {label}, all kinds**", "ms", 1000, every, _median_and_95))
        found += [row(f"{label}: {kind}", "ms", 1000, [measure_of(mode, kind)], _median_and_95) for kind in KINDS]
    found += [
        row(f"small cell after {at(EARLY)} cells", "ms", 1000, [EARLY], _median_and_95),
        row(f"small cell after {at(LATE)} cells", "ms", 1000, [LATE], _median_and_95),
        row("growth: the latter's median to the former's", "×", 1, [GROWTH], _median),
    ]
    found += [
        row("**the same cells in a second session, all kinds**", "ms", 1000, [AGAIN], _median_and_95),
        row("restart and run all", "s", 1, [RUN_ALL], _median),
    ]
    # In a short run, the end may be the first rest.
    for measure in (REST, REST_AT_THE_END) if at(REST) != at(REST_AT_THE_END) else (REST,):
        found.append(row(f"memory at rest after {at(measure)} cells", "MB", 1 / MEGABYTE, [measure], _median))
    found.append(row("memory, peak", "MB", 1 / MEGABYTE, [PEAK], _greatest))
    return found


def _why(record: Record, measures: list[str]) -> str:
    reasons = [why for measure in [*measures, "kernel"] for why in record.failures.get(measure, [])]
    return reasons[0] if reasons else ""


def number(value: float) -> str:
    """Three digits that count, without an exponent."""
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"


def table(found: list[Row], names: list[str], against: str) -> str:
    """The Markdown table: each kernel's figures, then each one's ratio to `against`, then the numbers of samples."""
    others = [name for name in names if name != against]
    head = ["", "unit", *names, *(f"{name} / {against}" for name in others), "samples"]
    lines = [head, ["---", "---", *["---:"] * (len(head) - 3), "---"]]
    said: set[tuple[str, str]] = set()
    for row in found:
        cells = [" · ".join(map(number, row.figures[name])) or _failed(name, row.why[name], said) for name in names]
        if row.unit == "×":
            ratios = ["" for _ in others]
        else:
            ratios = [" · ".join(map(number, row.ratio(name, against))) or "–" for name in others]
        counts = [row.samples[name] for name in names]
        count = str(counts[0]) if len(set(counts)) == 1 else ", ".join(map(str, counts))
        lines.append([row.label, row.unit, *cells, *ratios, count])
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _failed(kernel: str, why: str, said: set[tuple[str, str]]) -> str:
    """What stands in place of a figure; each reason is `said` once a kernel, in its first line. Without a reason the
    run was interrupted."""
    if not why:
        return "not measured"
    if (kernel, why) in said:
        return "failed"
    said.add((kernel, why))
    return "failed: " + (why if len(why) <= _FULL_WHY else why[: _FULL_WHY - 1] + "…")


def markdown(found: list[Row], records: list[Record], against: str, about: dict[str, Any], options: Options) -> str:
    """The whole report."""
    names = [record.name for record in records]
    kernels = "\n".join(f"- `{record.name}`: {_introduced(record)}" for record in records)
    notes = [
        f"Two figures: median · 95th percentile (of fewer than 20 samples: the slowest). {options.rounds} round(s), "
        "in each of which every kernel is started once and goes through the same lesson; the kernels take turns within it.",
        f"Back to back: the next request is sent when the last cell has ended. After a pause: {options.pause:g} s later, "
        "in a saved notebook read from top to bottom. A cell takes from its request until its reply and its idle have arrived.",
        "In a second session: the kernel is started anew when the round is over, and all cells of its notebook are run, back to back. "
        "This project's kernel has an empty store of compiled cells when a round begins.",
        f"Small cells: {WINDOW} of them from cell {EARLY_AT} on, and at the end, with the same number of variables held.",
        "Memory: all processes of the kernel together, shared pages in parts (PSS), 1 MB = 10⁶ bytes.",
    ]
    if any(_has_no_crates(record) for record in records):
        first = " ".join(line.removeprefix(":dep ") for line in options.dependencies.splitlines())
        notes.append(f"A Rust kernel without crates of its own gets them in its first cell (`:dep` {first}).")
    notes += [
        f"`{r.name}`, {measure}, {len(whys)} time(s): {whys[0]}"
        for r in records
        for measure, whys in r.failures.items()
    ]
    return (
        f"{about['date']}; {about['processor']}, {about['cores']} cores, {about['memory_gb']} GB; {about['system']}; "
        f"{about['rustc']}; load before {about['load_before']}, after {about['load_after']}"
        + (f"; commit {about['commit']}" if about["commit"] else "")
        + f"\n\n{kernels}\n\n{table(found, names, against)}\n\n"
        + "\n".join(f"- {note.replace(chr(10), ' ')}" for note in notes)
        + "\n"
    )


def _has_no_crates(record: Record) -> bool:
    language = record.info.get("language_info", {}).get("name", "").lower()
    return language == "rust" and not has_crates(record.info["implementation"])


def _introduced(record: Record) -> str:
    if not record.info:
        return "did not start"
    info, language = record.info, record.info["language_info"]
    return (
        f"{info['implementation']} {info['implementation_version']}, {language['name']} {language.get('version', '')}"
    )


def about_the_machine() -> dict[str, Any]:
    """The date, the machine, and the versions; `load_after` is still missing."""
    processor = next(
        (line.split(":", 1)[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor(),
    )
    kilobytes = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    return {
        "date": time.strftime("%Y-%m-%d %H:%M %Z"),
        "processor": processor or "processor unknown",
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(kilobytes * 1024 / 1e9, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "rustc": _output("rustc", "--version") or "no rustc",
        "commit": _output("git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"),
        "load_before": load(),
    }


def load() -> float:
    """Processes that were ready to run, mean of the last minute."""
    return round(os.getloadavg()[0], 2)


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
