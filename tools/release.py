"""Packs what kernel-setup.sh has compiled, and takes such a package in the place of compiling it.

    python3 tools/release.py pack FOLDER     writes async-notebook-SYSTEM.json and two archives into FOLDER, after ./kernel-setup.sh
    python3 tools/release.py take WHERE      WHERE is such a folder, or the address of one (http://, https://, file://)
    python3 tools/release.py check           whether what was taken is still of these sources

`ASYNC_NOTEBOOK_RELEASE=WHERE ./kernel-setup.sh` takes it. It's taken only when it was made from the same sources, by the same
compiler, and is what its checksum says; `take` and `check` end with the status 3 when it isn't, and say why.

The archives: `programs`, the kernel; and `library`, what the library that cells link to depends on, some
250 crates. cargo takes those for its own only where its home folder has the same path, such as in images. So elsewhere only the programs
are taken. The library itself holds the paths of its folder, and is always compiled in it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tarfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from urllib.error import URLError

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = ("async-notebook-kernel",)
# What decides, besides the compiler, what comes out.
SOURCES = ("Cargo.toml", "Cargo.lock", "crates")
OWN_CRATES = ("notebook", "channel", "services", "ctx")
DEPENDENCIES = Path(".cache/prebuilt/crate/target")
ARCHIVES = ("programs", "library")
NEW = ROOT / ".cache" / "release"
TIMEOUT = 60  # seconds without a byte
DOES_NOT_FIT = 3
BLOCK = 1 << 20


class DoesNotFit(Exception):
    """Why a release is not taken."""


def target() -> Path:
    """cargo's folder, as kernel-setup.sh finds it."""
    return ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "release"


def name() -> str:
    return f"async-notebook-{platform.machine()}-{platform.system().lower()}"


def sources() -> str:
    """The checksum of all that the programs and the library are made from, by content: times don't matter. Hidden files
    are not part of it: a folder that was used has some that a clone lacks."""
    total = hashlib.sha256()
    for part in SOURCES:
        paths = [ROOT / part] if (ROOT / part).is_file() else sorted((ROOT / part).rglob("*"))
        for path in paths:
            if path.is_file() and not path.name.startswith("."):
                content = hashlib.sha256(path.read_bytes()).hexdigest()
                total.update(f"{path.relative_to(ROOT).as_posix()} {content}\n".encode())
    return total.hexdigest()


