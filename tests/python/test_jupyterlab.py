"""The course in a real browser, as a learner meets it: JupyterLab by `./kernel-setup.sh lab`, worked by mouse and keyboard.

Each test is a step, and keeps a picture of the page in `.cache/screenshots`. One server and one browser serve them all.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from browser import chromium
from exercises import exercises, tagged
from lab_page import LIMIT, PANEL, ROOT, Cell, Lab, copy_of_the_course, server
from selenium.webdriver.common.keys import Keys

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("lab")
    with chromium(folder / "profile") as browser:
        course = copy_of_the_course(folder / "course")
        with server(course, folder / "log", f"--ServerApp.root_dir={course}") as started:
            yield Lab(browser, started)


@pytest.fixture
def lab(page: Lab, request: pytest.FixtureRequest) -> Iterator[Lab]:
    """The page; at the end of the test a picture of it is kept, and the test's kernels are ended."""
    yield page
    page.screenshot(request.node.name.removeprefix("test_"))
    for kernel in page.server.get("api/kernels"):
        urllib.request.urlopen(
            urllib.request.Request(f"{page.server.url}api/kernels/{kernel['id']}", method="DELETE"), timeout=LIMIT
        ).close()


LESSON = "notebooks/00-start-here.ipynb"


def place_in_lesson(source: str) -> int:
    """Where in lesson 00 the first cell is that contains `source`."""
    cells = nbformat.read(ROOT / LESSON, as_version=4).cells
    return next(place for place, cell in enumerate(cells) if source in cell.source)


def place_of_tagged(tag: str) -> int:
    """Where in lesson 00 the first cell with this tag is."""
    lesson = nbformat.read(ROOT / LESSON, as_version=4)
    return lesson.cells.index(tagged(lesson, tag)[0])


def saved_outputs(lab: Lab, name: str) -> list:
    """The outputs in the file, cell by cell."""
    return [cell["outputs"] for cell in json.loads(Path(lab.server.folder, name).read_text())["cells"]]


def is_dark(lab: Lab) -> bool:
    """Whether the page behind the cells is dark, by its color."""
    color = lab.script("return getComputedStyle(document.querySelector(arguments[0])).backgroundColor", f"{PANEL} .jp-Notebook")
    levels = [float(level) for level in color[color.index("(") + 1 : -1].split(",")[:3]]
    return sum(levels) / 3 < 128


def test_01_opens_on_the_first_lesson(tmp_path: Path, page: Lab) -> None:
    """What `./kernel-setup.sh lab` opens when it is not told what. (The course itself: so nothing is run in it.)"""
    with server(ROOT, tmp_path / "log") as started, urllib.request.urlopen(started.url, timeout=LIMIT) as answer:
        assert answer.geturl() == f"{started.url}lab/tree/{LESSON}"


def test_02_a_lesson_from_the_file_list(lab: Lab) -> None:
    """Shift+Enter from the top of lesson 00: outputs appear, and the first plot."""
    lab.open_lesson(LESSON, with_outputs=False)
    lab.load()
    lab.double_click(".jp-DirListing-item", "notebooks")
    lab.double_click(".jp-DirListing-item", "00-start")
    lab.wait_for_kernel()
    figure = lab.cells()[place_in_lesson("What happens behind a cell")]
    lab.until("the figure in the text", figure.pictures)
    plot = place_in_lesson("Bars::new")
    last: Cell | None = None
    while last is None or last.place < plot:
        last = lab.run()
    assert lab.cells()[place_in_lesson("planets.len()")].output() == "4"
    assert "EARTH!" in lab.cells()[place_in_lesson("fn shout")].output()
    (picture,) = lab.until("the plot", last.pictures)
    assert picture["width"] > 300 and "Three waits of 200 ms" in picture["alt"]


def test_03_a_new_notebook_from_the_launcher(lab: Lab) -> None:
    lab.load()
    lab.click(".jp-LauncherCard[data-category='Notebook'][title^='Rust']")
    lab.wait_for_kernel()
    lab.write("tokio::time::sleep(std::time::Duration::from_millis(10)).await;\n6 * 7")
    cell = lab.run()
    assert (cell.count(), cell.output()) == ("1", "42")
    # The next cell is there and selected: a new one.
    assert lab.selected().place == 1


def test_04_completion_and_documentation(lab: Lab) -> None:
    """Tab completes, Shift+Tab shows documentation."""
    lab.write_and_open("help.ipynb", 'let planets = vec!["Mercury", "Venus"];')
    lab.run()
    lab.write("planets.re")
    offered = lab.press_until(".jp-Completer", Keys.TAB)
    assert "retain" in offered.text and "reserve" in offered.text
    lab.screenshot("04_completion")
    lab.press(Keys.ESCAPE)
    lab.write("planets.retain")
    documentation = lab.press_until(".jp-Tooltip", Keys.SHIFT, Keys.TAB)
    assert "Retains only the elements" in documentation.text


