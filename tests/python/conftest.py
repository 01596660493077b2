"""What all tests here share: the kernel under test is the one in this Python's own prefix (.venv), and nothing of the
person's own Jupyter settings, kernels or history has any part in it."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

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
