"""Holds the law of the cell against rustc: what compiles as a function's body, or as a program, must run as a cell and print the same.

    .venv/bin/python tools/oracle.py [--every N] [--only NAME] [--limit N] [--results FILE] [--list]

The examples are those in the documentation of the crates on this machine: of tokio, tokio-stream, tokio-util and futures
in cargo's registry folder (the versions in Cargo.lock), and of alloc, core and std in rust-src. They are read when this
runs; nothing of them is kept. Each one is taken twice: as it stands on the page, and whole, with its hidden lines.

An example counts when rustc (edition 2024) takes it, as the body of `async fn main() -> Result<(), Box<dyn Error>>` or as a program, and
when that ends well and prints the same twice. Then it is run as a cell, in a kernel that is restarted every 50 examples.

With --results, one line of JSON an example is added to FILE, and what is in it already is not run again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import queue
import re
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kernel_session import ANSI

ROOT = Path(__file__).resolve().parent.parent
DEPS = ROOT / ".cache/prebuilt/crate/target"
CRATES = ["tokio", "tokio-stream", "tokio-util", "futures", "futures-util"]
EXTERNS = ["tokio", "tokio_stream", "tokio_util", "futures", "reqwest", "serde_json", "anyhow", "tracing", "axum", "serde"]
SECONDS = 30.0
# So often runs a program whose output differs from the cell's: what prints other things by chance shows it then.
MANY = 10
CELLS_PER_KERNEL = 50
# An example with one of these words in its fence is not meant to run, or not here.
LEFT_OUT = {"ignore", "compile_fail", "should_panic", "no_run", "text", "console", "toml", "sh", "bash", "none", "custom", "json", "c"}


@dataclass(frozen=True)
class Example:
    """An example: where it stands, whether its hidden lines are in it, its code."""

    place: str
    form: str
    code: str

    @property
    def key(self) -> str:
        digest = hashlib.sha256(self.code.encode()).hexdigest()[:12]
        return f"{self.place} {self.form} {digest}"


# ---- reading the examples ---------------------------------------------------------------------------


def folders() -> dict[str, Path]:
    """Where the sources of the documented crates are, by name."""
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())
    versions = {package["name"]: package["version"] for package in lock["package"] if package["name"] in CRATES}
    home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    found = {}
    for registry in (home / "registry/src").glob("*"):
        for name, version in versions.items():
            if (registry / f"{name}-{version}/src").is_dir():
                found[name] = registry / f"{name}-{version}/src"
    sysroot = subprocess.run(["rustc", "--print", "sysroot"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    for name in ["alloc", "core", "std"]:
        folder = Path(sysroot) / f"lib/rustlib/src/rust/library/{name}/src"
        if folder.is_dir():
            found[name] = folder
    return found


def examples(name: str, folder: Path) -> Iterator[Example]:
    """The examples in the documentation comments of a crate, in the order of its files."""
    for file in sorted(folder.rglob("*.rs")):
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        fence, block = None, []
        for number, line in enumerate(lines, 1):
            comment = re.match(r"\s*//[/!] ?(.*)$", line)
            if not comment:
                fence = None
                continue
            text = comment.group(1)
            mark = re.match(r"\s*```+\s*([\w,\s-]*)$", text)
            if mark and fence is None:
                words = set(re.split(r"[,\s]+", mark.group(1).strip())) - {""}
                fence, block = (number, words), []
            elif mark:
                place, words = fence
                fence = None
                if not words & LEFT_OUT and not any(word.startswith("edition") or word.startswith("E0") for word in words):
                    at = f"{name}/{file.relative_to(folder)}:{place}"
                    yield from both_forms(at, block)
            elif fence:
                block.append(text)


def both_forms(place: str, block: list[str]) -> Iterator[Example]:
    """An example as it stands on the page, and, where that is another text, with its hidden lines."""
    shown, whole = [], []
    for line in block:
        stripped = line.lstrip()
        if stripped == "#" or stripped.startswith("# "):
            whole.append(line.replace("# ", "", 1) if stripped != "#" else "")
            continue
        line = line.replace("##", "#", 1) if stripped.startswith("##") else line
        shown.append(line)
        whole.append(line)
    shown, whole = "\n".join(shown).strip("\n"), "\n".join(whole).strip("\n")
    if shown.strip():
        yield Example(place, "page", shown)
    if whole != shown:
        yield Example(place, "whole", whole)


# ---- what rustc says -----------------------------------------------------------------------------


class Rustc:
    """Compiles examples as programs of their own, against what cells link to."""

    def __init__(self) -> None:
        deps = next(iter(DEPS.glob("*/debug/deps")))
        # Macros that are compiled for the machine that compiles are in a folder of their own.
        macros = DEPS / "debug/deps"
        self._flags = ["--edition=2024", "-Cdebuginfo=0", "-Copt-level=0", "--cap-lints=allow", "--cfg", "tokio_unstable"]
        self._flags += ["-L", f"dependency={deps}", "-L", f"dependency={macros}"]
        for name in EXTERNS:
            library = next(iter(sorted(deps.glob(f"lib{name}-*.rlib"))), None)
            if library:
                self._flags += ["--extern", f"{name}={library}"]

    def output(self, code: str, runs: int = 2) -> str | None:
        """What the example prints, in the first reading that compiles; None when none does, or it fails, or prints other things in
        one of so many runs. Each run has a folder and an environment of its own: what depends on them is the place's, not the code's."""
        for program in self._readings(code):
            with tempfile.TemporaryDirectory() as folder:
                source, binary = Path(folder, "example.rs"), Path(folder, "example")
                source.write_text(program)
                command = ["rustc", *self._flags, str(source), "-o", str(binary)]
                if subprocess.run(command, cwd=ROOT, capture_output=True, timeout=120).returncode:
                    continue
                first = self._run(binary, "run-0")
                is_steady = first is not None and all(self._run(binary, f"run-{number}") == first for number in range(1, runs))
                return first if is_steady else None
        return None

    @staticmethod
    def _readings(code: str) -> Iterator[str]:
        if re.search(r"\bfn\s+main\s*\(", code):
            yield code
        inner = [line for line in code.splitlines() if line.startswith("#![")]
        rest = "\n".join(line for line in code.splitlines() if not line.startswith("#!["))
        head = "\n".join(inner) + "\n#[tokio::main]\nasync fn main() -> Result<(), Box<dyn std::error::Error>> {\n"
        yield f"{head}{rest}\n;Ok(())\n}}"
        yield f"{head}{rest}\n}}"

    @staticmethod
    def _run(binary: Path, name: str) -> str | None:
        environment = {**os.environ, "ORACLE_RUN": name}
        with tempfile.TemporaryDirectory(prefix=name) as folder:
            try:
                ran = subprocess.run(
                    [binary], cwd=folder, env=environment, capture_output=True, stdin=subprocess.DEVNULL, timeout=SECONDS
                )
            except subprocess.TimeoutExpired:
                return None
        return ran.stdout.decode(errors="replace") if ran.returncode == 0 else None


# ---- what the kernel does ------------------------------------------------------------------------


class Cells:
    """A kernel, restarted now and then."""

    def __init__(self, kernel: str) -> None:
        self._kernel, self._left, self._manager, self._client, self._folder = kernel, 0, None, None, None

    def run(self, code: str, *, fresh: bool = False) -> tuple[str, str | None]:
        """What the cell prints, and its error where it has one; `fresh`: in a kernel that has run nothing yet."""
        from jupyter_client.manager import KernelManager

        if self._left == 0 or fresh:
            self.close()
            self._folder = tempfile.TemporaryDirectory()
            self._manager = KernelManager(kernel_name=self._kernel)
            self._manager.start_kernel(cwd=self._folder.name)
            self._client = self._manager.client()
            self._client.start_channels()
            self._client.wait_for_ready(timeout=120)
            self._left = CELLS_PER_KERNEL
        self._left -= 1
        request = self._client.execute(code, allow_stdin=False)
        printed, error, end = [], None, time.monotonic() + 4 * SECONDS
        while time.monotonic() < end:
            try:
                message = self._client.get_iopub_msg(timeout=1)
            except queue.Empty:
                continue
            if message["parent_header"].get("msg_id") != request:
                continue
            content = message["content"]
            match message["msg_type"]:
                case "stream" if content["name"] == "stdout":
                    printed.append(content["text"])
                case "error":
                    error = ANSI.sub("", f"{content['ename']}: {content['evalue']}")
                case "status" if content["execution_state"] == "idle":
                    return "".join(printed), error
        self._left = 0
        return "".join(printed), f"still running after {4 * SECONDS:.0f} s"

    def close(self) -> None:
        if self._manager:
            self._client.stop_channels()
            self._manager.shutdown_kernel(now=True)
            self._folder.cleanup()


def verdict(example: Example, rustc: Rustc, cells: Cells) -> dict:
    """The example's line in the results."""
    expected = rustc.output(example.code)
    if expected is None:
        return {"key": example.key, "verdict": "left out"}
    printed, error = cells.run(example.code)
    if error or printed != expected:
        # Items of earlier examples are there, too, and may get in the way, as in one module. By itself it has to run.
        printed, error = cells.run(example.code, fresh=True)
    if not error and printed != expected and rustc.output(example.code, runs=MANY) is None:
        return {"key": example.key, "verdict": "left out"}
    if error:
        return {"key": example.key, "verdict": "failed", "why": error[:400]}
    if printed != expected:
        return {"key": example.key, "verdict": "differs", "why": f"{expected[:150]!r} became {printed[:150]!r}"}
    return {"key": example.key, "verdict": "same"}


