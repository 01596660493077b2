"""tools/release.py: a package is taken when it fits, and else refused with its reason. On a small checkout, with the real kernel in it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from file_server import served

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / "target" / "release"
DEPENDENCY = Path(".cache/prebuilt/crate/target/debug/deps/libserde-1.rlib")
LIMIT = 300  # seconds


def checkout(folder: Path) -> Path:
    """A checkout in which nothing is compiled."""
    (folder / "tools").mkdir(parents=True)
    shutil.copy(ROOT / "tools" / "release.py", folder / "tools")
    for name in ("Cargo.toml", "Cargo.lock"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "crates" / "channel", folder / "crates" / "channel")
    return folder


def release(folder: Path, *arguments: str | Path, **changes: str) -> subprocess.CompletedProcess[str]:
    """tools/release.py of that checkout, with these variables."""
    variables = {name: value for name, value in os.environ.items() if name != "CARGO_TARGET_DIR"} | changes
    command = [sys.executable, folder / "tools" / "release.py", *arguments]
    return subprocess.run(command, env=variables, stdout=subprocess.PIPE, text=True, timeout=LIMIT)


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a release that was made from such a checkout."""
    folder = checkout(tmp_path_factory.mktemp("maker") / "checkout")
    (folder / "target" / "release").mkdir(parents=True)
    shutil.copy2(BUILT / "async-notebook-kernel", folder / "target" / "release")
    for path in (DEPENDENCY, DEPENDENCY.with_name("libnotebook.so"), DEPENDENCY.with_name("libchannel-1.rlib")):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(path.name)
    # cargo compares times, to the nanosecond.
    os.utime(folder / DEPENDENCY, ns=(0, 1_700_000_000_123_456_789))
    assert release(folder, "pack", folder / "release").returncode == 0
    return folder / "release"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    return checkout(tmp_path / "here")


@pytest.fixture
def copy(packed: Path, tmp_path: Path) -> Path:
    """A copy of the release, to be spoiled."""
    return Path(shutil.copytree(packed, tmp_path / "copy"))


@pytest.fixture
def address(packed: Path) -> Iterator[str]:
    with served(packed) as address:
        yield address


def rustup_home() -> str:
    """Where rustup is, with or without a variable that says so."""
    return os.environ.get("RUSTUP_HOME") or str(Path.home() / ".rustup")


def assert_refused(here: Path, where: str | Path, why: str, **changes: str) -> None:
    """It's said why, and nothing is left behind."""
    before = sorted(here.rglob("*"))
    result = release(here, "take", where, **changes)
    assert result.returncode == 3 and why in result.stdout, result.stdout
    assert [one for one in sorted(here.rglob("*")) if one.name != ".cache"] == before


def assert_taken(here: Path, where: str | Path) -> None:
    result = release(here, "take", where)
    assert result.returncode == 0, result.stdout
    kernel = subprocess.run([here / "target/release/async-notebook-kernel", "--version"], capture_output=True, text=True, timeout=LIMIT)
    assert kernel.returncode == 0
    # What cargo goes by, to what tar keeps of it; and nothing of the library itself, which holds its folder's paths.
    taken = here / DEPENDENCY
    assert taken.read_text() == DEPENDENCY.name and abs(taken.stat().st_mtime - 1_700_000_000.123456789) < 1e-6
    assert [path.name for path in taken.parent.iterdir()] == [DEPENDENCY.name]
    assert release(here, "check").returncode == 0


def test_what_fits_is_taken_from_a_folder(here: Path, packed: Path) -> None:
    assert_taken(here, packed)


def test_what_fits_is_taken_from_an_address(here: Path, address: str) -> None:
    assert_taken(here, address)


def test_a_file_address_is_one(here: Path, packed: Path) -> None:
    assert_taken(here, packed.as_uri())


def test_what_was_taken_holds_until_a_source_changes(here: Path, packed: Path) -> None:
    assert_taken(here, packed)
    with (here / "crates/channel/src/lib.rs").open("a") as source:
        source.write("// changed\n")
    result = release(here, "check")
    assert result.returncode == 3 and "the sources have changed" in result.stdout


def test_the_library_is_for_one_place_of_cargo(here: Path, packed: Path, tmp_path: Path) -> None:
    """cargo would compile all of it anew: its paths are part of what it goes by."""
    result = release(here, "take", packed, CARGO_HOME=str(tmp_path), RUSTUP_HOME=rustup_home())
    assert result.returncode == 0 and "is compiled here" in result.stdout, result.stdout
    assert not (here / DEPENDENCY).exists()
    assert release(here, "check").returncode == 0


@pytest.mark.parametrize("which", ["programs", "library"])
def test_a_wrong_checksum_is_refused(here: Path, copy: Path, which: str) -> None:
    (archive,) = copy.glob(f"*{which}.tar.gz")
    content = bytearray(archive.read_bytes())
    content[len(content) // 2] ^= 1
    archive.write_bytes(content)
    assert_refused(here, copy, f"{which}.tar.gz is not the one that the description names")


def test_half_an_archive_is_refused(here: Path, copy: Path) -> None:
    (archive,) = copy.glob("*programs.tar.gz")
    archive.write_bytes(archive.read_bytes()[:100_000])
    assert_refused(here, copy, "checksum")


def test_another_compiler_is_refused(here: Path, packed: Path, tmp_path: Path) -> None:
    (tmp_path / "rustc").write_text("#!/bin/sh\necho 'rustc 1.96.0 (0123456789 2026-05-28)'\n")
    (tmp_path / "rustc").chmod(0o755)
    assert_refused(here, packed, "and here is rustc 1.96.0", PATH=f"{tmp_path}:{os.environ['PATH']}")


def test_hidden_files_are_not_part_of_the_sources(here: Path, packed: Path) -> None:
    (here / "crates/channel/.progress.json").write_text("{}")
    assert_taken(here, packed)


def test_other_sources_are_refused(here: Path, packed: Path) -> None:
    (here / "crates/channel/src/new.rs").write_text("")
    assert_refused(here, packed, "other sources")


def test_an_archive_with_something_else_in_it_is_refused(here: Path, copy: Path) -> None:
    (archive,) = copy.glob("*library.tar.gz")
    with tarfile.open(archive, "w:gz") as file:
        file.add(ROOT / "Cargo.toml", "debug/../../Cargo.toml")
    (path,) = copy.glob("*.json")
    described = json.loads(path.read_text())
    described["library"]["sha256"] = hashlib.sha256(archive.read_bytes()).hexdigest()
    path.write_text(json.dumps(described))
    assert_refused(here, copy, "something that does not belong there: debug/../../Cargo.toml")


@pytest.mark.parametrize("content", ["", "[]", '{"sources": "0"}'])
def test_a_description_that_is_none_is_refused(here: Path, copy: Path, content: str) -> None:
    (path,) = copy.glob("*.json")
    path.write_text(content)
    assert_refused(here, copy, "its description cannot be read")


@pytest.mark.parametrize("where", ["no/such/folder", "file:///no/such/folder", "http://127.0.0.1:1", "nonsense://x"])
def test_no_release_is_said_so(here: Path, where: str) -> None:
    assert_refused(here, where, "not taken: ")
