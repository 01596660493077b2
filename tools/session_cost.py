"""What a learner's session costs: time, processor and memory, over whole lessons. Run it under the limits of a hosted session.

    .venv/bin/python tools/session_cost.py 00 08      these lessons, each in a fresh kernel, beside a JupyterLab server
    docker run --memory 2g --cpus 1 …                 with an image: see .github/workflows/image.yml
    systemd-run --user --scope -p MemoryMax=2G -p CPUQuota=100% .venv/bin/python tools/session_cost.py 08

Memory is the sum of all processes, each page counted once (PSS); processor time is that of the kernel, the compilers and the cells.
Ends with a non-zero status when a lesson fails.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import nbformat
import notebooks
from kernel_session import NotebookFailed, session

LIMIT = 1800  # seconds for a lesson
MEGABYTE = 1024  # of the kilobytes that /proc counts in


def tree(root: int) -> list[int]:
    """The process `root` and all that descend from it."""
    found, waiting = [], [root]
    while waiting:
        process = waiting.pop()
        found.append(process)
        for task in Path(f"/proc/{process}/task").glob("*/children"):
            try:
                waiting += map(int, task.read_text().split())
            except OSError:
                pass  # it has ended
    return found


def memory(processes: list[int]) -> float:
    """Megabytes that these processes hold; what they share counts once."""
    total = 0
    for process in processes:
        try:
            for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        except OSError:
            pass  # it has ended
    return total / MEGABYTE


class Watch:
    """Looks at the memory of this process's descendants four times a second until it is stopped; `peak` is in megabytes."""

    def __init__(self) -> None:
        self.peak = self.now = 0.0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def _look(self) -> None:
        own = os.getpid()
        while not self._end.wait(0.25):
            self.now = memory([process for process in tree(own) if process != own])
            self.peak = max(self.peak, self.now)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()


def processor_seconds() -> float:
    """What the children that have ended have used, with all their own."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


async def cost_of(path: Path) -> dict[str, float]:
    """Runs the lesson at `path` from its top in a fresh kernel. Raises NotebookFailed."""
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    before, begun = processor_seconds(), time.monotonic()
    cost: dict[str, float] = {}
    with Watch() as watch:
        async with session(path.parent) as kernel:
            cost["start s"] = time.monotonic() - begun
            first = nbformat.v4.new_code_cell("tokio::time::sleep(std::time::Duration::from_millis(1)).await;\n6 * 7")
            await kernel.run([first], LIMIT)
            cost["first result s"] = time.monotonic() - begun
            await kernel.run(cells, LIMIT)
            cost["lesson s"] = time.monotonic() - begun
            await asyncio.sleep(1)  # the memory at rest: what the last cell needed has been given back
            cost["at rest MB"] = watch.now
        cost["peak MB"] = watch.peak
    cost["processor s"] = processor_seconds() - before
    return cost


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lessons", nargs="+", help="the beginnings of the lessons' names")
    lessons = parser.parse_args().lessons
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.token=x", f"--ServerApp.root_dir={folder}"]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            for name in lessons:
                (path,) = notebooks.FOLDER.glob(f"{name}-*.ipynb")
                try:
                    cost = asyncio.run(cost_of(path))
                    print(f"{path.stem:32}", "  ".join(f"{what} {value:.1f}" for what, value in cost.items()), flush=True)
                except NotebookFailed as error:
                    failed += 1
                    print(f"{path.stem}: {error}", file=sys.stderr, flush=True)
            print(f"JupyterLab's server alone: {memory(tree(server.pid)):.0f} MB")
        finally:
            server.terminate()
            server.wait(30)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
