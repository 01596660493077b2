"""Set-up side by side: `./kernel-setup.sh` in a fresh clone, and `cargo install evcxr_jupyter`.

    .venv/bin/python tools/benchmark.py setup

Both are compiled from nothing, one after the other, with the same cargo home: run it twice if crates have to be downloaded, and
take the second run. It takes half an hour, and some 4 GB of disk, in a folder that is deleted afterwards. The table goes to stdout.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
from pathlib import Path

from .report import about_the_machine, load, number
from .rounds import say

PROJECT = Path(__file__).resolve().parents[2]
LIMIT = 7200  # seconds for one of them
MADE_HERE = ("target", ".cache", ".venv")


def main(arguments: list[str]) -> int:
    """Reads the command line, measures, and prints the table. The exit status is 1 when one of them failed."""
    parser = argparse.ArgumentParser(prog="benchmark.py setup", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stock", default="0.22.0", metavar="VERSION", help="of evcxr_jupyter (usually 0.22.0)")
    version = parser.parse_args(arguments).stock
    about = about_the_machine()
    with tempfile.TemporaryDirectory(prefix="benchmark-", ignore_cleanup_errors=True) as folder:
        clone, stock = Path(folder) / "clone", Path(folder) / "stock"
        subprocess.run(["git", "clone", "--quiet", str(PROJECT), str(clone)], check=True)
        # Set-up sees nothing of the environment that this runs in.
        hidden = {"ASYNC_NOTEBOOK_RELEASE", "CARGO_TARGET_DIR", "VIRTUAL_ENV"}
        environment = {name: value for name, value in os.environ.items() if name not in hidden}
        install = ["cargo", "install", "--locked", f"evcxr_jupyter@{version}", "--root", str(stock), "--target-dir", str(stock / "target")]
        runs = {
            "this project, all of it": (["./kernel-setup.sh"], clone, [clone / name for name in MADE_HERE]),
            f"`cargo install evcxr_jupyter` {version}": (install, Path(folder), [stock]),
        }
        seconds, megabytes = {}, {}
        for name, (command, place, made) in runs.items():
            say(f"  {name}")
            started = time.perf_counter()
            try:
                subprocess.run(command, cwd=place, env=environment, stdout=2, check=True, timeout=LIMIT)
            except (subprocess.SubprocessError, OSError) as error:
                say(f"  failed: {error}")
                return 1
            seconds[name] = time.perf_counter() - started
            megabytes[name] = sum(map(_size, made)) / 1e6
    ours, other = runs
    print(f"{about['date']}; {about['processor']}, {about['cores']} cores; {about['rustc']}; load before {about['load_before']}, after {load()}\n")
    print(f"| | {ours} | {other} | ratio |\n|---|---:|---:|---:|")
    for label, figures in (("set-up, s", seconds), ("disk, MB", megabytes)):
        print(f"| {label} | {number(figures[ours])} | {number(figures[other])} | {number(figures[ours] / figures[other])} |")
    return 0


def _size(folder: Path) -> int:
    """Bytes of all files in a folder; what has several names counts once."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            status = path.stat()
            found[status.st_ino] = status.st_size
    return sum(found.values())
