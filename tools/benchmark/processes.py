"""Memory and activity of a kernel's whole process tree, from /proc (Linux).

Memory is PSS: a page that several processes share counts once, in parts. Reading it makes the kernel walk page
tables, which would disturb what is being timed. So the peak is watched by RSS, which is cheap, and PSS is read only
when RSS has reached a new height.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

_PROC = Path("/proc")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_NEW_HEIGHT = 1.02
_EVERY = 0.1  # seconds between two looks at the memory


def tree(root: int) -> list[int]:
    """The process with the id `root` and all its descendants that live now."""
    found, waiting = [], [root]
    while waiting:
        process = waiting.pop()
        found.append(process)
        try:
            for task in (_PROC / str(process) / "task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
        except OSError:
            continue  # It has ended meanwhile.
    return found


def pss(root: int) -> int:
    """Bytes of memory of the tree under `root`, shared pages in parts."""
    total = 0
    for process in tree(root):
        try:
            text = (_PROC / str(process) / "smaps_rollup").read_text()
        except OSError:
            continue
        total += next((int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("Pss:")), 0)
    return total


def _rss(root: int) -> int:
    total = 0
    for process in tree(root):
        try:
            total += int((_PROC / str(process) / "statm").read_text().split()[1]) * _PAGE
        except (OSError, IndexError):
            continue
    return total


def _activity(roots: list[int]) -> dict[int, int]:
    """Clock ticks of processor time that each process of the trees has used so far."""
    ticks = {}
    for process in (process for root in roots for process in tree(root)):
        try:
            fields = (_PROC / str(process) / "stat").read_text().rpartition(")")[2].split()
            ticks[process] = int(fields[11]) + int(fields[12])
        except (OSError, IndexError):
            continue
    return ticks


def wait_until_quiet(roots: list[int], limit: float = 5.0) -> bool:
    """Waits until the trees under `roots` use next to no processor time, at most `limit` seconds.

    Gives back whether they became quiet. Quiet: no process came or went, and at most one clock tick (10 ms) was
    used, in 0.25 s.
    """
    end = time.monotonic() + limit
    before = _activity(roots)
    while time.monotonic() < end:
        time.sleep(0.25)
        now = _activity(roots)
        if now.keys() == before.keys() and sum(now.values()) - sum(before.values()) <= 1:
            return True
        before = now
    return False


class PeakWatch:
    """Watches one tree at a time, from a thread of its own, and keeps the highest PSS of each."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._root: int | None = None
        self._rss: dict[int, float] = {}
        self._peaks: dict[int, int] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="peak", daemon=True)
        self._thread.start()

    def watch(self, root: int | None) -> None:
        """Watches the tree under `root` from now on, and no other; None: none."""
        with self._lock:
            self._root = root

    def peak(self, root: int) -> int | None:
        """Bytes at the highest point seen of this tree, and forgets it; None when it was never seen."""
        self._rss.pop(root, None)
        return self._peaks.pop(root, None)

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join(5)

    def _run(self) -> None:
        while not self._stopped.wait(_EVERY):
            with self._lock:
                root = self._root
            if root is None:
                continue
            rss = _rss(root)
            if rss > _NEW_HEIGHT * self._rss.get(root, 0):
                self._rss[root] = rss
                self._peaks[root] = max(self._peaks.get(root, 0), pss(root))
