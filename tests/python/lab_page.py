"""JupyterLab as its users see it: starts `./kernel-setup.sh lab`, and works its page by mouse and keyboard.

Nothing here sleeps: each step waits for what a user would wait for, and says what it was when it does not come.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.common.exceptions import TimeoutException, WebDriverException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = ROOT / ".cache" / "screenshots"
LIMIT = 180  # seconds for any one thing to happen on the page
START_LIMIT = 300  # seconds for the server: the script first looks whether all is built

# The notebook that is in front, and the cell that is selected in it.
PANEL = ".jp-NotebookPanel:not(.lm-mod-hidden)"
ACTIVE = f"{PANEL} .jp-Notebook .jp-Cell.jp-mod-active"


class Server:
    """A JupyterLab server whose files are in `folder`; `url` ends with a slash."""

    def __init__(self, process: subprocess.Popen, url: str, folder: Path) -> None:
        self._process = process
        self.url = url
        self.folder = folder

    def get(self, path: str) -> Any:
        """What the server's REST API answers at `path`, such as `api/kernels`."""
        with urllib.request.urlopen(self.url + path, timeout=LIMIT) as response:
            return json.load(response)

    def wait_until_it_answers(self, log: Path) -> None:
        limit = time.monotonic() + START_LIMIT
        while time.monotonic() < limit:
            assert self._process.poll() is None, f"JupyterLab ended:\n{log.read_text()[-4000:]}"
            try:
                self.get("api/status")
                return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.2)
        raise AssertionError(f"JupyterLab does not answer after {START_LIMIT} s:\n{log.read_text()[-4000:]}")


