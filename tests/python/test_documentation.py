"""What the crates promise to who reads them: every public type, trait and function of `crates/notebook` has a short example
(that it runs is for `cargo test --doc` to see), and the modules of each crate know each other one way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CRATES = ROOT / "crates"
LIBRARY = CRATES / "notebook" / "src"
# Methods stand indented: their type's example shows those that matter.
ITEM = re.compile(r"pub (?:async |const |unsafe )*(?:struct|enum|trait|fn) (\w+)")


def public_items(source: str) -> Iterator[tuple[str, list[str]]]:
    """The name of each public item of a file that is documented, with what stands above it: comments and attributes."""
    above: list[str] = []
    in_attribute = False
    for line in source.splitlines():
        if line.startswith(("///", "//", "#[")) or in_attribute:
            above.append(line)
            # An attribute of several lines ends with a bracket of its own.
            in_attribute = (in_attribute or line.startswith("#[")) and not line.rstrip().endswith("]")
            continue
        if (item := ITEM.match(line)) and "#[doc(hidden)]" not in above:
            yield item[1], above
        above = []


def test_every_public_item_has_an_example() -> None:
    items = [
        (f"{path.relative_to(LIBRARY)}: {name}", above)
        for path in sorted(LIBRARY.rglob("*.rs"))
        if "tests" not in path.relative_to(LIBRARY).parts and path.name != "tests.rs"
        # What only generated code calls.
        and path.relative_to(LIBRARY) != Path("cell", "store.rs")
        for name, above in public_items(path.read_text())
    ]
    assert len(items) > 80
    without = [name for name, above in items if not any(line.startswith("/// ```") for line in above)]
    assert without == []


def modules_known(crate: Path) -> dict[str, set[str]]:
    """Which of a crate's top-level modules each of them names, tests left out."""
    names = {path.stem for path in crate.glob("*.rs")} - {"lib", "main"}
    known: dict[str, set[str]] = {name: set() for name in names}
    for path in crate.rglob("*.rs"):
        parts = path.relative_to(crate).with_suffix("").parts
        if parts[0] not in names or "tests" in parts:
            continue
        source = path.read_text().split("#[cfg(test)]\nmod tests {")[0]
        code = re.sub(r"^\s*//.*$", "", source, flags=re.MULTILINE)
        named = re.findall(r"\bcrate::(\w+)", code)
        for group in re.findall(r"\bcrate::\{([^}]*)", code):
            named += re.findall(r"\w+", group)
        known[parts[0]] |= (set(named) & names) - {parts[0]}
    return known


@pytest.mark.parametrize("crate", ["kernel", "notebook", "services"])
def test_modules_know_each_other_one_way(crate: str) -> None:
    known = modules_known(CRATES / crate / "src")
    assert sum(len(others) for others in known.values()) > 8
    while leaves := {name for name, others in known.items() if not others}:
        known = {name: others - leaves for name, others in known.items() if name not in leaves}
    assert known == {}, "these are in a circle"
