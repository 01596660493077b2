"""Checks the course's notebooks, runs them, and rebuilds their outputs.

    .venv/bin/python tools/notebooks.py check   [NAME…]   is each in normal form? (runs nothing)
    .venv/bin/python tools/notebooks.py run     [NAME…]   run each whole in a fresh kernel, write nothing
    .venv/bin/python tools/notebooks.py rebuild [NAME…]   the same, then write the outputs back

NAME is the beginning of a notebook's name ("08") or a path; without one, all of notebooks/ is meant.
`run` and `rebuild` take `--kernel NAME` (another installed kernel) and `--seconds N` (limit for one notebook).

Normal form, so that a notebook reads well without being run and its changes can be reviewed:
written by nbformat; every cell has an id; code cells counted 1…N, as one clean Run All leaves them; only the
metadata named below; an error in a cell exactly when it is tagged `raises-exception`; no absolute path; no
address from outside, but for links in prose, comments, and cells tagged `online`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
from kernel_session import ANSI, NotebookFailed, session

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
SECONDS_PER_NOTEBOOK = 180.0
KERNELSPEC = {"display_name": "Rust", "language": "rust", "name": "rust"}
LANGUAGE_INFO = {"file_extension": ".rs", "mimetype": "text/rust", "name": "rust"}
CELL_METADATA = {"tags", "slideshow", "jupyter", "editable", "deletable"}
ONLINE, RAISES = "online", "raises-exception"

# Whole words that begin a path on some machine; a route such as "/items/1" is none.
ABSOLUTE_PATH = re.compile(
    r"file:///|(?<![\w.:/<-])(?:/(?:home|root|Users|tmp|var|private|work|opt|usr|srv|mnt|rustc)/[\w.@~+-]|[A-Z]:\\\w)"
)
ADDRESS = re.compile(r"https?://(\[[^\]]*\]|[^\s/:\"'<>)\]}`\\,;]*)")
LOCAL = {"127.0.0.1", "localhost", "[::1]", "0.0.0.0"}
# Names of formats, the compiler's own hints, and names that lead nowhere.
HARMLESS = {"www.w3.org", "doc.rust-lang.org", "docs.rs", "rust-lang.github.io", "example.com", "example.org"}
RESERVED = (".example", ".invalid", ".test", ".localhost", ".example.com", ".example.org")
PICTURE = re.compile(r"!\[[^\]]*\]\(\s*([^)\s]+)|<(?:img|script|link|iframe|video)\b[^>]*?(?:src|href)\s*=\s*[\"']([^\"']+)", re.I)


# ---- check --------------------------------------------------------------------------------------


def check(path: Path) -> list[str]:
    """Every departure of the notebook at `path` from the normal form, one sentence each; none: an empty list."""
    text = path.read_text(encoding="utf-8")
    try:
        raw = json.loads(text)
        cells = raw["cells"]
        ids = [cell.get("id") for cell in cells]
        # nbformat would quietly invent a missing id: look before it does.
        if not all(ids) or len(set(ids)) != len(ids):
            return ["not every cell has an id of its own"]
        notebook = nbformat.from_dict(raw)
        nbformat.validate(notebook)
    except (ValueError, KeyError, TypeError, AttributeError, nbformat.ValidationError) as error:
        return [f"not a valid notebook: {error}"]
    found = list(_metadata_problems(raw["metadata"]))
    for index, cell in enumerate(cells):
        where = f"cell {index + 1} ({cell['id']})"
        found += [f"{where}: {problem}" for problem in _cell_problems(path, cell)]
    code_cells = [cell for cell in cells if cell["cell_type"] == "code"]
    counts = [cell["execution_count"] for cell in code_cells]
    if counts != list(range(1, len(counts) + 1)):
        found.append(f"execution counts are {counts}, not 1 to {len(counts)}: rebuild it")
    if not found and text != _text(notebook):
        found.append("written in another layout than nbformat's: rebuild it")
    return found


def _metadata_problems(metadata: dict) -> Iterator[str]:
    if metadata.get("kernelspec") != KERNELSPEC:
        yield f"metadata.kernelspec is {metadata.get('kernelspec')}, not {KERNELSPEC}"
    if metadata.get("language_info", LANGUAGE_INFO) != LANGUAGE_INFO:
        yield f"metadata.language_info is not {LANGUAGE_INFO}: rebuild it"
    if extra := sorted(set(metadata) - {"kernelspec", "language_info"}):
        yield f"metadata has {extra} besides kernelspec and language_info: rebuild it"


def _cell_problems(path: Path, cell: dict) -> Iterator[str]:
    if extra := sorted(set(cell["metadata"]) - CELL_METADATA):
        yield f"metadata has {extra}, which is not among {sorted(CELL_METADATA)}"
    source = _joined(cell["source"])
    if not source.strip():
        yield "is empty"
    if match := ABSOLUTE_PATH.search(source):
        yield f"absolute path in the source: {_around(source, match)}"
    if cell["cell_type"] == "markdown":
        yield from _picture_problems(path, source)
    if cell["cell_type"] != "code":
        return
    tags = cell["metadata"].get("tags", [])
    if ONLINE not in tags:
        yield from (f"address from outside in the source: {address}" for address in _outside(source, code=True))
    raised = any(output["output_type"] == "error" for output in cell["outputs"])
    if raised != (RAISES in tags):
        yield "ends in an error, and is not tagged raises-exception" if raised else "tagged raises-exception, and has no error"
    for output in cell["outputs"]:
        text = _output_text(output)
        if match := ABSOLUTE_PATH.search(text):
            yield f"absolute path in the output: {_around(text, match)}"
        if ONLINE not in tags:
            yield from (f"address from outside in the output: {address}" for address in _outside(text, code=False))
        if "compiling what cells link to" in text:
            yield "made while the kernel still built its library: rebuild it"
        if output.get("execution_count", cell["execution_count"]) != cell["execution_count"]:
            yield "a result's execution count differs from the cell's: rebuild it"


def _picture_problems(path: Path, source: str) -> Iterator[str]:
    for match in PICTURE.finditer(source):
        target = match.group(1) or match.group(2)
        if target.startswith(("attachment:", "data:", "#")):
            continue
        if "://" in target or target.startswith("//"):
            yield f"picture or script from outside: {target}"
        elif not (path.parent / target.split("#")[0]).is_file():
            yield f"there is no file {target}"


def _outside(text: str, *, code: bool) -> Iterator[str]:
    for match in ADDRESS.finditer(text):
        line_before = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        in_comment = code and re.search(r"(?<!:)//", line_before)
        host = match.group(1).rpartition("@")[2].lower()
        filled_in = not host or host.startswith(("{", "$"))
        if not (in_comment or filled_in or host in LOCAL | HARMLESS or host.endswith(RESERVED)):
            yield match.group(0)


def _output_text(output: dict) -> str:
    """All the text of an output: what is printed, a result's textual forms, an error with its traceback."""
    parts = [_joined(output.get("text", "")), output.get("ename", ""), output.get("evalue", ""), *output.get("traceback", [])]
    for mime, data in output.get("data", {}).items():
        if mime.startswith("text/") or mime.endswith(("+xml", "json")):
            parts.append(_joined(data) if isinstance(data, (str, list)) else json.dumps(data))
    return ANSI.sub("", "\n".join(parts))