def test_05_a_progress_bar_moves(lab: Lab) -> None:
    lab.write_and_open(
        "progress.ipynb",
        "use notebook::prelude::*;",
        "for _ in progress::iter(0..20) { tokio::time::sleep(ms(50)).await; }",
    )
    lab.run()
    states = lab.observe(lab.selected(), "cell.querySelector('.jp-OutputArea')?.innerText.match(/(\\d+) of 20/)?.[1]")
    cell = lab.run()
    lab.until("the bar at its end", lambda: "20 of 20" in cell.output())
    seen = [int(state) for state in states()]
    assert seen == sorted(seen) and len(set(seen)) >= 4, seen


def test_06_a_live_timeline_moves(lab: Lab) -> None:
    lab.write_and_open(
        "timeline.ipynb",
        "use notebook::prelude::*;",
        """timeline::record_live("Growing", async {
    for number in 1..=6 { tokio::time::sleep(ms(300)).named(format!("wait {number}")).await; }
}).await""",
    )
    lab.run()
    states = lab.observe(lab.selected(), "[...cell.querySelectorAll('.jp-OutputArea img')].at(-1)?.src")
    cell = lab.run()
    (picture, *_) = lab.until("the timeline", cell.pictures)
    assert "Growing" in picture["alt"]
    assert len(states()) >= 3


def test_07_stop_a_cell_and_go_on(lab: Lab) -> None:
    """■ ends the cell that sleeps; the variables are there."""
    lab.write_and_open(
        "stop.ipynb",
        "let treasure = vec![3, 1, 4];",
        'println!("asleep");\ntokio::time::sleep(std::time::Duration::from_secs(3600)).await;',
        "treasure",
    )
    lab.run()
    sleeper = lab.start()
    lab.until("the cell to sleep", lambda: sleeper.output() == "asleep")
    lab.click(f"{PANEL} [data-jp-item-name='interrupt'] jp-button, {PANEL} [data-jp-item-name='interrupt'] button")
    lab.until("the cell to be stopped", lambda: "Interrupted" in sleeper.output())
    lab.select(lab.cells()[2])
    assert lab.run().output() == "[3, 1, 4]"


def test_08_a_compile_error(lab: Lab) -> None:
    """What is wrong, where, and the variables as they were."""
    lab.write_and_open("error.ipynb", "let moons = 2;", 'let planets: u32 = "four";', "moons")
    lab.run()
    refused = lab.run()
    assert "mismatched types" in refused.output() and "expected `u32`" in refused.output()
    # In bold, and without colors: none can be read on both the pale and the dark ground that front ends give errors.
    weights = lab.script(
        "return [...arguments[0].querySelectorAll('.jp-OutputArea pre *')].map(part => getComputedStyle(part).fontWeight)",
        refused.element(),
    )
    assert any(weight in ("bold", "bolder") or int(weight) >= 600 for weight in weights), "nothing in the error stands out"
    lab.select(lab.cells()[2])
    assert lab.run().output() == "2"


def test_09_a_question_by_clicking(lab: Lab) -> None:
    """A click on a choice opens what is said about it, from the lesson's own output."""
    lab.open_lesson(LESSON, with_outputs=True)
    question = lab.cells()[place_of_tagged("quiz")]
    lab.script("arguments[0].scrollIntoView({block: 'center'})", question.element())
    choices = f"{PANEL} .jp-Notebook .jp-Cell:nth-child({question.place + 1} of .jp-Cell) details summary"
    assert "Right." not in question.output() and "Wrong." not in question.output()
    lab.click(choices, "The end of the cell")
    lab.until("the feedback on a wrong choice", lambda: "Wrong. The task belongs to the runtime" in question.output())
    lab.click(choices, "abort()")
    lab.until("the feedback on the right choice", lambda: "Right. The handle is the way to the task" in question.output())


def test_10_an_exercise_by_typing(lab: Lab) -> None:
    """The stub of lesson 00's first exercise is judged, then its solution, which is typed."""
    lab.open_lesson(LESSON, with_outputs=False)
    stub, check = place_of_tagged("exercise"), place_of_tagged("check")
    lab.select(lab.cells()[place_in_lesson(":dep notebook")])
    lab.run()
    lab.select(lab.cells()[place_of_tagged("checks")])
    lab.run()
    lab.select(lab.cells()[stub])
    lab.run()
    lab.select(lab.cells()[check])
    assert "not yet" in lab.run().output()
    lab.select(lab.cells()[stub])
    solution = next(exercises(nbformat.read(ROOT / LESSON, as_version=4))).solution
    lab.write("\n".join(line.strip() for line in solution.strip().splitlines()))
    lab.run()
    lab.select(lab.cells()[check])
    judged = lab.run().output()
    assert "solved" in judged and "not yet" not in judged, judged


