"""Builds the kernel as a Python wheel: `pip install` then brings the program, its kernelspec and the library's source.

    python3 tools/build_wheel.py        writes target/wheel/async_notebook_kernel-….whl; needs maturin (`pip install maturin`)

Whoever installs it needs Rust and a C compiler, as every user of the kernel does. The first cell builds the library that cells link
to, which takes a few minutes, and keeps it in the environment that the wheel is installed in: `pip uninstall` leaves that there.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TO = ROOT / "target" / "wheel"
LIBRARY = ("notebook", "channel", "services")
# From the kernelspec's folder to that of the environment, whatever it is called.
PREFIX = "{resource_dir}/../../../.."


def kernelspec() -> dict:
    share = f"{PREFIX}/share/async-notebook"
    program = [f"{PREFIX}/bin/async-notebook-kernel", "run", "--connection-file", "{connection_file}"]
    # By `env`, since Jupyter fills in {resource_dir} in the arguments, and nowhere else.
    where = [f"ASYNC_NOTEBOOK_LIBRARY={share}/crates/notebook", f"ASYNC_NOTEBOOK_CACHE={share}/.cache"]
    return {
        "argv": ["/usr/bin/env", *where, *program],
        "display_name": "Rust",
        "language": "rust",
        "interrupt_mode": "message",
        "metadata": {"debugger": False},
    }


def put_together() -> None:
    """The files that a wheel puts into its environment as they are."""
    data = TO / "data" / "data" / "share"
    shutil.rmtree(TO / "data", ignore_errors=True)
    spec, source = data / "jupyter" / "kernels" / "rust", data / "async-notebook"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text(json.dumps(kernelspec(), indent=2) + "\n")
    for crate in LIBRARY:
        shutil.copytree(ROOT / "crates" / crate, source / "crates" / crate)
    for name in ("Cargo.lock", "LICENSE-MIT", "LICENSE-APACHE"):
        shutil.copy(ROOT / name, source / name)
    # The workspace without the crates that only the repository has.
    workspace, changed = re.subn(r'^members = .*$', 'members = ["crates/*"]', (ROOT / "Cargo.toml").read_text(), flags=re.MULTILINE)
    assert changed == 1, "Cargo.toml has no line `members = …`"
    (source / "Cargo.toml").write_text(workspace)


def main() -> int:
    put_together()
    command = [sys.executable, "-m", "maturin", "build", "--release", "--manifest-path", ROOT / "crates/kernel/Cargo.toml", "--out", TO]
    return subprocess.run(command, cwd=ROOT / "crates" / "kernel").returncode


if __name__ == "__main__":
    sys.exit(main())
