"""Every name of this Python's asyncio is on the map from asyncio to Rust, and what the map says to be shown is shown.

That the cells of lesson 18 run is the matter of test_notebooks.py; here they are only read.
"""

from __future__ import annotations

import asyncio
import asyncio.subprocess
import sys
import warnings

import asyncio_map
import pytest

VERSION = sys.version_info[:2]
# The classes whose methods are mapped, and how they are called on the map.
CLASSES = {
    name: name
    for name in (
        *("Runner", "Task", "Future", "TaskGroup", "Timeout", "Queue", "Lock", "Event", "Condition", "Semaphore", "Barrier"),
        *("StreamReader", "StreamWriter", "Handle", "TimerHandle"),
    )
} | {"AbstractServer": "Server", "AbstractEventLoop": "loop"}


@pytest.fixture(scope="module")
def listed() -> dict[str, asyncio_map.Name]:
    return asyncio_map.names()


def of_this_python(name: asyncio_map.Name) -> bool:
    return name.since <= VERSION <= name.until and name.only in (None, "Windows" if sys.platform == "win32" else None)


def known(listed: dict[str, asyncio_map.Name], name: str) -> bool:
    return name in listed and of_this_python(listed[name])


@pytest.mark.skipif(VERSION > asyncio_map.NEWEST, reason=f"the map ends at Python {asyncio_map.NEWEST}")
def test_every_name_of_asyncio_is_on_the_map(listed: dict[str, asyncio_map.Name]) -> None:
    assert [name for name in asyncio.__all__ if not known(listed, name)] == []


@pytest.mark.skipif(VERSION > asyncio_map.NEWEST, reason=f"the map ends at Python {asyncio_map.NEWEST}")
def test_every_method_is_on_the_map(listed: dict[str, asyncio_map.Name]) -> None:
    """What a class inherits from another one of the map is looked for there."""
    missing = []
    for name, called in CLASSES.items():
        cls = getattr(asyncio, name, None)
        bases = [CLASSES[base.__name__] for base in cls.__mro__ if base.__name__ in CLASSES] if cls else []
        # asyncio's own Task is written in C, and does not name Future as its base in every version.
        bases += ["Future"] if name == "Task" else []
        members = [member for member in dir(cls) if not member.startswith("_")] if cls else []
        missing += [f"{called}.{member}" for member in members if not any(known(listed, f"{base}.{member}") for base in bases)]
    process = [member for member in dir(asyncio.subprocess.Process) if not member.startswith("_")]
    missing += [f"Process.{member}" for member in process if not known(listed, f"Process.{member}")]
    assert missing == []


def test_every_function_and_class_on_the_map_is_asyncio_s(listed: dict[str, asyncio_map.Name]) -> None:
    def there(name: str) -> bool:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # policies are on their way out
            return hasattr(asyncio, name)

    assert [name for name, entry in listed.items() if "." not in name and of_this_python(entry) and not there(name)] == []


def test_list_lesson_and_table_agree() -> None:
    assert list(asyncio_map.problems()) == []


def test_a_name_that_is_missing_is_found(listed: dict[str, asyncio_map.Name], monkeypatch: pytest.MonkeyPatch) -> None:
    without = {name: entry for name, entry in listed.items() if name not in ("gather", "Queue.put")}
    with pytest.raises(AssertionError, match="gather"):
        test_every_name_of_asyncio_is_on_the_map(without)
    with pytest.raises(AssertionError, match=r"Queue\.put"):
        test_every_method_is_on_the_map(without)
    monkeypatch.setattr(asyncio_map, "names", lambda: without | {"invented": asyncio_map.Name("invented", shown=("nothing",))})
    found = list(asyncio_map.problems())
    assert any(problem.startswith("gather: in the lesson, and not in the list") for problem in found)
    assert any(problem.startswith("invented: the list says ['nothing'], the lesson shows []") for problem in found)
