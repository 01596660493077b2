"""The law of the cell, held against rustc with a fixed sample of the documentation's examples.

The whole is for the command line: `.venv/bin/python tools/oracle.py --results FILE`.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import oracle  # noqa: E402

# Each so-manyth example of each crate.
EVERY = 90
KNOWN = tomllib.loads((Path(__file__).parent / "law_exceptions.toml").read_text())["exceptions"]


def reason(key: str) -> str | None:
    """Why an example is known to be another thing in a cell; None when it isn't."""
    place, form, _ = key.split(" ")
    return next((it["reason"] for it in KNOWN if it["place"] == place and form in it["forms"]), None)


def test_both_forms_of_an_example_are_read():
    block = ["# use a::b;", "let c = 1;", "## not hidden", "#[derive(Debug)]", "struct D;"]
    page, whole = oracle.both_forms("x/y.rs:1", block)
    assert (page.form, page.code) == ("page", "let c = 1;\n# not hidden\n#[derive(Debug)]\nstruct D;")
    assert whole.code.startswith("use a::b;\nlet c = 1;")


def test_what_rustc_takes_runs_as_a_cell_and_prints_the_same():
    rustc, cells = oracle.Rustc(), oracle.Cells("rust")
    counts = {"same": 0, "left out": 0}
    others = []
    try:
        for example in oracle.chosen(EVERY, None, None):
            found = oracle.verdict(example, rustc, cells)
            if found["verdict"] in counts:
                counts[found["verdict"]] += 1
            elif reason(found["key"]) is None:
                others.append(found)
    finally:
        cells.close()
    print(counts)
    assert not others, others
    assert counts["same"] > 20, f"hardly any example was taken: {counts}"


@pytest.mark.parametrize("exception", KNOWN, ids=lambda it: it["place"])
def test_an_exception_is_still_an_example(exception: dict):
    crate = exception["place"].split("/")[0]
    places = {(it.place, it.form) for it in oracle.chosen(1, crate, None)}
    assert all((exception["place"], form) in places for form in exception["forms"])
