"""Records tokio-console beside a notebook, for lesson 14: what its terminal shows, as a picture.

    ./kernel-setup.sh console                # once: the kernel "Rust with tokio-console", and the program
    .venv/bin/python tools/recording.py      # writes assets/pictures/14-console-*.svg

It starts that kernel, says `:console`, runs the lesson's own cells with their faults, and starts tokio-console in a terminal of
its own. Nothing in the pictures is written by hand.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import sys
import termios
import time
from itertools import groupby
from pathlib import Path
from xml.sax.saxutils import escape

import nbformat
import pyte
from kernel_session import ANSI, NotebookFailed, session
from notebooks import FOLDER

PICTURES = FOLDER.parent / "assets" / "pictures"
# The lesson's cells that leave something to look at, by their ids.
CELLS = ["setup", "shop", "fields", "deadlock-code", "lost-code", "console-faults"]
COLUMNS, ROWS = 120, 20
# The key that leads to a view, its name, and what its picture is called.
VIEWS = [("", "tasks", "tokio-console: the tasks of a notebook"), ("r", "resources", "tokio-console: what they wait for")]

COLORS = {
    "default": "#d8dee9", "black": "#6b7280", "red": "#ff7b72", "green": "#56d364", "brown": "#e3b341", "blue": "#79c0ff",
    "magenta": "#d2a8ff", "cyan": "#76e3ea", "white": "#f0f6fc",
}  # fmt: skip
GROUND = "#1e222a"
WIDTH, HEIGHT, MARGIN = 7.6, 17, 14


class Terminal:
    """A program in a terminal of a fixed size."""

    def __init__(self, command: list[str]) -> None:
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self._screen)
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8"}
        self._program = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True)
        os.close(theirs)
        self._end = ours

    def type(self, keys: str) -> None:
        os.write(self._end, keys.encode())

    def watch(self, seconds: float) -> None:
        """Takes what the program writes in this time."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if select.select([self._end], [], [], left)[0]:
                try:
                    self._stream.feed(os.read(self._end, 65536))
                except OSError:  # It has ended.
                    return

    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self._screen.display).rstrip()

    def svg(self, title: str) -> str:
        """The screen as it is now."""
        rows = len(self.text().splitlines())
        width, height = round(COLUMNS * WIDTH + 2 * MARGIN), rows * HEIGHT + 2 * MARGIN
        drawn = [line for row in range(rows) for line in self._row(row)]
        return "\n".join([
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            "font-family=\"ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace\" font-size=\"12.5\" role=\"img\">",
            f"  <title>{escape(title)}</title>",
            f'  <rect width="{width}" height="{height}" rx="10" fill="{GROUND}" stroke="#444"/>',
            *drawn,
            "</svg>\n",
        ])  # fmt: skip

    def _row(self, row: int) -> list[str]:
        cells = [self._screen.buffer[row][column] for column in range(COLUMNS)]
        drawn = []
        for style, group in groupby(enumerate(cells), key=lambda at: (at[1].fg, at[1].bold, at[1].reverse)):
            letters = list(group)
            text, begin = "".join(cell.data for _, cell in letters), letters[0][0]
            # Word by word as far as they stand apart: a picture takes many spaces for one.
            for piece in re.finditer(r"\S+(?: \S+)*", text):
                drawn += self._text(piece[0], begin + piece.start(), row, *style)
        return drawn

    @staticmethod
    def _text(shown: str, column: int, row: int, color: str, bold: bool, reverse: bool) -> list[str]:
        fill = COLORS.get(color, f"#{color}" if re.fullmatch("[0-9a-f]{6}", color) else COLORS["default"])
        x, y, long = MARGIN + column * WIDTH, MARGIN + 13 + row * HEIGHT, len(shown) * WIDTH
        ground = [f'  <rect x="{x:.1f}" y="{y - 13}" width="{long:.1f}" height="{HEIGHT}" fill="{fill}"/>'] if reverse else []
        weight = ' font-weight="700"' if bold else ""
        size = f'textLength="{long:.1f}" lengthAdjust="spacingAndGlyphs"'
        return [*ground, f'  <text x="{x:.1f}" y="{y}" fill="{GROUND if reverse else fill}" {size}{weight}>{escape(shown)}</text>']

    def end(self) -> None:
        self._program.terminate()
        self._program.wait(10)
        os.close(self._end)


def console() -> str | None:
    """The program tokio-console, where there is one."""
    path = os.pathsep.join([str(Path(sys.prefix, "bin")), os.environ.get("PATH", "")])
    return shutil.which("tokio-console", path=path)


async def screens(program: str) -> dict[str, tuple[str, str]]:
    """What `program` (tokio-console) shows of the lesson's tasks, and of what they wait for: each as text and as SVG.

    Raises NotebookFailed when the kernel is not there or a cell fails.
    """
    lesson = nbformat.read(FOLDER / "14-debugging.ipynb", as_version=4)
    cells = {cell.id: cell for cell in lesson.cells}
    switch_on = nbformat.v4.new_code_cell(":console")
    async with session(FOLDER, "rust-console") as kernel:
        # The first start builds the library.
        await kernel.run([switch_on], 900)
        said = ANSI.sub("", "".join(output.get("text", "") for output in switch_on.outputs))
        address = re.search(r"http://\S+", said)
        if not address:
            raise NotebookFailed(f":console said: {said}")
        await kernel.run([cells[name] for name in CELLS], 120)
        terminal = Terminal([program, "--lang", "en_US.UTF-8", address[0]])
        found = {}
        try:
            for key, name, title in VIEWS:
                terminal.type(key)
                await asyncio.to_thread(terminal.watch, 6)
                found[name] = (terminal.text(), terminal.svg(title))
        finally:
            terminal.end()
    return found


def main() -> int:
    program = console()
    if not program:
        print("There is no tokio-console: ./kernel-setup.sh console installs it.", file=sys.stderr)
        return 1
    for name, (text, svg) in asyncio.run(screens(program)).items():
        (PICTURES / f"14-console-{name}.svg").write_text(svg, encoding="utf-8")
        print(text, "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
