"""Which cells a kernel runs, in which order, and how they are timed.

The plans of all kernels have the same blocks, and the kernels run block after block in turn. A turn is a block, not
a single cell: a kernel that had rested while others ran their cell would no longer be running "back to back", and
after "a pause of 1 s" it would have had a longer one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .lesson import KINDS, RUST_DEPENDENCIES, Cell, Lesson

BACK_TO_BACK, AFTER_A_PAUSE = "back to back", "after a pause"
FIRST, LET, EARLY, LATE = "first async result", "first variable", "early cell", "late cell"
REST, REST_AT_THE_END = "memory at rest", "memory at rest at the end"
EARLY_AT = 20
"""The early cells are those after so many."""
WINDOW = 12
"""So many cells are taken for the early ones, and for the late ones: a multiple of the three forms of filler."""
REST_AT = 50
"""Memory at rest is read after the first block that ends at or after so many cells, and at the end."""


@dataclass(frozen=True)
class Options:
    """What the person asked for. Times in seconds."""

    rounds: int = 3
    back_to_back: int = 4
    paused: int = 3
    pause: float = 1.0
    growth: int = 60
    read_first: float = 0.0
    start_limit: float = 60.0
    dependency_limit: float = 600.0
    cell_limit: float = 60.0
    dependencies: str = RUST_DEPENDENCIES


@dataclass(frozen=True)
class Step:
    """A cell of the notebook, the measure it counts for (None: none), and the reader's pause before it in seconds."""

    cell: Cell
    measure: str | None = None
    pause: float = 0.0


@dataclass
class Block:
    """Cells that a kernel runs in one turn. `rest`: the measures for which memory at rest is read afterwards."""

    name: str
    steps: list[Step]
    rest: tuple[str, ...] = ()


def measure_of(mode: str, kind: str) -> str:
    """The name of a kind's measure in a mode."""
    return f"{mode}: {kind}"


def blocks(lesson: Lesson, options: Options) -> list[Block]:
    """The plan of one kernel for one round. The first block ends with the first async result and the first variable."""
    numbers = iter(range(1, 1_000_000))
    count = 0

    def filled(steps: list[Step], until: int) -> list[Step]:
        missing = until - count - len(steps)
        return steps + [Step(lesson.filler(next(numbers))) for _ in range(missing)]

    def window(measure: str) -> list[Step]:
        return [Step(lesson.filler(next(numbers)), measure) for _ in range(WINDOW)]

    def passes() -> Iterator[str]:
        for turn in range(max(options.back_to_back, options.paused)):
            if turn < options.back_to_back:
                yield BACK_TO_BACK
            if turn < options.paused:
                yield AFTER_A_PAUSE

    plan: list[Block] = []

    def add(block: Block) -> None:
        nonlocal count
        count += len(block.steps)
        if count >= REST_AT and not any(earlier.rest for earlier in plan):
            block.rest = (REST, *block.rest)
        plan.append(block)

    opening = [Step(Cell("dependencies", lesson.dependencies))] if lesson.dependencies else []
    first_let = next(numbers)
    firsts = [
        Step(lesson.cell("HTTP call", next(numbers)), FIRST),
        Step(lesson.cell("new variable", first_let), LET),
    ]
    add(Block("start", [*opening, *firsts]))

    # Every kind once, not counted: a first time loads what later times have.
    held = next(numbers)
    kinds = [Step(lesson.cell(kind, held if kind == "new variable" else next(numbers))) for kind in KINDS]
    add(Block("prepare", [Step(lesson.forget(first_let)), Step(Cell("prepare", lesson.prepare)), *kinds]))
    add(Block(EARLY, filled([Step(lesson.forget(held))], EARLY_AT) + window(EARLY)))

    # The cell that opens a turn is not counted: the kernel has had time to prepare it while others ran.
    opens = Step(lesson.filler(next(numbers)))
    for turn, mode in enumerate(passes()):
        held = next(numbers)
        pause = options.pause if mode == AFTER_A_PAUSE else 0.0
        first = turn % len(KINDS)
        steps = [
            Step(lesson.cell(kind, held if kind == "new variable" else next(numbers)), measure_of(mode, kind), pause)
            for kind in KINDS[first:] + KINDS[:first]
        ]
        add(Block(mode, [opens, *steps]))
        opens = Step(lesson.forget(held))
    # The same variables are held as in the early cells.
    add(Block(LATE, filled([opens], options.growth) + window(LATE), rest=(REST_AT_THE_END,)))
    return plan
