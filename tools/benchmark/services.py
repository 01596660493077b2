"""Measures the web service of `crates/services` beside its original in FastAPI on uvicorn, in one run.

    .venv/bin/python tools/benchmark.py services            about 8 minutes
    .venv/bin/python tools/benchmark.py services --quick    about 1 minute

Server and load generator have a core each (one process, one thread, one core for either server). Measured are: requests
per second and latency over the number of connections (wrk); latency over the offered rate; WebSocket answers per
second with 1 000 clients; the server's memory; and, with our server, clients: many calls at once by reqwest, aiohttp
and httpx. The last three use `cargo run --example load` of crates/services.

With --publish the figures are also written to assets/data/services-load.json, which lesson 13 draws; the table in README.md
has to be changed by hand then, from services.md.

It needs wrk (Debian, Ubuntu: sudo apt-get install wrk) and requirements-dev.txt in this Python's environment. The folder that --out
names gets services.md and services.json. Leave the machine alone meanwhile: a busy one is reported, and its
figures are worth little. Linux only.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import resource
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .processes import pss
from .report import about_the_machine, load
from .rounds import say

PROJECT = Path(__file__).resolve().parents[2]
PUBLISHED = PROJECT / "assets" / "data" / "services-load.json"
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", PROJECT / "target")) / "release"
ENDPOINT = "items/7?search_term=tea"
CONNECTIONS = (1, 10, 100, 1_000)
RATES = (250, 500, 1_000, 2_000, 4_000, 8_000)  # requests per second
CALLS = (10, 100, 1_000, 10_000)
SOCKETS = 1_000
SERVER_CORE, CLIENT_CORE = 0, 1


@dataclass
class Server:
    """What was measured of one server."""

    name: str
    connections: dict[int, dict[str, float]] = field(default_factory=dict)
    rates: dict[int, dict[str, float]] = field(default_factory=dict)
    sockets_per_second: float | None = None
    memory_at_rest: int = 0
    memory_peak: int = 0


def main(words: list[str]) -> int:
    """Reads the command line, runs, and writes the results. Gives back the exit status."""
    parser = argparse.ArgumentParser(
        prog="benchmark.py services", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=10.0, metavar="S", help="for each figure (usually 10)")
    parser.add_argument("--quick", action="store_const", dest="seconds", const=1.0)
    parser.add_argument("--note", default="", metavar="TEXT", help="what else is to be known of this run: goes into the figures")
    parser.add_argument("--publish", action="store_true", help="also write assets/data/services-load.json")
    parser.add_argument("--out", type=Path, default=PROJECT / "target" / "benchmark", metavar="DIR")
    arguments = parser.parse_args(words)
    if missing := _missing():
        say(missing)
        return 2
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    about = about_the_machine() | {"note": arguments.note}
    if about["load_before"] > about["cores"] / 2:
        say(f"warning: the machine is busy (load {about['load_before']}): the figures will be worth little")
    servers = [
        _measure("axum", _axum, arguments.seconds),
        _measure("FastAPI", _fastapi, arguments.seconds),
    ]
    with _axum() as (_, address):
        clients = _clients(address)
    about["load_after"] = load()
    arguments.out.mkdir(parents=True, exist_ok=True)
    figures = json.dumps(_figures(about, arguments.seconds, servers, clients), indent=1) + "\n"
    report = markdown(about, servers, clients)
    written = {arguments.out / "services.md": report, arguments.out / "services.json": figures}
    if arguments.publish:
        written[PUBLISHED] = figures
    for path, text in written.items():
        path.write_text(text, encoding="utf-8")
    print(report)
    say(f"written: {', '.join(map(str, written))}")
    return 0


def _missing() -> str | None:
    if not shutil.which("wrk"):
        return "wrk is missing; it makes the load. Get it: sudo apt-get install wrk"
    if len(os.sched_getaffinity(0)) < 2:
        return "this needs two processor cores: one for the server, one for the load"
    try:
        import aiohttp, fastapi, httpx, uvicorn  # noqa: E401, F401
    except ImportError as error:
        return f"{error}: install requirements-dev.txt into this Python's environment"
    build = ["cargo", "build", "--release", "--locked", "--package", "services", "--bins", "--examples"]
    if subprocess.run(build, cwd=PROJECT, check=False).returncode != 0:
        return "the servers could not be built"
    return None


# ---- the servers ------------------------------------------------------------------------------------------


def _on_core(core: int) -> Callable[[], None]:
    return lambda: os.sched_setaffinity(0, {core})


@contextmanager
def _axum() -> Iterator[tuple[int, str]]:
    command = [str(TARGET / "services"), "web", "--supervised", "--port", "0"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=_on_core(SERVER_CORE)
    ) as process:
        line = process.stdout.readline()
        yield process.pid, f"http://{json.loads(line)['address']}/"
        process.stdin.close()


@contextmanager
def _fastapi() -> Iterator[tuple[int, str]]:
    twin = PROJECT / "tests" / "python" / "twin"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}/"
    command = [sys.executable, "-m", "uvicorn", "app:app", "--app-dir", str(twin), "--port", str(port)]
    # As fast as uvicorn goes: uvloop, httptools, no line of log for a request or a WebSocket, room for many connections.
    command += ["--loop", "uvloop", "--http", "httptools", "--log-level", "warning", "--no-access-log", "--backlog", "4096"]
    with subprocess.Popen(command, preexec_fn=_on_core(SERVER_CORE)) as process:
        try:
            for _ in range(600):
                with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
                if process.poll() is not None:
                    raise RuntimeError("uvicorn did not start")
                time.sleep(0.1)
            yield process.pid, address
        finally:
            process.terminate()


# ---- what is measured of a server -------------------------------------------------------------------------


def _measure(name: str, start: Callable[[], Any], seconds: float) -> Server:
    server = Server(name)
    with start() as (process, address):
        url = address + ENDPOINT
        with urllib.request.urlopen(url, timeout=30) as answer:
            assert json.load(answer) == {"item_id": 7, "search_term": "tea"}, name
        _wrk(url, 10, 0.5)  # warms both sides up
        server.memory_at_rest = pss(process)
        for count in CONNECTIONS:
            say(f"  {name}: {count} connections")
            server.connections[count] = _wrk(url, count, seconds)
            server.memory_peak = max(server.memory_peak, pss(process))
        for rate in RATES:
            say(f"  {name}: {rate} requests a second")
            server.rates[rate] = _load("rate", url, rate, seconds)
            if server.rates[rate]["per_second"] < rate * 0.9:
                break  # It cannot keep up; at higher rates it only falls further behind.
        say(f"  {name}: {SOCKETS} WebSockets")
        answers = _load("sockets", address.replace("http", "ws", 1) + "ws", SOCKETS, seconds)
        server.sockets_per_second = answers["answers_per_second"]
        server.memory_peak = max(server.memory_peak, pss(process))
    return server


def _wrk(url: str, connections: int, seconds: float) -> dict[str, float]:
    command = ["wrk", "--threads", "1", "--connections", str(connections), "--latency"]
    command += ["--duration", f"{max(1, round(seconds))}s", "--timeout", "30s", url]
    text = subprocess.run(
        command, check=True, capture_output=True, text=True, preexec_fn=_on_core(CLIENT_CORE), timeout=seconds + 120
    ).stdout
    if "Non-2xx" in text or "Socket errors" in text:
        say(f"    wrk says: {[line for line in text.splitlines() if 'Non-2xx' in line or 'Socket errors' in line]}")
    return {
        "per_second": float(re.search(r"Requests/sec: +([\d.]+)", text)[1]),
        "p50": _seconds(re.search(r"50% +(\S+)", text)[1]),
        "p99": _seconds(re.search(r"99% +(\S+)", text)[1]),
    }


def _seconds(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)([a-z]+)", text).groups()
    return float(number) * {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}[unit]


def _load(*words: object) -> dict[str, float]:
    command = [str(TARGET / "examples" / "load"), *map(str, words)]
    run = subprocess.run(
        command, check=True, capture_output=True, text=True, preexec_fn=_on_core(CLIENT_CORE), timeout=300
    )
    return json.loads(run.stdout)


# ---- clients ----------------------------------------------------------------------------------------------


def _clients(address: str) -> dict[str, dict[int, float | None]]:
    """Seconds for so many calls at once, by client; None where it failed. Each client is a process of its own on one core."""
    url = address + ENDPOINT
    found: dict[str, dict[int, float | None]] = {"reqwest": {}, "aiohttp": {}, "httpx": {}}
    for count in CALLS:
        for name, times in found.items():
            say(f"  {name}: {count} calls at once")
            if name == "reqwest":
                command = [str(TARGET / "examples" / "load"), "calls", url, str(count)]
            else:
                code = f"from benchmark.services import python_calls; python_calls({name!r}, {url!r}, {count})"
                command = [sys.executable, "-c", code]
            try:
                run = subprocess.run(
                    command,
                    cwd=PROJECT / "tools",
                    check=True,
                    capture_output=True,
                    text=True,
                    timeout=180,
                    preexec_fn=_on_core(CLIENT_CORE),
                )
                outcome = json.loads(run.stdout)
                times[count] = None if outcome["failed"] else outcome["seconds"]
            except (subprocess.SubprocessError, ValueError) as error:
                say(f"    {name} failed: {str(error)[:200]}")
                times[count] = None
            time.sleep(1)  # Closed connections leave the server's tables.
    return found


def python_calls(client: str, url: str, count: int) -> None:
    """Makes `count` calls at once by aiohttp or httpx, without a limit on connections, as reqwest has none. Prints JSON."""
    print(json.dumps(asyncio.run(_aiohttp(url, count) if client == "aiohttp" else _httpx(url, count))))


async def _aiohttp(url: str, count: int) -> dict[str, float]:
    import aiohttp

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def call() -> None:
            async with session.get(url) as answer:
                answer.raise_for_status()
                await answer.read()

        return await _all_at_once(call, count)


async def _httpx(url: str, count: int) -> dict[str, float]:
    import httpx

    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(limits=limits, timeout=120, trust_env=False) as client:

        async def call() -> None:
            (await client.get(url)).raise_for_status()

        return await _all_at_once(call, count)


async def _all_at_once(call: Callable[[], Any], count: int) -> dict[str, float]:
    begin = time.perf_counter()
    outcomes = await asyncio.gather(*(call() for _ in range(count)), return_exceptions=True)
    failed = sum(isinstance(outcome, BaseException) for outcome in outcomes)
    return {"seconds": time.perf_counter() - begin, "failed": failed}


# ---- the figures ------------------------------------------------------------------------------------------


def _figures(
    about: dict[str, Any], seconds: float, servers: list[Server], clients: dict[str, dict[int, float | None]]
) -> dict[str, Any]:
    """All of it, as it is written: times in seconds, memory in bytes, `at` the connections, the offered requests per
    second, or the calls at once."""

    def steps(figures: dict[int, Any]) -> list[dict[str, Any]]:
        return [{"at": at} | found for at, found in figures.items()]

    return {
        "machine": about | {"seconds_for_each_figure": seconds},
        "servers": [
            asdict(server) | {"connections": steps(server.connections), "rates": steps(server.rates)} for server in servers
        ],
        "clients": [
            {"name": name, "calls": steps({count: {"seconds": seconds} for count, seconds in times.items()})}
            for name, times in clients.items()
        ],
    }


# ---- the report -------------------------------------------------------------------------------------------


def markdown(about: dict[str, Any], servers: list[Server], clients: dict[str, dict[int, float | None]]) -> str:
    """The tables, with what the machine was and how busy."""
    ours, theirs = servers
    lines = [
        f"{about['date']}; {about['processor']}, {about['cores']} cores, {about['memory_gb']} GB, {about['system']}; "
        f"{about['rustc']}, Python {about['python']}; load average {about['load_before']} before, {about['load_after']} after. "
        f"One core for the server, one for the load. {about['note']}".strip(),
        "",
        "| connections | axum, requests/s | FastAPI, requests/s | ratio | axum, p50 · p99 ms | FastAPI, p50 · p99 ms |",
        "|---:|---:|---:|---:|---:|---:|",
    ]
    for count in CONNECTIONS:
        a, b = ours.connections[count], theirs.connections[count]
        lines.append(
            f"| {count} | {a['per_second']:.0f} | {b['per_second']:.0f} | {a['per_second'] / b['per_second']:.1f} "
            f"| {_times(a)} | {_times(b)} |"
        )
    lines += ["", "| offered requests/s | axum, p50 · p99 ms | FastAPI, p50 · p99 ms |", "|---:|---:|---:|"]
    for rate in RATES:
        if rate in ours.rates or rate in theirs.rates:
            lines.append(f"| {rate} | {_kept_up(ours.rates.get(rate), rate)} | {_kept_up(theirs.rates.get(rate), rate)} |")
    a, b = ours.sockets_per_second, theirs.sockets_per_second
    megabytes = [f"{server.memory_at_rest / 1e6:.1f} at rest, {server.memory_peak / 1e6:.1f} at most" for server in servers]
    lines += [
        "",
        "| | axum | FastAPI | ratio |",
        "|---|---:|---:|---:|",
        f"| WebSocket answers/s, {SOCKETS} clients | {a:.0f} | {b:.0f} | {a / b:.1f} |",
        f"| memory, MB | {megabytes[0]} | {megabytes[1]} | {ours.memory_peak / theirs.memory_peak:.2f} |",
        "",
        "| calls at once | " + " | ".join(f"{name}, s" for name in clients) + " |",
        "|---:|" + "---:|" * len(clients),
    ]
    for count in CALLS:
        times = [clients[name].get(count) for name in clients]
        lines.append(f"| {count} | " + " | ".join("failed" if t is None else f"{t:.3f}" for t in times) + " |")
    return "\n".join(lines) + "\n"


def _times(figures: dict[str, float]) -> str:
    return f"{figures['p50'] * 1e3:.2f} · {figures['p99'] * 1e3:.2f}"


def _kept_up(figures: dict[str, float] | None, rate: int) -> str:
    if figures is None:
        return "not tried"
    if figures["per_second"] < rate * 0.9:
        return f"fell behind: {figures['per_second']:.0f}/s"
    return _times(figures)
