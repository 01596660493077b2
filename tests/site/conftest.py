"""The tests of the static site need no kernel, and so nothing of tests/python but its browser."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

pytest_plugins = ["browser"]
