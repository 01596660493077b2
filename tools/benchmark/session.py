"""One running kernel, spoken to as a front end does: over its sockets, with JupyterLab's metadata.

The sockets are read here directly, and not through jupyter_client's clients, whose own waiting would add to what is
measured. A cell has ended when both its reply and its "idle" have arrived.
"""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zmq
from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
from jupyter_client.manager import KernelManager

_ANSI = re.compile(r"\x1b\[[0-9;]*m")


# The notebook that a session is of, and what this project's kernel keeps compiled cells in: in the session's folder.
NOTEBOOK, COMPILED_CELLS = "lesson.ipynb", "compiled-cells"


class KernelFailed(Exception):
    """The kernel is of no more use: the message says why."""


@dataclass(frozen=True)
class Outcome:
    """What became of a cell: seconds from the request until it had ended, and why it counts as failed, if it does."""

    seconds: float
    failure: str | None


class Session:
    """A kernel from its start to its end. Not for use by several threads."""

    def __init__(self, name: str, folder: Path, limit: float) -> None:
        """Starts the kernel of the kernelspec `name` in `folder`, where its log goes, too, and waits at most `limit`
        seconds until it has answered `kernel_info_request`.

        Raises KernelFailed when it cannot be started or does not answer.
        """
        self.notebook = folder / NOTEBOOK
        self._context = zmq.Context()
        # A socket tries again at once where the kernel is not listening yet, not after 100 ms.
        self._context.setsockopt(zmq.RECONNECT_IVL, 2)
        self._context.setsockopt(zmq.LINGER, 0)
        self._manager = KernelManager(kernel_name=name)
        self._log = (folder / "kernel.log").open("wb")
        environment = {
            **os.environ,
            "JPY_SESSION_NAME": str(self.notebook),
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
            # Nothing is kept from an earlier run, or by another kernel.
            "ASYNC_NOTEBOOK_COMPILED_CELLS": str(folder / COMPILED_CELLS),
        }
        self.started = time.perf_counter()
        try:
            self._manager.start_kernel(env=environment, cwd=str(folder), stdout=self._log, stderr=self._log)
        except NoSuchKernel:
            installed = ", ".join(sorted(KernelSpecManager().find_kernel_specs())) or "none"
            self._close()
            raise KernelFailed(f"there is no kernelspec of this name; installed: {installed}") from None
        except Exception as error:
            self._close()
            raise KernelFailed(f"it could not be started: {error}") from error
        self.pid: int = self._manager.provisioner.pid
        try:
            self._connect()
            self.info = self._kernel_info(limit)
            self.seconds_to_kernel_info = time.perf_counter() - self.started
            self._wait_for_output_channel()
        except BaseException:
            self.stop()
            raise

    def execute(self, code: str, cell_id: str, expect: str | None, limit: float) -> Outcome:
        """Runs a cell, and gives back how long it took and whether it showed what it must.

        Raises KernelFailed when it has not ended after `limit` seconds, or the kernel is gone.
        """
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": True,
        }
        metadata = {"cellId": cell_id, "deletedCells": [], "recordTiming": False, "trusted": True}
        sent = time.perf_counter()
        reply, outputs = self._request("execute_request", content, metadata, limit)
        seconds = time.perf_counter() - sent
        return Outcome(seconds, _failure(reply, outputs, expect))

    def text_of(self, code: str, limit: float) -> str:
        """Runs a cell, and gives back its result as plain text (empty: it has none). Raises KernelFailed."""
        content = {"code": code, "silent": False, "store_history": False, "allow_stdin": False}
        _, outputs = self._request("execute_request", content, {}, limit)
        results = (message["content"].get("data", {}).get("text/plain", "") for message in outputs)
        return next((text for text in results if text), "")

    def stop(self) -> None:
        """Asks the kernel to end, and ends it by force when it does not within 5 s."""
        try:
            self._manager.shutdown_kernel()
        except Exception:
            self._manager.shutdown_kernel(now=True)
        finally:
            self._close()

    def _connect(self) -> None:
        addresses = self._manager.get_connection_info()

        def channel(kind: int, name: str) -> zmq.Socket:
            socket = self._context.socket(kind)
            if kind == zmq.SUB:
                socket.subscribe(b"")
            socket.connect(f"{addresses['transport']}://{addresses['ip']}:{addresses[name + '_port']}")
            return socket

        self._shell = channel(zmq.DEALER, "shell")
        self._iopub = channel(zmq.SUB, "iopub")
        self._poller = zmq.Poller()
        self._poller.register(self._shell, zmq.POLLIN)
        self._poller.register(self._iopub, zmq.POLLIN)

    def _kernel_info(self, limit: float) -> dict[str, Any]:
        reply, _ = self._request("kernel_info_request", {}, {}, limit, until_idle=False)
        return reply["content"]

    def _wait_for_output_channel(self) -> None:
        # What is published before this socket is connected is lost, so ask until an answer's "idle" arrives.
        for _ in range(100):
            try:
                self._request("kernel_info_request", {}, {}, 0.2)
                return
            except TimeoutError:
                continue
        raise KernelFailed("its output channel (iopub) says nothing")

    def _request(
        self, kind: str, content: dict, metadata: dict, limit: float, *, until_idle: bool = True
    ) -> tuple[dict, list[dict]]:
        """Sends a request; gives back its reply and what was published for it."""
        session = self._manager.session
        request = session.send(self._shell, kind, content, metadata=metadata)
        identity = request["header"]["msg_id"]
        reply, outputs, idle = None, [], not until_idle
        end = time.monotonic() + limit
        while reply is None or not idle:
            left = end - time.monotonic()
            if left <= 0:
                message = f"not done within {limit:g} s: {_shortened(content.get('code', kind))}"
                raise TimeoutError(message) if kind == "kernel_info_request" and until_idle else KernelFailed(message)
            ready = dict(self._poller.poll(min(left, 0.5) * 1000))
            if not ready and self._manager.provisioner.process.poll() is not None:
                code = self._manager.provisioner.process.returncode
                raise KernelFailed(
                    f"the kernel's process ended with status {code} during: {_shortened(content.get('code', kind))}"
                )
            for socket in ready:
                _, message = session.recv(socket, mode=0)
                if message["parent_header"].get("msg_id") != identity:
                    continue
                if socket is self._shell:
                    reply = message
                elif message["msg_type"] == "status":
                    idle |= message["content"]["execution_state"] == "idle"
                else:
                    outputs.append(message)
        return reply, outputs

    def _close(self) -> None:
        self._context.destroy(linger=0)
        self._log.close()


def _failure(reply: dict, outputs: list[dict], expect: str | None) -> str | None:
    seen: list[str] = []
    for message in outputs:
        content = message["content"]
        if message["msg_type"] == "error":
            return _shortened(f"{content['ename']}: {content['evalue']}")
        if message["msg_type"] == "stream":
            seen.append(_ANSI.sub("", content["text"]).strip())
        for media_type, data in content.get("data", {}).items():
            seen += [media_type, _ANSI.sub("", str(data)).strip()]
    if reply["content"].get("status") != "ok":
        return _shortened(
            f"{reply['content'].get('ename', 'reply')}: {reply['content'].get('evalue', reply['content'].get('status'))}"
        )
    if expect is not None and expect not in seen:
        return _shortened(f"showed {' '.join(seen) or 'nothing'!r} and not {expect!r}")
    return None


def _shortened(text: str) -> str:
    line = " ".join(_ANSI.sub("", text).split())
    return line if len(line) <= 160 else line[:159] + "…"
