"""Makes the instructor's kit from the lessons. It isn't committed: make it again when a lesson has changed.

    .venv/bin/python tools/teach.py slides [NAME…]   slides with speaker notes (HTML; S opens the notes)
    .venv/bin/python tools/teach.py live   [NAME…]   notebooks to fill on stage
    .venv/bin/python tools/teach.py graded [NAME…]   a course of nbgrader, an assignment for each lesson
    .venv/bin/python tools/teach.py plans            plans for 90 minutes, half a day and two days
    .venv/bin/python tools/teach.py all              all of it

NAME is the beginning of a lesson's name ("08"); without one, all lessons are meant. `--to FOLDER` says where to put it
(target/teaching). `--reveal FOLDER` is an unpacked package of reveal.js (`npm pack reveal.js@4.6.1`): what slides need of it is copied
beside them, so that they can be shown without a network. See docs/teaching.md.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
from kit import graded, live, plans, slides
from kit.lesson import FOLDER, NotALesson, for_another_folder, lessons, read, with_pictures_inside

ROOT = FOLDER.parent
TEMPLATE = Path(__file__).resolve().parent / "kit" / "template"
# What the slides load of reveal.js.
REVEAL = ("dist/reveal.js", "dist/reveal.css", "dist/theme/white.css", "dist/theme/fonts/source-sans-pro", "plugin/notes/notes.js")


def make_slides(paths: list[Path], to: Path, reveal: Path | None = None) -> list[Path]:
    """Writes the slides of the lessons at `paths` into the folder `to`, and gives back the files.

    Raises NotALesson when nbconvert fails, or `reveal` is not a folder of reveal.js.
    """
    to.mkdir(parents=True, exist_ok=True)
    options = ["--SlidesExporter.reveal_width=1200", "--SlidesExporter.reveal_height=760", "--SlidesExporter.reveal_theme=white"]
    if reveal:
        _copy_reveal(reveal, to / "reveal.js")
        options.append("--SlidesExporter.reveal_url_prefix=reveal.js")
    with tempfile.TemporaryDirectory(prefix="slides-") as folder:
        decks = [Path(folder, path.name) for path in paths]
        for path, deck in zip(paths, decks):
            nbformat.write(with_pictures_inside(slides.slides(read(path)), FOLDER), deck)
        command = [sys.executable, "-m", "nbconvert", "--to", "slides", "--template", "slides"]
        command += [f"--TemplateExporter.extra_template_basedirs={TEMPLATE}", f"--output-dir={to}", "--log-level=WARN"]
        command += ["--TagRemovePreprocessor.enabled=True", f"--TagRemovePreprocessor.remove_input_tags={slides.NO_INPUT}"]
        made = subprocess.run([*command, *options, *map(str, decks)], capture_output=True, text=True)
    if made.returncode:
        raise NotALesson(f"nbconvert failed:\n{made.stderr}")
    return [to / f"{path.stem}.slides.html" for path in paths]


def make_live(paths: list[Path], to: Path) -> list[Path]:
    """Writes the live-coding version of each lesson into the folder `to`, and gives back the files."""
    written = []
    for path in paths:
        written.append(_write(live.live(read(path)), to / path.name))
    return written


def make_graded(paths: list[Path], to: Path) -> list[Path]:
    """Writes a course of nbgrader into the folder `to`, and gives back the source notebooks. Lessons without exercises are left out."""
    to.mkdir(parents=True, exist_ok=True)
    (to / "nbgrader_config.py").write_text(graded.CONFIG, encoding="utf-8")
    written = []
    for path in paths:
        lesson = read(path)
        if any("exercise" in cell.metadata.get("tags", []) for cell in lesson.cells):
            written.append(_write(graded.graded(lesson), to / "source" / path.stem / path.name))
    return written


def make_plans(to: Path) -> list[Path]:
    """Writes the plans into the folder `to`, and gives back the files."""
    to.mkdir(parents=True, exist_ok=True)
    written = []
    for plan in plans.plans():
        written.append(to / plan.file)
        written[-1].write_text(plans.text(plan), encoding="utf-8")
    return written


def _write(notebook: nbformat.NotebookNode, path: Path) -> Path:
    moved, needed = for_another_folder(notebook)
    path.parent.mkdir(parents=True, exist_ok=True)
    for asset in needed:
        source, target = ROOT / asset, path.parent / asset
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("target"))
        elif source.is_file():
            shutil.copy(source, target)
    nbformat.write(moved, path)
    return path


def _copy_reveal(package: Path, to: Path) -> None:
    for part in REVEAL:
        source, target = package / part, to / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        elif source.is_file():
            shutil.copy(source, target)
        else:
            raise NotALesson(f"{package} is not an unpacked reveal.js: it has no {part}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["slides", "live", "graded", "plans", "all"])
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--to", type=Path, default=ROOT / "target" / "teaching", metavar="FOLDER")
    parser.add_argument("--reveal", type=Path, metavar="FOLDER")
    arguments = parser.parse_intermixed_args()
    every = lessons()
    paths = [path for path in every if not arguments.names or path.name.startswith(tuple(arguments.names))]
    if unknown := [name for name in arguments.names if not any(path.name.startswith(name) for path in every)]:
        sys.exit(f"there is no lesson {unknown[0]!r}")
    to = arguments.to.resolve()
    makers = {
        "slides": lambda: make_slides(paths, to / "slides", arguments.reveal),
        "live": lambda: make_live(paths, to / "live"),
        "graded": lambda: make_graded(paths, to / "nbgrader"),
        "plans": lambda: make_plans(to / "plans"),
    }
    try:
        for kind, make in makers.items():
            if arguments.command in (kind, "all"):
                print(f"✓ {kind}: {len(make())} in {to / ('nbgrader' if kind == 'graded' else kind)}")
    except NotALesson as problem:
        sys.exit(f"✗ {problem}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