def _joined(text: str | list) -> str:
    return text if isinstance(text, str) else "".join(str(line) for line in text)


def _around(text: str, match: re.Match) -> str:
    return repr(text[max(0, match.start() - 15) : match.end() + 30])


def _text(notebook: nbformat.NotebookNode) -> str:
    return nbformat.writes(notebook).rstrip("\n") + "\n"


# ---- run and rebuild ----------------------------------------------------------------------------


def run(path: Path, kernel_name: str = "rust", seconds: float = SECONDS_PER_NOTEBOOK) -> nbformat.NotebookNode:
    """Runs every cell of the notebook at `path` in a fresh kernel, in its own folder, and gives back the
    notebook with the outputs. Nothing is written. `seconds` limits the cells together, not the kernel's start.

    Raises NotebookFailed when a cell that is not tagged `raises-exception` fails, or the time is over.
    """
    notebook = nbformat.read(path, as_version=4)
    asyncio.run(_run_cells(notebook.cells, path.parent, kernel_name, seconds))
    return notebook


async def _run_cells(cells: list[nbformat.NotebookNode], folder: Path, kernel_name: str, seconds: float) -> None:
    async with session(folder, kernel_name) as kernel:
        await kernel.run(cells, seconds)


def normalise(notebook: nbformat.NotebookNode) -> None:
    """Puts a notebook that has been run into normal form, in place."""
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNELSPEC, "language_info": LANGUAGE_INFO})
    count = 0
    for index, cell in enumerate(notebook.cells):
        cell.setdefault("id", f"cell-{index + 1}")
        cell.metadata = nbformat.from_dict({key: cell.metadata[key] for key in cell.metadata if key in CELL_METADATA})
        if cell.cell_type != "code":
            continue
        count += 1
        cell.execution_count = count
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = count


def _find(names: list[str]) -> list[Path]:
    every = sorted(FOLDER.glob("*.ipynb"))
    if not names:
        return every
    found: list[Path] = []
    for name in names:
        matching = [Path(name).resolve()] if Path(name).is_file() else [path for path in every if path.name.startswith(name)]
        if not matching:
            sys.exit(f"there is no notebook {name!r}: neither a file, nor the beginning of a name in notebooks/")
        found += matching
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["check", "run", "rebuild"])
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--kernel", default="rust", metavar="NAME")
    parser.add_argument("--seconds", type=float, default=SECONDS_PER_NOTEBOOK, metavar="N")
    arguments = parser.parse_intermixed_args()  # a NAME may also follow an option
    bad = 0
    for path in _find(arguments.names):
        problems: list[str] = []
        started = time.monotonic()
        try:
            if arguments.command != "check":
                notebook = run(path, arguments.kernel, arguments.seconds)
                if arguments.command == "rebuild":
                    normalise(notebook)
                    path.write_text(_text(notebook), encoding="utf-8")
            if arguments.command != "run":
                problems = check(path)
        except NotebookFailed as failure:
            problems = [str(failure)]
        bad += bool(problems)
        print(f"{'✗' if problems else '✓'} {path.name} ({time.monotonic() - started:.1f} s)", flush=True)
        for problem in problems:
            print("    " + problem.replace("\n", "\n    "), flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
