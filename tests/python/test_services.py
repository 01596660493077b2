"""The web service of `crates/services`, from outside: its OpenAPI document against its behavior (schemathesis), its
Swagger UI in a browser (Chromium), and its WebSockets with a client that is not ours (`websockets`)."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import websockets
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("ASYNC_NOTEBOOK_SERVICES", ROOT / ".cache" / "prebuilt" / "services"))
# How many requests schemathesis makes up for each operation; more when asked for.
EXAMPLES = os.environ.get("SERVICES_CONTRACT_EXAMPLES", "8")
LIMIT = 60  # seconds for any one exchange


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    """The address of a web service that ends with the test, such as `http://127.0.0.1:40123/`."""
    command = [PROGRAM, "web", "--supervised", "--port", "0", "--run-ms", "10"]
    # It ends when its standard input does: also when this process is killed.
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline()
        assert line, f"{PROGRAM} did not start: run ./kernel-setup.sh"
        yield f"http://{json.loads(line)['address']}/"
        process.stdin.close()
        assert process.wait(LIMIT) == 0


@pytest.mark.timeout(600)
def test_contract(web: str, tmp_path: Path) -> None:
    """Every operation keeps to the document: statuses, bodies, headers, what it refuses, and what it accepts."""
    schemathesis = Path(sys.prefix, "bin", "schemathesis")
    run = subprocess.run(
        [schemathesis, "run", f"{web}openapi.json", "--checks", "all", "--max-examples", EXAMPLES, "--seed", "11"]
        + ["--no-color", "--request-timeout", str(LIMIT)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    print(run.stdout[-6_000:])
    assert run.returncode == 0, run.stdout[-6_000:] + run.stderr[-2_000:]
    assert "Unresolvable" not in run.stdout
    assert "No API operations" not in run.stdout


def test_a_call_from_swagger_ui(web: str, browser: webdriver.Chrome, tmp_path: Path) -> None:
    """A task is made with the page's own example, by the page's own buttons, and is there afterwards."""
    wait = WebDriverWait(browser, LIMIT)

    def click(selector: str) -> None:
        wait.until(lambda _: browser.find_element(By.CSS_SELECTOR, selector)).click()

    def text(selector: str) -> str:
        return wait.until(lambda _: browser.find_element(By.CSS_SELECTOR, selector).text)

    browser.get(f"{web}docs")
    operation = ".opblock-post:has([data-path='/tasks'])"
    click(f"{operation} .opblock-summary-control")
    click(f"{operation} .try-out__btn")
    click(f"{operation} .execute")
    answer = f"{operation} .live-responses-table .response"
    status = text(f"{answer} .response-col_status")
    body = json.loads(text(f"{answer} .response-col_description .microlight"))
    screenshot = tmp_path / "swagger-ui.png"
    shown = browser.find_element(By.CSS_SELECTOR, answer)
    browser.execute_script("arguments[0].scrollIntoView({block: 'end'})", shown)
    browser.save_screenshot(str(screenshot))
    print(f"screenshot: {screenshot}")

    assert status.split()[0] == "201"
    with urllib.request.urlopen(f"{web}tasks/{body['id']}", timeout=LIMIT) as response:
        assert json.load(response) == body
    # All that the page consists of came from the service.
    loaded = browser.execute_script("return performance.getEntriesByType('resource').map(entry => entry.name)")
    assert loaded
    assert [url for url in loaded if not url.startswith((web, "data:"))] == []


def _conversation(web: str, path: str):
    return websockets.connect(web.replace("http", "ws", 1) + path, open_timeout=LIMIT, close_timeout=LIMIT)


async def _next(socket) -> dict:
    return json.loads(await asyncio.wait_for(socket.recv(), LIMIT))


def test_it_saves_and_answers(web: str) -> None:
    async def talk() -> None:
        async with _conversation(web, "ws/ana") as ana:
            await ana.send("remember the milk")
            answer = await _next(ana)
            assert (answer["type"], answer["text"]) == ("saved", "remember the milk")
            # A ping is answered, whatever else goes on.
            await asyncio.wait_for(await ana.ping(), LIMIT)

    asyncio.run(talk())


def test_people_in_a_room(web: str) -> None:
    async def talk() -> None:
        async with _conversation(web, "ws/ben") as ben, _conversation(web, "ws/eve") as eve:
            for socket in (ben, eve):
                await socket.send(json.dumps({"type": "join", "room": "tea"}))
                assert (await _next(socket))["type"] == "joined"
            assert (await _next(ben))["user"] == "eve"
            await eve.send(json.dumps({"type": "say", "room": "tea", "text": "green?"}))
            assert await _next(ben) == {"type": "room", "room": "tea", "from": "eve", "text": "green?"}
            assert (await _next(eve))["type"] == "room"
            assert await _next(eve) == {"type": "delivered", "to": 2}
            await eve.close()
            assert await _next(ben) == {"type": "left", "room": "tea", "user": "eve", "members": 1}

    asyncio.run(talk())


def test_sensors(web: str) -> None:
    async def talk() -> None:
        async with _conversation(web, "ws/sensors") as sensors:
            for value, average in ((20.0, 20.0), (23.0, 21.5)):
                await sensors.send(json.dumps({"sensor": "kitchen", "value": value}))
                answer = await _next(sensors)
                assert (answer["type"], answer["average"]) == ("reading", average)
            await sensors.send("warm")
            assert (await _next(sensors))["type"] == "error"

    asyncio.run(talk())


def test_what_is_not_a_websocket_message_ends_only_its_own_connection(web: str) -> None:
    async def talk() -> None:
        async with _conversation(web, "ws/loud") as loud, _conversation(web, "ws/calm") as calm:
            await loud.send("x" * 1_000_000)
            with pytest.raises(websockets.ConnectionClosed):
                while True:
                    await _next(loud)
            await calm.send("still here")
            assert (await _next(calm))["type"] == "saved"

    asyncio.run(talk())
