"""Runs cells one after another in a fresh kernel: what `notebooks.py` and the tests of the notebooks do with a notebook."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import nbformat
from nbformat import NotebookNode

ANSI = re.compile(r"\x1b\[[0-9;]*m")


class NotebookFailed(Exception):
    """A notebook did not run through: the message says which cell, and why."""


class Session:
    """A kernel that has started, and the cells it has run so far."""

    def __init__(self, client) -> None:
        self._client = client

    async def run(self, cells: Iterable[NotebookNode], seconds: float) -> None:
        """Runs `cells` and puts their outputs into them. All of them together may take `seconds`.

        Raises NotebookFailed when a cell that is not tagged `raises-exception` fails, the kernel dies, or the time is over.
        """
        # Not wait_for: nbclient reports a cancelled cell as a dead kernel.
        task = asyncio.create_task(self._run_each(cells))
        await asyncio.wait({task}, timeout=seconds)
        if task.done():
            return task.result()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise self._failed(f"still running when the {seconds:.0f} s for these cells were over")

    async def _run_each(self, cells: Iterable[NotebookNode]) -> None:
        from nbclient.exceptions import CellExecutionError, DeadKernelError

        ran = self._client.nb.cells
        try:
            for cell in cells:
                ran.append(cell)
                await self._client.async_execute_cell(cell, len(ran) - 1)
        except CellExecutionError as error:
            raise self._failed(ANSI.sub("", error.traceback)) from None
        except DeadKernelError:
            raise self._failed("the kernel died") from None

    def _failed(self, why: str) -> NotebookFailed:
        ran = self._client.nb.cells
        return NotebookFailed(f"cell {len(ran)} ({ran[-1].get('id')}):\n{ran[-1].source}\n---\n{why}")


@asynccontextmanager
async def session(folder: Path, kernel_name: str = "rust") -> AsyncIterator[Session]:
    """Starts a kernel in `folder`, and ends it. Raises NotebookFailed when there is no kernel of this name."""
    # Imported here: `notebooks.py check` does without it. The kernel in this Python's own prefix goes before the user's.
    os.environ.setdefault("JUPYTER_PREFER_ENV_PATH", "1")
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient import NotebookClient

    client = NotebookClient(
        nbformat.v4.new_notebook(),
        kernel_name=kernel_name,
        timeout=None,  # one limit for all cells, in `run`
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(folder)}},
    )
    client.reset_execution_trackers()
    try:
        with tempfile.TemporaryDirectory(prefix="progress-") as fresh:
            # The committed outputs are those of a reader who has just begun, and whose progress counts.
            environment = {**os.environ, "ASYNC_NOTEBOOK_PROGRESS": str(Path(fresh, "progress.json"))}
            async with client.async_setup_kernel(env=environment):
                yield Session(client)
    except NoSuchKernel:
        raise NotebookFailed(f"there is no kernel {kernel_name!r} in {sys.prefix}: run ./kernel-setup.sh first") from None
