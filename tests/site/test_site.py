"""The static site, as `tools/static_site.py` has built it: its links, and its pages in a browser. Run by `tools/static_site.py check`."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from bs4 import BeautifulSoup
from file_server import served
from selenium import webdriver
from selenium.webdriver.support.ui import WebDriverWait

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "target" / "site" / "html"
SCREENSHOTS = ROOT / ".cache" / "screenshots"
LESSONS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
LIMIT = 180  # seconds for a page
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()
# One of each kind: the start, a short and a long lesson, what shows every output, a document, a table, the search.
LOOKED_AT = ["index", "notebooks/00-start-here", "notebooks/08-fetching-urls", "notebooks/gallery", "notebooks/COVERAGE", "docs/asyncio-to-rust", "search"]
SIZES = {"wide": (1280, 1000), "phone": (390, 844)}


@functools.cache
def page(name: str) -> BeautifulSoup:
    return BeautifulSoup((SITE / name).read_text(), "html.parser")


@functools.cache
def anchors(name: str) -> set[str]:
    return {tag["id"] for tag in page(name).find_all(id=True)}


def pages() -> list[str]:
    return sorted(str(path.relative_to(SITE)) for path in SITE.rglob("*.html") if "_static" not in path.parts)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The site on a server of this machine; ends with a slash."""
    with served(SITE) as address:
        yield address


def open_page(browser: webdriver.Chrome, address: str, theme: str, size: str) -> None:
    width, height = SIZES[size]
    # Headless Chromium has no window narrower than 500 pixels: the page's own measure is set instead.
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == "phone"},
    )
    # Before the page's own scripts, as one finds it who has chosen the theme on an earlier page.
    chosen = f"localStorage.setItem('mode', '{theme}'); localStorage.setItem('theme', '{theme}')"
    browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": chosen})
    browser.get(address)
    shown = "return document.readyState === 'complete' && document.documentElement.dataset.theme"
    WebDriverWait(browser, LIMIT).until(lambda _: browser.execute_script(shown) == theme)


def test_every_lesson_is_there() -> None:
    for lesson in LESSONS:
        assert page(f"notebooks/{lesson}.html").select_one("h1"), lesson


def test_every_link_within_the_site_leads_somewhere() -> None:
    broken = []
    for name in pages():
        for tag in page(name).find_all(["a", "img", "link", "script"]):
            target = tag.get("href") or tag.get("src") or ""
            if not target or urlsplit(target).scheme or target.startswith("//"):
                continue
            parts = urlsplit(urljoin(f"/{name}", target))
            path = unquote(parts.path).lstrip("/") or "index.html"
            if not (SITE / path).is_file():
                broken.append(f"{name}: {target}")
            elif parts.fragment and path.endswith(".html") and unquote(parts.fragment) not in anchors(path):
                broken.append(f"{name}: {target}: no such heading")
    assert broken == []


def test_no_page_shows_the_answers_of_its_questions() -> None:
    for lesson in LESSONS:
        for code in page(f"notebooks/{lesson}.html").select("div.cell_input"):
            assert "quiz::question(" not in code.text and "quiz::what_prints(" not in code.text, lesson


def test_pictures_have_a_text_in_their_place() -> None:
    for name in pages():
        without = [str(image)[:80] for image in page(name).select("main img") if not image.get("alt", "").strip()]
        assert without == [], name


def test_nothing_comes_from_elsewhere(browser: webdriver.Chrome, url: str) -> None:
    """A page is whole without another host: it can be read on a train, and nobody is told who reads it."""
    open_page(browser, f"{url}notebooks/08-fetching-urls.html", "light", "wide")
    loaded = browser.execute_script("return performance.getEntriesByType('resource').map(entry => entry.name)")
    assert loaded and [one for one in loaded if not one.startswith((url, "data:"))] == []


def test_the_search_finds_a_lesson(browser: webdriver.Chrome, url: str) -> None:
    open_page(browser, f"{url}search.html?q=buffer_unordered", "light", "wide")
    found = "return [...document.querySelectorAll('#search-results a')].map(link => link.getAttribute('href'))"
    links = WebDriverWait(browser, LIMIT).until(lambda _: browser.execute_script(found))
    assert any("08-fetching-urls" in link for link in links)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_are_accessible_and_fit(browser: webdriver.Chrome, url: str, theme: str) -> None:
    """WCAG 2.2 A and AA as far as axe-core can judge; and on a phone no page is wider than the screen."""
    faults = []
    for name in LOOKED_AT:
        for size in SIZES:
            open_page(browser, f"{url}{name}.html", theme, size)
            SCREENSHOTS.mkdir(parents=True, exist_ok=True)
            # With a plot where there is one.
            browser.execute_script("document.querySelector('.cell_output img')?.scrollIntoView({block: 'center', behavior: 'instant'})")
            browser.save_screenshot(str(SCREENSHOTS / f"site-{Path(name).name}-{size}-{theme}.png"))
            wider = browser.execute_script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if wider > 0:
                faults.append(f"{name}, {size}: {wider} pixels wider than the screen")
        browser.execute_script(AXE)
        browser.set_script_timeout(LIMIT)
        rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
        found = browser.execute_async_script("axe.run({runOnly: arguments[0]}).then(arguments[1])", rules)
        for fault in found["violations"]:
            nodes = [node["html"][:160] for node in fault["nodes"][:3]]
            faults.append(f"{name}, {theme}: {fault['id']} ({len(fault['nodes'])} times): {nodes}")
    assert faults == [], "\n".join(faults)
