"""Plans of classes: which sections of which lessons fit into the time, computed from the lessons' own times.

`plans.toml` says which lessons a class has, with how many minutes and exercises for each, and where the breaks are.
From a lesson the plan takes its sections in their order until the minutes are used up. What is left is for reading at home.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kit.lesson import NotALesson, Section, lessons, read, sections, title
from kit.timing import MINUTES_AN_EXERCISE

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

KEPT = Path(__file__).parent / "plans.toml"


@dataclass(frozen=True)
class Part:
    """A piece of a class: a lesson by its number, or (without one) something else, in words."""

    minutes: int
    lesson: str = ""
    exercises: int = 0
    what: str = ""


@dataclass(frozen=True)
class Plan:
    """A class. `minutes` is all the time there is; the parts of each day must fit into it."""

    name: str
    file: str
    minutes: int
    days: tuple[tuple[Part, ...], ...]


def plans() -> list[Plan]:
    """The plans of plans.toml. Raises NotALesson when the parts of a day take longer than there is time."""
    data = tomllib.loads(KEPT.read_text(encoding="utf-8"))
    found = []
    for name, entry in data.items():
        days = tuple(tuple(Part(**part) for part in day) for day in entry["days"])
        plan = Plan(name, entry["file"], entry["minutes"], days)
        for day in plan.days:
            if (taken := sum(part.minutes for part in day)) > plan.minutes:
                raise NotALesson(f"{name}: the parts take {taken} minutes, and there are {plan.minutes}")
        found.append(plan)
    return found


def text(plan: Plan) -> str:
    """The plan as Markdown: when each part begins, what of the lesson fits, what is left for home."""
    lines = [f"# Plan: {plan.name}", "", "Made by tools/teach.py from the lessons' own times."]
    for number, day in enumerate(plan.days, 1):
        if len(plan.days) > 1:
            lines += ["", f"## Day {number}"]
        lines += ["", "| at | minutes | what | sections | for home |", "|---:|---:|---|---|---|"]
        clock = 0
        for part in day:
            lines.append(f"| {clock // 60}:{clock % 60:02} | {part.minutes} | {' | '.join(_row(part))} |")
            clock += part.minutes
        lines += ["", f"Ends at {clock // 60}:{clock % 60:02}."]
    return "\n".join(lines) + "\n"


def _row(part: Part) -> Iterator[str]:
    if not part.lesson:
        yield from (part.what, "", "")
        return
    path = next((path for path in lessons() if path.name.startswith(part.lesson)), None)
    if path is None:
        raise NotALesson(f"there is no lesson {part.lesson}")
    notebook = read(path)
    taught, left = fitting(sections(notebook), part.minutes, part.exercises)
    exercises = [f"{part.exercises} exercise" + ("s" if part.exercises > 1 else "")] if part.exercises else []
    yield title(notebook).replace("|", "\\|")
    yield _listed([section.heading for section in taught], exercises)
    yield _listed([section.heading for section in left], [])


def fitting(of_lesson: list[Section], minutes: float, exercises: int) -> tuple[list[Section], list[Section]]:
    """The sections that fit, and those that do not. The opening and the recap always do; exercises take their time first."""
    always = [section for section in of_lesson if section.level == 1 or section.heading == "Recap"]
    free = minutes - exercises * MINUTES_AN_EXERCISE - sum(section.minutes for section in always)
    taught, left = list(always), []
    for section in of_lesson:
        if section in always or section.has("exercise"):
            continue
        if not left and section.minutes <= free:
            taught.append(section)
            free -= section.minutes
        else:
            left.append(section)
    return [section for section in of_lesson if section in taught], left


def _listed(headings: list[str], more: list[str]) -> str:
    return "; ".join([*headings, *more]).replace("|", "\\|")
