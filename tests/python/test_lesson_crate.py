"""Lesson 11 ends with a crate. It is the lesson's code, and its tests pass."""

from __future__ import annotations

import os
import re
import subprocess

import nbformat
import notebooks
import pytest

CRATE = notebooks.FOLDER.parent / "assets" / "crates" / "tasks"
LESSON = notebooks.FOLDER / "11-web-service.ipynb"
CELLS = ["store-code", "problem-code", "validation-code", "handlers-code", "rest-list", "rest-change", "exercise-2-helper"]
TEST_CELLS = ["oneshot-code", "tests-code"]
# Here the dependencies are compiled once, from the registry's files that the workspace has already.
SECONDS = 900


def bare(code: str) -> str:
    """The code without what rustfmt may change, without `use` lines, and without what is there for utoipa."""
    code = re.sub(r"^\s*(use [^;]*;|#\[into_params.*\]|//.*)$", "", code, flags=re.MULTILINE)
    return re.sub(r"[\s,{}]|utoipa::\w+", "", code)


@pytest.mark.parametrize(("file", "cells"), [("main.rs", CELLS), ("tests.rs", TEST_CELLS)])
def test_the_crate_has_the_lessons_code(file: str, cells: list[str]) -> None:
    crate = bare((CRATE / "src" / file).read_text(encoding="utf-8")).replace("#[tokio::test]", "")
    sources = {cell.id: cell.source for cell in nbformat.read(LESSON, as_version=4).cells}
    for cell in cells:
        assert bare(sources[cell]) in crate, f"{file} has not the code of the cell {cell}"


@pytest.mark.timeout(SECONDS + 60)
def test_the_crates_own_tests_pass() -> None:
    target = notebooks.FOLDER.parent / "target" / "lesson-crates"
    command = ["cargo", "test", "--offline", "--locked", "--manifest-path", str(CRATE / "Cargo.toml"), "--target-dir", str(target)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, env={**os.environ, "CARGO_TERM_COLOR": "never"})
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "test result: ok. 4 passed" in ran.stdout
