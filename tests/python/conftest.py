"""What all tests here share: the kernel under test is the one in this Python's own prefix (.venv), and nothing of the
person's own Jupyter settings, kernels or history has any part in it."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from course import Course

# The fixture `browser`.
pytest_plugins = ["browser"]

COURSE: pytest.StashKey[Course] = pytest.StashKey()
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

# Before anything of Jupyter is imported: it reads these once. Connection files go here too.
_folder = tempfile.mkdtemp(prefix="jupyter-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
for _name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
    os.environ[_name] = str(Path(_folder, _name.lower()))
    Path(os.environ[_name]).mkdir()
os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
# A run of the tests is nobody's progress through the course.
os.environ["ASYNC_NOTEBOOK_PROGRESS"] = "off"
os.environ["JUPYTER_PATH"] = str(Path(sys.prefix, "share", "jupyter"))


@pytest.fixture(scope="session")
def course(request: pytest.FixtureRequest) -> Iterator[Course]:
    """The notebooks that the tests of this run ask for: they begin to run when the first test asks."""
    from course import Course  # only now: see above

    asking = [item for item in request.session.items if "course" in getattr(item, "fixturenames", ())]
    course = Course([item.callspec.params["path"] for item in asking])
    request.config.stash[COURSE] = course
    yield course
    course.close()


def pytest_terminal_summary(terminalreporter, config: pytest.Config) -> None:
    """How long each notebook took: its own cells, and the answers to its exercises and questions."""
    if course := config.stash.get(COURSE, None):
        terminalreporter.section("seconds of each notebook: as it stands, answers")
        for path, run in course.finished():
            terminalreporter.write_line(f"{path.stem:32} {run.seconds:6.1f} {run.seconds_for_answers:6.1f}")


@pytest.fixture(scope="session", autouse=True)
def kernel_spec():
    """The kernelspec `rust` that the tests start. Ends the run when it is not there or not the one that was just built."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        spec = KernelSpecManager().get_kernel_spec("rust")
    except NoSuchKernel:
        pytest.exit(f"no kernel 'rust' in {sys.prefix}: run ./kernel-setup.sh first", returncode=1)
    built = os.environ.get("ASYNC_NOTEBOOK_KERNEL")
    if built and Path(spec.argv[0]).resolve() != Path(built).resolve():
        pytest.exit(f"the kernelspec in {spec.resource_dir} starts {spec.argv[0]}, not {built}", returncode=1)
    return spec
