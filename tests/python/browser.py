"""A real browser for tests: Chromium without a window, driven by selenium."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless=new",
    # As root, and in containers, Chromium's own sandbox cannot start. The tests open pages of this machine only.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    # It talks to nobody but the pages.
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--window-size=1280,1600",
)


@contextmanager
def chromium(profile: Path) -> Iterator[webdriver.Chrome]:
    """A browser that keeps its profile in the folder `profile`, and ends with the block. Skips the test where there is none."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if program is None or driver is None:
        pytest.skip("no Chromium: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    # A proxy of the environment is not for pages of this machine, nor for the driver.
    without_proxy = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    chrome = webdriver.Chrome(options, Service(driver, env=without_proxy | {"NO_PROXY": "*", "no_proxy": "*"}))
    try:
        yield chrome
    finally:
        chrome.quit()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[webdriver.Chrome]:
    """A browser with an empty profile, for one test."""
    with chromium(tmp_path / "profile") as chrome:
        yield chrome