def chosen(every: int, only: str | None, limit: int | None) -> list[Example]:
    """Each `every`th example of each crate."""
    found = []
    for name, folder in sorted(folders().items()):
        if only in (None, name):
            found += list(examples(name, folder))[::every]
    return found[:limit]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=1, help="take each Nth example of each crate")
    parser.add_argument("--only", help="the examples of one crate")
    parser.add_argument("--limit", type=int, help="at most this many examples")
    parser.add_argument("--results", type=Path, help="the file to add the results to, and to go on from")
    parser.add_argument("--kernel", default="rust")
    parser.add_argument("--list", action="store_true", help="list the examples and run nothing")
    arguments = parser.parse_args()
    every_one = chosen(arguments.every, arguments.only, arguments.limit)
    if arguments.list:
        print(*(example.key for example in every_one), sep="\n")
        return 0
    done = {}
    if arguments.results and arguments.results.exists():
        lines = arguments.results.read_text().splitlines()
        done = {result["key"]: result for result in map(json.loads, lines)}
    rustc, cells = Rustc(), Cells(arguments.kernel)
    try:
        for example in every_one:
            if example.key in done:
                continue
            result = done[example.key] = verdict(example, rustc, cells)
            if result["verdict"] not in ("same", "left out"):
                print(f"{result['verdict']}: {example.key}\n    {result['why']}", flush=True)
            if arguments.results:
                with arguments.results.open("a") as file:
                    file.write(json.dumps(result) + "\n")
    finally:
        cells.close()
    counts = {word: sum(done[it.key]["verdict"] == word for it in every_one if it.key in done) for word in ("same", "differs", "failed", "left out")}
    counted = sum(counts.values()) - counts["left out"]
    print(f"{counts['same']} of {counted} that rustc takes run as cells and print the same; {counts['differs']} differ, {counts['failed']} fail; {counts['left out']} left out")
    return 0 if counts["same"] == counted else 1


if __name__ == "__main__":
    sys.exit(main())