def compiler() -> str:
    """All that rustc says of itself: crates compiled by another one, of whatever commit or host, cannot be used."""
    return subprocess.run(["rustc", "-vV"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def cargo_home() -> str:
    return os.environ.get("CARGO_HOME") or str(Path.home() / ".cargo")


def checksum(path: Path) -> str:
    total = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            total.update(block)
    return total.hexdigest()


# ---- pack -----------------------------------------------------------------------------------------


def dependencies() -> Iterator[Path]:
    """What cargo has built of the crates that cells' own library depends on, without that library and its notes on it."""
    for path in sorted((ROOT / DEPENDENCIES).rglob("*")):
        stem = path.name.removeprefix("lib")
        own = any(stem == crate or stem.startswith((f"{crate}-", f"{crate}.")) for crate in OWN_CRATES)
        parts = path.relative_to(ROOT / DEPENDENCIES).parts
        of_own = any(part.startswith(tuple(f"{crate}-" for crate in OWN_CRATES)) for part in parts)
        if path.is_file() and not own and not of_own and "incremental" not in parts and not stem.startswith("code_"):
            yield path


def write_archive(path: Path, files: dict[str, Path]) -> dict[str, str]:
    """Packs files under the names given; gives back what the description says of the archive."""

    def nobodys(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = 0
        member.uname = member.gname = ""
        return member

    # Files of two names, as cargo has them, are packed as two.
    with tarfile.open(path, "w:gz", compresslevel=6, dereference=True) as archive:
        for name, file in files.items():
            archive.add(file, name, filter=nobodys)
    print(f"{path}: {path.stat().st_size >> 20} MB")
    return {"file": path.name, "sha256": checksum(path)}


def pack(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "programs": {program: target() / program for program in PROGRAMS},
        "library": {path.relative_to(ROOT / DEPENDENCIES).as_posix(): path for path in dependencies()},
    }
    description = {"sources": sources(), "compiler": compiler(), "cargo_home": cargo_home()}
    for archive in ARCHIVES:
        description[archive] = write_archive(folder / f"{name()}-{archive}.tar.gz", files[archive])
    (folder / f"{name()}.json").write_text(json.dumps(description, indent=2) + "\n")


# ---- take -----------------------------------------------------------------------------------------


def fetch(where: str, file: str, to: Path) -> None:
    """Copies `file` from a folder or an address to `to`."""
    if "://" not in where:
        if not Path(where, file).is_file():
            raise DoesNotFit(f"there is no {file} in {where}")
        shutil.copyfile(Path(where, file), to)
        return
    address = f"{where.rstrip('/')}/{file}"
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT) as answer, to.open("wb") as out:
            shutil.copyfileobj(answer, out, BLOCK)
    except (URLError, OSError, ValueError) as error:
        raise DoesNotFit(f"{address}: {error}") from None


def description(where: str) -> dict:
    fetch(where, f"{name()}.json", NEW / "description.json")
    try:
        described = json.loads((NEW / "description.json").read_text())
        return {
            **{key: str(described[key]) for key in ("sources", "compiler", "cargo_home")},
            **{archive: {key: str(described[archive][key]) for key in ("file", "sha256")} for archive in ARCHIVES},
        }
    except (ValueError, KeyError, TypeError) as error:
        raise DoesNotFit(f"its description cannot be read: {error!r}") from None


def fetch_archive(where: str, described: dict[str, str], to: Path) -> None:
    """Unpacks an archive that is what its description says: plain files only, and only below `to`."""
    archive = NEW / "archive.tar.gz"
    fetch(where, PurePosixPath(described["file"]).name, archive)
    if checksum(archive) != described["sha256"]:
        raise DoesNotFit(f"the checksum of {described['file']} is not the one that the description names")
    with tarfile.open(archive) as file:
        for member in file:
            path = PurePosixPath(member.name)
            if not member.isfile() or path.is_absolute() or ".." in path.parts:
                raise DoesNotFit(f"{described['file']} has something that does not belong there: {member.name}")
            place = to / path
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("wb") as out:
                shutil.copyfileobj(file.extractfile(member), out, BLOCK)
            place.chmod(0o755 if member.mode & 0o100 else 0o644)
            os.utime(place, (member.mtime, member.mtime))  # cargo goes by them


def fetch_programs(where: str, described: dict) -> None:
    fetch_archive(where, described["programs"], NEW / "programs")
    # One that was linked to a newer C library than this system's does not start.
    started = subprocess.run([NEW / "programs" / PROGRAMS[0], "--version"], capture_output=True, text=True)
    if started.returncode != 0:
        raise DoesNotFit(f"its kernel does not start on this system: {started.stderr.strip()}")


def take_library(where: str, described: dict) -> None:
    if described["cargo_home"] != cargo_home():
        print(f"  (what the library depends on is compiled here: that of the release is for cargo in {described['cargo_home']})")
        return
    fetch_archive(where, described["library"], NEW / "library")
    shutil.rmtree(ROOT / DEPENDENCIES, ignore_errors=True)
    (ROOT / DEPENDENCIES).parent.mkdir(parents=True, exist_ok=True)
    shutil.move(NEW / "library", ROOT / DEPENDENCIES)


def take(where: str) -> None:
    shutil.rmtree(NEW, ignore_errors=True)
    NEW.mkdir(parents=True)
    try:
        described = description(where)
        if described["compiler"] != (own := compiler()):
            raise DoesNotFit(f"it is for {described['compiler'].splitlines()[0]}, and here is {own.splitlines()[0]}")
        if described["sources"] != (own := sources()):
            raise DoesNotFit("it was made from other sources than those of this folder")
        fetch_programs(where, described)
        take_library(where, described)
        target().mkdir(parents=True, exist_ok=True)
        for program in PROGRAMS:
            shutil.move(NEW / "programs" / program, target() / program)
        (target() / "taken-from-release").write_text(own)
    finally:
        shutil.rmtree(NEW, ignore_errors=True)


def check() -> None:
    stamp = target() / "taken-from-release"
    if not stamp.is_file():
        raise DoesNotFit("nothing was taken")
    if not all((target() / program).is_file() for program in PROGRAMS) or stamp.read_text() != sources():
        raise DoesNotFit("the sources have changed since the release was")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("pack").add_argument("folder", type=Path)
    commands.add_parser("take").add_argument("where")
    commands.add_parser("check")
    arguments = parser.parse_args()
    try:
        match arguments.command:
            case "pack":
                pack(arguments.folder)
            case "take":
                take(arguments.where)
            case "check":
                check()
    except (DoesNotFit, OSError) as why:
        print(f"  not taken: {why}")
        return DOES_NOT_FIT
    except KeyboardInterrupt:
        # As one that Ctrl-C has ended, so that kernel-setup.sh ends as well.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
