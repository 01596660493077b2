"""What a lesson says in numbers holds: its code, an assertion or an exact output backs each number with a unit."""

from __future__ import annotations

import tomllib
from pathlib import Path

import claims
import nbformat
import notebooks
import pytest
from nbformat import NotebookNode

LESSONS = [path for path in sorted(notebooks.FOLDER.glob("*.ipynb")) if path.name[:2].isdigit()]
REASONS: dict[str, dict[str, str]] = tomllib.loads(Path(__file__).with_name("claims.toml").read_text(encoding="utf-8"))

each_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)


def unbacked(cells: list[NotebookNode]) -> list[claims.Claim]:
    held = claims.evidence(cells)
    texts = [(index, cell.source) for index, cell in enumerate(cells) if cell.cell_type == "markdown"]
    return [claim for index, text in texts for claim in claims.claims(text) if not held.backs(claim, index)]


@each_lesson
def test_every_number_is_backed(path: Path) -> None:
    found = unbacked(nbformat.read(path, as_version=4).cells)
    reasons = REASONS.get(path.stem, {})
    without = [f"{claim}: … {claim.around} …" for claim in found if str(claim) not in reasons]
    assert without == [], "assert it in the cell, write what the code says, or give the reason in claims.toml"
    assert set(reasons) == {str(claim) for claim in found}, "claims.toml has a reason that nothing needs"


def test_reasons_are_for_lessons() -> None:
    assert set(REASONS) <= {path.stem for path in LESSONS}


# ---- the search itself --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It takes 300 ms.", ["300 ms"]),
        ("Waits of 30, 20 and 10 ms; 1.5 s; 2 MB.", ["30 ms", "20 ms", "10 ms", "1.5 s", "2 MB"]),
        ("Twelve calls of 20 to 220 ms, 10,000 bytes", ["20 ms", "220 ms", "10000 bytes"]),
        ("It takes four times as long, in half the time, 14× at most.", ["14 ×", "4 times as", "2 times as"]),
        ("It runs 200 times, and 3 times as long.", ["200 times", "3 times as"]),
        ("`ms(300)`, [a wait](#5-s) and\n```\n7 ms\n```", []),
        ("Lesson 05 is about 3 files; 3 times 200 ms; 20 · 110.", ["200 ms"]),
    ],
)
def test_finds_numbers_with_units(text: str, found: list[str]) -> None:
    assert sorted(str(claim).replace(",", "") for claim in claims.claims(text)) == sorted(found)


def code(source: str, text: str = "", *tags: str) -> NotebookNode:
    outputs = [nbformat.v4.new_output("stream", name="stdout", text=text)] if text else []
    return nbformat.v4.new_code_cell(source, outputs=outputs, metadata={"tags": list(tags)})


@pytest.mark.parametrize(
    ("cell", "text", "backed"),
    [
        (code("sleep(ms(300)).await;"), "300 ms", True),
        (code("sleep(Duration::from_secs(3)).await;"), "3 s, or 3,000 ms", True),
        (code("sleep(Duration::from_millis(3)).await;"), "3 s", False),
        (code("assert!(took >= ms(9 * 40 - 5));"), "355 ms", True),
        (code("wait(200);"), "200 ms", True),
        (code("wait(2_000);"), "2 s", True),
        (code("wait(2);"), "2 ms", False),
        (code('println!("300 ms"); // 300 ms'), "300 ms", False),
        # What was measured differs from run to run.
        (code("took", "301 ms"), "301 ms", False),
        (code("exercise::check(1).await", "It took 900 ms.", "check"), "900 ms", True),
        (code("page.len()", "700 bytes"), "700 bytes", True),
        (code("assert!(one > 4.0 * other);"), "4 times as long", True),
        (code("assert!(one > 4.0 * other);"), "three times as long", False),
        (code("let four = 4;"), "4 times as long", False),
        (code("error_rate(0.35)"), "35 %", True),
        (code("for n in 0..2_000 {}"), "2,000 times", True),
    ],
)
def test_a_number_is_backed_by_code_and_not_by_chance(cell: NotebookNode, text: str, backed: bool) -> None:
    assert (unbacked([cell, nbformat.v4.new_markdown_cell(text)]) == []) is backed


def test_an_assertion_far_away_backs_nothing() -> None:
    between = [code("1 + 1")] * (claims.NEAR + 1)
    cells = [code("assert!(one > 4.0 * other);"), *between, nbformat.v4.new_markdown_cell("four times as long")]
    assert [str(claim) for claim in unbacked(cells)] == ["4 times as"]
