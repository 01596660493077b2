"""Holds the map from asyncio to Rust together: the list of names, lesson 18, and the table in the docs.

    .venv/bin/python tools/asyncio_map.py check   does every name have its place, and is the table up to date?
    .venv/bin/python tools/asyncio_map.py write   write the table: docs/asyncio-to-rust.md

The list is docs/asyncio-names.toml, kept by hand; it says what its fields mean. A cell of the lesson says which names
it shows in comments of this form, which readers search for: `// asyncio: Queue.put → send, Queue.get → recv`.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
NAMES = ROOT / "docs" / "asyncio-names.toml"
TABLE = ROOT / "docs" / "asyncio-to-rust.md"
LESSON = ROOT / "notebooks" / "18-asyncio-to-rust.ipynb"
OLDEST, NEWEST = (3, 10), (3, 14)
CLASSES = {"shown", "none", "private"}
SHOWS = re.compile(r"^// asyncio: (.+)$", re.MULTILINE)
HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
WITHOUT = "What has no counterpart, and why"


@dataclass(frozen=True)
class Name:
    """A name of asyncio: where it is found, and its class, one of CLASSES, with what belongs to that class."""

    name: str
    since: tuple[int, int] = OLDEST
    until: tuple[int, int] = NEWEST
    only: str | None = None
    shown: tuple[str, ...] = ()
    none: str | None = None
    private: bool = False

    @property
    def python(self) -> str:
        """The Pythons that have it, in words; empty for all of them."""
        parts = [f"from {_dotted(self.since)}"] if self.since > OLDEST else []
        parts += [f"until {_dotted(self.until)}"] if self.until < NEWEST else []
        return ", ".join([*parts, *([self.only] if self.only else [])])


@dataclass(frozen=True)
class Shown:
    """A name in a cell of the lesson: the piece of Rust for it, the section, and the cell's code without such comments."""

    rust: str
    section: str
    code: str


def names() -> dict[str, Name]:
    """The list. Raises ValueError when an entry is in no class or in several, or gives a reason that is not there."""
    data = tomllib.loads(NAMES.read_text(encoding="utf-8"))
    found = {}
    for name, entry in data["names"].items():
        if len(CLASSES & set(entry)) != 1:
            raise ValueError(f"{name}: in exactly one class of {sorted(CLASSES)}, not {sorted(CLASSES & set(entry))}")
        reason = entry.pop("none", None)
        if reason is not None and reason not in data["reasons"]:
            raise ValueError(f"{name}: there is no reason {reason!r}")
        versions = {key: _version(entry.pop(key)) for key in ("since", "until") if key in entry}
        entry["shown"] = tuple(entry.get("shown", ()))
        found[name] = Name(name, **entry, **versions, none=data["reasons"].get(reason))
    return found


def shown_in_lesson() -> dict[str, list[Shown]]:
    """Each name that a cell of the lesson says it shows."""
    found: dict[str, list[Shown]] = {}
    section = ""
    for cell in nbformat.read(LESSON, as_version=4).cells:
        if cell.cell_type == "markdown":
            section = ([section] + HEADING.findall(cell.source))[-1]
            continue
        code = SHOWS.sub("", cell.source)
        for pair in ", ".join(SHOWS.findall(cell.source)).split(", ") if SHOWS.search(cell.source) else []:
            name, arrow, rust = pair.partition(" → ")
            if not arrow:
                raise ValueError(f"not of the form `name → Rust`: {pair!r} in\n{cell.source}")
            found.setdefault(name, []).append(Shown(rust, section, code))
    return found


def problems() -> Iterator[str]:
    """Where the list, the lesson and the table differ, one sentence each."""
    listed, in_lesson = names(), shown_in_lesson()
    for name in listed.values():
        cells = in_lesson.get(name.name, [])
        if set(name.shown) != {shown.rust for shown in cells}:
            yield f"{name.name}: the list says {list(name.shown)}, the lesson shows {[shown.rust for shown in cells]}"
        for shown in cells:
            if shown.rust not in shown.code:
                yield f"{name.name}: {shown.rust!r} is not in the code of its cell"
    yield from (f"{name}: in the lesson, and not in the list" for name in in_lesson if name not in listed)
    told = _section(WITHOUT)
    yield from (f"{name.name}: not in the section {WITHOUT!r}" for name in listed.values() if name.none and f"`{name.name}`" not in told)
    yield from (f"the section {WITHOUT!r} does not say: {reason}" for reason in {name.none for name in listed.values() if name.none} if reason not in told)
    if not TABLE.exists() or TABLE.read_text(encoding="utf-8") != table():
        yield f"{TABLE.relative_to(ROOT)} is not up to date: tools/asyncio_map.py write"


def table() -> str:
    """The text of docs/asyncio-to-rust.md."""
    listed, in_lesson = names(), shown_in_lesson()
    lines = [
        "# From asyncio to Rust",
        "",
        "Every public name of asyncio in Python 3.10 to 3.14, and what takes its place. Each name with a counterpart is shown by a cell",
        "that runs, in [lesson 18](../notebooks/18-asyncio-to-rust.ipynb): search there for the name. The lesson also explains how things",
        "that look alike differ; the table only lists them. Where the column Python is empty, all five have the name.",
        "",
        "Made by `tools/asyncio_map.py` from [asyncio-names.toml](asyncio-names.toml) and the lesson; not to be edited.",
    ]
    sections: dict[str, list[str]] = {}
    for name, cells in in_lesson.items():
        for shown in cells:
            row = f"| `{name}` | {listed[name].python if name in listed else ''} | `{shown.rust}` |"
            sections.setdefault(shown.section, []).append(row)
    for section, rows in sections.items():
        lines += ["", f"## {section}", "", "| asyncio | Python | Rust |", "|---|---|---|", *dict.fromkeys(rows)]
    reasons: dict[str, list[Name]] = {}
    for name in listed.values():
        if name.none:
            reasons.setdefault(name.none, []).append(name)
    lines += ["", f"## {WITHOUT}", "", "| asyncio | why there is none, and what to do |", "|---|---|"]
    for reason, without in reasons.items():
        said = ", ".join(f"`{name.name}`" + (f" ({name.python})" if name.python else "") for name in without)
        lines.append(f"| {said} | {reason} |")
    private = ", ".join(f"`{name.name}`" for name in listed.values() if name.private)
    lines += ["", "## For asyncio's own parts", "", f"In `asyncio.__all__`, but private: {private}."]
    return "\n".join(lines) + "\n"


def _section(heading: str) -> str:
    """The prose of a section of the lesson."""
    cells = [cell.source for cell in nbformat.read(LESSON, as_version=4).cells if cell.cell_type == "markdown"]
    text = "\n".join(cells)
    _, found, rest = text.partition(f"## {heading}\n")
    return re.split(r"^## ", rest, maxsplit=1, flags=re.MULTILINE)[0] if found else ""


def _version(text: str) -> tuple[int, int]:
    major, minor = text.split(".")
    return int(major), int(minor)


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["check", "write"])
    if parser.parse_args().command == "write":
        TABLE.write_text(table(), encoding="utf-8")
    found = list(problems())
    print("\n".join(found) or f"✓ {len(names())} names")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