def test_11_restart_and_run_all(lab: Lab) -> None:
    """The kernel begins anew: the counts, and a static that each run adds to."""
    lab.write_and_open("again.ipynb", "static RUNS: std::sync::Mutex<u32> = std::sync::Mutex::new(0);", "*RUNS.lock()? += 1;", "*RUNS.lock()?")
    for _ in range(3):
        lab.run()
    lab.select(lab.cells()[1])
    lab.run()
    assert lab.run().output() == "2"
    lab.menu("Kernel", "Restart Kernel and Run All Cells")
    lab.click(".jp-Dialog-button.jp-mod-accept")
    lab.until("all cells run anew", lambda: [cell.count() for cell in lab.cells()[:3]] == ["1", "2", "3"])
    assert lab.cells()[2].output() == "1"


def test_12_a_reload_while_a_cell_runs(lab: Lab) -> None:
    """The cell runs on behind the page. When the page is back, what the cell had printed is there, it's seen to be busy, and then what
    the cell has made. (What it prints after the reload is lost: JupyterLab has forgotten whose it is.)"""
    gate = lab.server.folder / "gate"
    lab.write_and_open(
        "reload.ipynb",
        f"""println!("before the reload");
while !std::path::Path::new("{gate}").exists() {{ tokio::time::sleep(std::time::Duration::from_millis(20)).await; }}
let answer = 42;""",
        "answer",
    )
    cell = lab.start()
    lab.until("the cell to run", lambda: "before the reload" in cell.output())
    lab.press(Keys.CONTROL, "s")
    lab.until("the notebook to be saved", lambda: "before the reload" in json.dumps(saved_outputs(lab, "reload.ipynb")))
    lab.refresh()
    lab.find(f"{PANEL} .jp-Notebook-ExecutionIndicator[data-status='busy']")
    assert lab.until("the output", lambda: lab.cells()[0].output()) == "before the reload"
    lab.screenshot("12_busy_after_the_reload")
    gate.touch()
    lab.wait_for_kernel()
    lab.select(lab.cells()[1])
    assert lab.run().output() == "42"


def test_13_two_notebooks_at_once(lab: Lab) -> None:
    """Each has a kernel of its own: while a cell of one waits, the other computes, and neither sees the other's variables."""
    first, second = ("let name = 1;", "tokio::time::sleep(std::time::Duration::from_secs(3600)).await;"), ("name", "let name = 2;", "name")
    lab.write_and_open("second.ipynb", *second)
    lab.write_and_open("first.ipynb", *first)
    lab.run()
    sleeper = lab.start()
    lab.until("the first to wait", lambda: sleeper.count() == "*")
    lab.double_click(".jp-DirListing-item", "second.ipynb")
    lab.until("the second in front", lambda: len(lab.cells()) == len(second))
    lab.wait_for_kernel()
    assert "cannot find value `name`" in lab.run().output()
    lab.select(lab.cells()[1])
    lab.run()
    assert lab.run().output() == "2"
    assert len(lab.server.get("api/kernels")) == 2
    lab.click(".lm-DockPanel-tabBar .lm-TabBar-tab", "first.ipynb")
    lab.until("the first in front", lambda: len(lab.cells()) == len(first) + 1)
    assert lab.cells()[1].count() == "*"


def test_14_light_and_dark(lab: Lab) -> None:
    """Plots, tables and errors are seen in both themes: a plot has no ground of its own."""
    lab.write_and_open(
        "themes.ipynb",
        "use notebook::prelude::*;",
        'Bars::new("Two waits").bar("long", ms(200)).bar("short", ms(100))',
        "let seven: u32 = ();",
    )
    for place in range(3):
        lab.select(lab.cells()[place])
        lab.run()
    plot, refused = lab.cells()[1], lab.cells()[2]
    lab.until("the plot", plot.pictures)
    for theme, dark in (("JupyterLab Dark", True), ("JupyterLab Light", False)):
        lab.menu("Settings", "Theme", theme)
        lab.until(theme, lambda: is_dark(lab) == dark)
        # While it changes, JupyterLab covers the page.
        lab.until("the page uncovered", lambda: not lab.find_all("#jupyterlab-splash"))
        (picture,) = lab.until(f"the plot in {theme}", plot.pictures)
        assert picture["width"] > 300
        assert "mismatched types" in refused.output()
        lab.screenshot(f"14_{theme.split()[1].lower()}")
