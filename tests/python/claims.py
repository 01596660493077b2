"""Numbers with units in a lesson's prose, and what of the lesson backs them.

A number is backed by the lesson's code: by a time that a cell sets, by an assertion near it, or (for what has at least two
digits) by any other number that the code holds. How many times as long something takes, only an assertion backs. Of the
outputs only those count that are the same in each run: sizes, and the times of an exercise, which its own clock makes
exact. A measured time backs nothing: the next run has another one, so a claim about it belongs in an assertion.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from nbformat import NotebookNode

# Each unit: what it measures, and how many of the smallest it is.
TIMES = {"ns": 1, "µs": 10**3, "microseconds": 10**3, "ms": 10**6, "milliseconds": 10**6, "s": 10**9, "seconds": 10**9}
TIMES |= {"second": 10**9, "minutes": 60 * 10**9, "minute": 60 * 10**9, "hours": 3600 * 10**9, "hour": 3600 * 10**9}
SIZES = {"byte": 1, "bytes": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9}
OTHERS = {"%": ("percent", 1), "percent": ("percent", 1), "times": ("count", 1), "×": ("ratio", 1)}
OTHERS["times as"] = ("ratio", 1)
UNITS = {name: ("time", size) for name, size in TIMES.items()} | {name: ("size", size) for name, size in SIZES.items()} | OTHERS
# An assertion belongs to a text cell that is at most this many cells away.
NEAR = 4
WORDS = "two three four five six seven eight nine ten eleven twelve".split()
SHARES = {"half": 2, "third": 3, "quarter": 4, "fifth": 5, "tenth": 10, "hundredth": 100}

FIGURE = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
UNIT = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
# One number or a row of them, `20, 40 and 80 ms`, and their unit. `3 × 200` and `20 · 110` are arithmetic, not ratios.
NUMBERS = re.compile(rf"(?<![\w.,-])((?:{FIGURE}(?:,? (?:and|or|to|against|\+) |, ))*{FIGURE})(?:\s|&nbsp;)?({UNIT})(?![\w-])(?! \d)")
COMPARED = r" (?=as |the time|quicker|faster|slower|longer|more |less )"
WORD_RATIO = re.compile(rf"\b({'|'.join(WORDS)}) times{COMPARED}")
SHARE = re.compile(rf"\b({'|'.join(SHARES)}) (?:of the time|the time|as (?:long|much))")
NOT_PROSE = re.compile(r"^```.*?^```|`[^`\n]*`|\]\([^)]*\)|<[^>]*>|^\*\*(?:Time|Fast track).*?$", re.MULTILINE | re.DOTALL)

STRING_OR_COMMENT = re.compile(r'r#".*?"#|"(?:\\.|[^"\\])*"|//[^\n]*', re.DOTALL)
SUM = r"[\d_][\d_ ]*(?:[+*-] *[\d_][\d_ ]*)*"
SET_TIME = re.compile(rf"\b(ms|from_millis|from_secs|from_micros)\(({SUM})\)")
SET_UNIT = {"ms": 10**6, "from_millis": 10**6, "from_secs": 10**9, "from_micros": 10**3}
LITERAL = re.compile(r"(?<![\w.])\d[\d_]*(?:\.\d+)?(?![\w.])")


@dataclass(frozen=True)
class Claim:
    """A number with its unit, as it is written in a text cell."""

    figure: str
    unit: str
    around: str

    @property
    def kind(self) -> str:
        return UNITS[self.unit][0]

    @property
    def value(self) -> float:
        return float(self.figure.replace(",", ""))

    @property
    def amount(self) -> float:
        return self.value * UNITS[self.unit][1]

    def __str__(self) -> str:
        return f"{self.figure} {self.unit}"


@dataclass
class Evidence:
    """The numbers of a lesson that the same run of the same code gives each time."""

    amounts: set[tuple[str, float]] = field(default_factory=set)
    numbers: set[float] = field(default_factory=set)
    asserted: dict[int, set[float]] = field(default_factory=dict)

    def backs(self, claim: Claim, at: int) -> bool:
        """Whether the lesson backs a claim of its cell number `at`."""
        near = set().union(*(self.asserted.get(cell, set()) for cell in range(at - NEAR, at + NEAR + 1)))
        if (claim.kind, claim.amount) in self.amounts or claim.value in near:
            return True
        if claim.kind == "ratio":
            return False
        if claim.kind == "percent":
            return claim.value / 100 in self.numbers
        # In milliseconds, as the lessons' own functions take their times; in bytes.
        written = claim.amount / TIMES["ms"] if claim.kind == "time" else claim.amount
        if claim.kind == "size" and written in self.numbers:
            return True
        return any(number >= 10 and number in self.numbers for number in (claim.value, written))


def claims(text: str) -> Iterator[Claim]:
    """The numbers with units in a text cell, outside of its code."""
    prose = NOT_PROSE.sub(" … ", text)
    for match in NUMBERS.finditer(prose):
        around = " ".join(prose[max(0, match.start() - 60) : match.end() + 30].split())
        compared = match[2] == "times" and re.match(COMPARED, prose[match.end() :])
        for figure in re.findall(FIGURE, match[1]):
            yield Claim(figure, "times as" if compared else match[2], around)
    for pattern, of in [(WORD_RATIO, lambda word: WORDS.index(word) + 2), (SHARE, SHARES.__getitem__)]:
        for match in pattern.finditer(prose):
            around = " ".join(prose[max(0, match.start() - 60) : match.end() + 30].split())
            yield Claim(str(of(match[1])), "times as", around)


def evidence(cells: list[NotebookNode]) -> Evidence:
    """What the code cells, and the solutions in text cells, hold as numbers."""
    found = Evidence()
    for index, cell in enumerate(cells):
        tags = cell.metadata.get("tags", [])
        if cell.cell_type == "code" and "quiz" not in tags:
            _of_code(cell.source, found, index)
            for text in _outputs(cell):
                kinds = {"size", "time"} if "check" in tags else {"size"}
                found.amounts |= {(claim.kind, claim.amount) for claim in claims(text) if claim.kind in kinds}
        elif "solution" in tags:
            for fence in re.findall(r"^```rust\n(.*?)^```", cell.source, re.MULTILINE | re.DOTALL):
                _of_code(fence, found, index)
    return found


def _of_code(source: str, found: Evidence, index: int) -> None:
    code = STRING_OR_COMMENT.sub('""', source).replace("..", " .. ")  # a range's end is a number
    for unit, term in SET_TIME.findall(code):
        found.amounts.add(("time", _value(term) * SET_UNIT[unit]))
    found.numbers |= set(map(_value, LITERAL.findall(code)))
    for asserted in re.findall(r"\bassert(?:_eq|_ne)?!\((.*?)\);", code, re.DOTALL):
        numbers = set(map(_value, LITERAL.findall(asserted))) | set(map(_value, re.findall(SUM, asserted)))
        found.asserted.setdefault(index, set()).update(numbers)


def _value(term: str) -> float:
    """A number, or a sum or product of whole ones."""
    return float(eval(re.sub(r"\b0+(?=\d)", "", term.replace("_", "").strip()) or "0"))  # digits and signs: see SUM


def _outputs(cell: NotebookNode) -> Iterator[str]:
    for output in cell.outputs:
        yield output.text if output.output_type == "stream" else str(output.get("data", {}).get("text/plain", ""))