@contextmanager
def server(folder: Path, log: Path, *options: str) -> Iterator[Server]:
    """`./kernel-setup.sh lab` on a free port, with the files of `folder`; ends with the block, and its kernels with it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [ROOT / "kernel-setup.sh", "lab", "--allow-root", "--no-browser", "--ip=127.0.0.1", f"--port={port}"]
    command += ["--ServerApp.port_retries=0", "--ServerApp.token=", "--ServerApp.password=", *options]
    # The tests end kernels by the REST API, without the page's cookie.
    command += ["--ServerApp.disable_check_xsrf=True"]
    with open(log, "w") as out, subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out) as process:
        try:
            started = Server(process, f"http://127.0.0.1:{port}/", folder)
            started.wait_until_it_answers(log)
            yield started
        finally:
            process.terminate()
            process.wait(LIMIT)


def copy_of_the_course(to: Path) -> Path:
    """The lessons, to be edited as a learner does: what is tested does not change those of the repository."""
    for name in ("notebooks", "assets"):
        shutil.copytree(ROOT / name, to / name, ignore=shutil.ignore_patterns(".*", "target"))
    (to / "crates").symlink_to(ROOT / "crates")
    return to


class Cell:
    """A cell of the notebook that is in front, by its place (from 0)."""

    def __init__(self, lab: Lab, place: int) -> None:
        self._lab = lab
        self.place = place

    def element(self) -> WebElement:
        return self._lab.find_all(f"{PANEL} .jp-Notebook .jp-Cell")[self.place]

    def count(self) -> str:
        """What is between the brackets at its left: a number, `*`, or nothing."""
        return self._text(".jp-InputArea-prompt").strip("[]: \n")

    def output(self) -> str:
        """The text of its outputs, as it is on the page."""
        return self._lab.script(
            "return [...arguments[0].querySelectorAll('.jp-OutputArea-output')].map(output => output.innerText).join('\\n').trim()",
            self.element(),
        )

    def pictures(self) -> list[dict[str, Any]]:
        """Its pictures that the browser has drawn: `alt`, `width` and `height` in pixels, `source`."""
        return self._lab.script(
            """return [...arguments[0].querySelectorAll('.jp-OutputArea img, .jp-RenderedMarkdown img')]
                .filter(image => image.complete && image.naturalWidth > 0)
                .map(image => ({alt: image.alt, width: image.width, height: image.height, source: image.src}))""",
            self.element(),
        )

    def _text(self, inside: str) -> str:
        return self._lab.script("return arguments[0].querySelector(arguments[1])?.innerText ?? ''", self.element(), inside)


class Lab:
    """The page."""

    def __init__(self, browser: webdriver.Chrome, server: Server) -> None:
        self._browser = browser
        self.server = server

    # ---- looking ------------------------------------------------------------------------------

    def script(self, code: str, *arguments: Any) -> Any:
        return self._browser.execute_script(code, *arguments)

    def find_all(self, selector: str) -> list[WebElement]:
        return self._browser.find_elements(By.CSS_SELECTOR, selector)

    def until(self, what: str, condition: Callable[[], Any], limit: float = LIMIT) -> Any:
        """Waits until `condition` is true, and gives back its value. What changes under its eyes is looked at again."""
        try:
            return WebDriverWait(self._browser, limit, 0.1, (WebDriverException, IndexError, ValueError)).until(
                lambda _: condition()
            )
        except TimeoutException:
            self.screenshot("failed")
            raise AssertionError(f"not within {limit:.0f} s: {what}") from None

    def find(self, selector: str, text: str = "") -> WebElement:
        """The first element on the page that is visible and contains `text`."""
        return self.until(
            f"{selector} with {text!r}",
            lambda: next((one for one in self.find_all(selector) if one.is_displayed() and text in one.text), None),
        )

    def screenshot(self, name: str) -> Path:
        """Keeps what is on the page now in `.cache/screenshots`."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        path = SCREENSHOTS / f"{name}.png"
        self._browser.save_screenshot(str(path))
        return path

    # ---- hands --------------------------------------------------------------------------------

    def click(self, selector: str, text: str = "") -> None:
        self.until(f"to click {selector} with {text!r}", lambda: self.find(selector, text).click() or True)

    def double_click(self, selector: str, text: str) -> None:
        ActionChains(self._browser).double_click(self.find(selector, text)).perform()

    def press(self, *keys: str) -> None:
        """Presses keys together, as in `press(Keys.SHIFT, Keys.ENTER)`."""
        chain = ActionChains(self._browser)
        for key in keys[:-1]:
            chain.key_down(key)
        chain.send_keys(keys[-1])
        for key in reversed(keys[:-1]):
            chain.key_up(key)
        chain.perform()

    def press_until(self, selector: str, *keys: str) -> WebElement:
        """Presses keys until something is there: JupyterLab drops an answer that takes longer than a second, and a user then presses again."""

        def there() -> WebElement | None:
            return next((one for one in self.find_all(selector) if one.is_displayed() and one.text), None)

        def press_and_look() -> WebElement | None:
            self.press(*keys)
            try:
                return WebDriverWait(self._browser, 3, 0.1, (WebDriverException,)).until(lambda _: there())
            except TimeoutException:
                return None

        return self.until(f"{selector} after {keys}", lambda: there() or press_and_look())

    def menu(self, *path: str) -> None:
        """Chooses an entry of the menu bar, as in `menu("Kernel", "Restart Kernel…")`."""
        self.click(".lm-MenuBar-item", path[0])
        for entry in path[1:]:
            self.click(".lm-Menu-item", entry)

    # ---- notebooks ----------------------------------------------------------------------------

    def load(self, path: str = "") -> None:
        """Loads the page anew, with nothing open but the file at `path`."""
        self._browser.get(f"{self.server.url}lab{f'/tree/{path}' if path else ''}?reset")
        self.find(".jp-DirListing-item")

    def refresh(self) -> None:
        """The browser's own reload."""
        self._browser.refresh()
        self.find(".jp-DirListing-item")

    def open(self, path: str) -> None:
        count = len(json.loads(Path(self.server.folder, path).read_text())["cells"])
        self.load(path)
        # JupyterLab puts a long notebook on the page in parts.
        self.until(f"all cells of {path}", lambda: len(self.cells()) == count)
        self.wait_for_kernel()

    def write_and_open(self, name: str, *cells: str) -> None:
        """Opens a notebook with these code cells, the first of them selected."""
        notebook = {
            "cells": [
                {"cell_type": "code", "id": f"cell-{place}", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
                for place, source in enumerate(cells)
            ],
            "metadata": {"kernelspec": {"display_name": "Rust", "language": "rust", "name": "rust"}},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        Path(self.server.folder, name).write_text(json.dumps(notebook))
        self.open(name)

    def open_lesson(self, path: str, *, with_outputs: bool) -> None:
        """Opens a lesson as it is committed, or without its outputs: then all that is seen was run here."""
        lesson = json.loads(Path(ROOT, path).read_text())
        for cell in lesson["cells"]:
            if cell["cell_type"] == "code" and not with_outputs:
                cell.update(outputs=[], execution_count=None)
        Path(self.server.folder, path).write_text(json.dumps(lesson))
        self.open(path)

    def wait_for_kernel(self) -> None:
        """Waits until the notebook in front has a kernel that waits for cells.

        Its name has to be there as well as its rest: while a notebook has "No Kernel", as when JupyterLab has lost sight of its session
        on a busy machine, it answers Shift+Enter by clearing the cell's number and going on to the next cell, and runs nothing.
        """
        self.find(f"{PANEL} .jp-Notebook .jp-Cell")
        self.find(f"{PANEL} .jp-Toolbar-kernelName", "Rust")
        self.find(f"{PANEL} .jp-Notebook-ExecutionIndicator[data-status='idle']")

    def cells(self) -> list[Cell]:
        return [Cell(self, place) for place in range(len(self.find_all(f"{PANEL} .jp-Notebook .jp-Cell")))]

    def selected(self) -> Cell:
        places = f"return [...document.querySelectorAll('{PANEL} .jp-Notebook .jp-Cell')].findIndex(cell => cell.matches('{ACTIVE}'))"
        place = self.script(places)
        assert place >= 0, "no cell is selected"
        return Cell(self, place)

    def select(self, cell: Cell) -> None:
        """Selects a cell as a user does, by a click at its left."""
        self.script("arguments[0].scrollIntoView({block: 'center'})", cell.element())
        cell.element().find_element(By.CSS_SELECTOR, ".jp-InputPrompt").click()
        self.until(f"cell {cell.place} to be selected", lambda: self.selected().place == cell.place)

    def write(self, source: str) -> None:
        """Writes `source` in the place of what is in the selected cell. Its lines have no indentation: the editor adds it."""
        self.press(Keys.ESCAPE)
        self.press(Keys.ENTER)
        self.find(f"{ACTIVE} .cm-editor.cm-focused")
        self.press(Keys.CONTROL, "a")
        self.press(Keys.DELETE)
        ActionChains(self._browser).send_keys(source).perform()

    def start(self) -> Cell:
        """Shift+Enter: runs the selected cell and selects the next. Waits for its `[*]` or its end; markdown has neither."""
        cell = self.selected()
        if "jp-CodeCell" not in cell.element().get_attribute("class"):
            self.press(Keys.SHIFT, Keys.ENTER)
            return cell
        before = cell.count()

        def has_begun() -> bool:
            return cell.count() not in ("", before)

        def press_and_look() -> bool:
            # A user who sees nothing happen clicks the cell, and presses again: JupyterLab drops what it is told while it connects.
            if not self.script("return document.activeElement?.closest('.jp-Notebook') !== null") or self.selected().place != cell.place:
                self.select(cell)
            self.press(Keys.SHIFT, Keys.ENTER)
            try:
                return WebDriverWait(self._browser, 10, 0.05, (WebDriverException, IndexError)).until(lambda _: has_begun())
            except TimeoutException:
                return False

        self.until(f"cell {cell.place} to run", lambda: has_begun() or press_and_look())
        return cell

    def run(self) -> Cell:
        """Shift+Enter, and waits for the cell's end."""
        cell = self.start()
        if "jp-CodeCell" in cell.element().get_attribute("class"):
            self.until(f"the end of cell {cell.place}", lambda: cell.count() not in ("", "*"))
        return cell

    def observe(self, cell: Cell, what: str) -> Callable[[], list[str]]:
        """Notes every state of `what` (JavaScript, of the cell's element `cell`) from now on. Gives what gives them back."""
        self.script(
            f"""const cell = arguments[0], states = window.observedStates = [];
            const note = () => {{ const state = {what}; if (state && state !== states.at(-1)) states.push(state); }};
            new MutationObserver(note).observe(cell, {{subtree: true, childList: true, characterData: true, attributes: true}});""",
            cell.element(),
        )
        return lambda: self.script("return window.observedStates")
