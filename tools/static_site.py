"""Makes the lessons a static site: with outputs, plots and search, to be read without installing anything.

    python3 tools/static_site.py                            builds it in target/site/html
    python3 tools/static_site.py --repository URL           the same, with links to the source and a launch button on each lesson
    python3 tools/static_site.py check                      looks at what was built: every link within it, and WCAG A and AA in a browser

Building needs no kernel: the outputs are those that the notebooks hold. It needs the network once, for the packages of
site/requirements.txt, which go into target/site/venv. `check` needs Chromium and its driver.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "site"
TO = ROOT / "target" / "site"
# What the site consists of; a link to anything else leads to the repository.
PARTS = ("notebooks", "docs", "assets")
# Brings axe-core as one file, and needs a second way of driving browsers for all else that it does: so it is installed by itself.
AXE = "axe-playwright-python==0.1.8"
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((\.\./)?([^):#\s]+)((?:#[^)]*)?)\)")


def environment() -> Path:
    """The Python that has Sphinx; its environment is made when it is not there or the requirements have changed."""
    requirements, venv = SITE / "requirements.txt", TO / "venv"
    stamp, python = venv / "installed.txt", venv / "bin" / "python"
    wanted = requirements.read_text() + AXE
    if not stamp.exists() or stamp.read_text() != wanted:
        print("installing Sphinx into target/site/venv …", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True)
        for packages in (["-r", requirements], ["--no-deps", AXE]):
            subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages], check=True)
        stamp.write_text(wanted)
    return python


def for_the_site(text: str, folder: str, repository: str) -> str:
    """Markdown whose links to files that are no part of the site lead to the repository, or are plain text without one."""

    def lead(link: re.Match[str]) -> str:
        words, up, path, anchor = link.groups()
        target = (ROOT / path) if up else (ROOT / folder / path)
        if not target.exists():
            return link[0]  # code that looks like a link, or an error that Sphinx names
        inside = target.resolve().relative_to(ROOT)
        if inside.parts[0] in PARTS and target.is_file() and target.suffix in (".md", ".ipynb", ".json", ".svg", ".html"):
            return link[0]
        kind = "tree" if target.is_dir() else "blob"
        return f"[{words}]({repository}/{kind}/main/{inside}{anchor})" if repository else words

    return LINK.sub(lead, text)


def lesson_for_the_site(source: str, repository: str) -> str:
    """A notebook as the site shows it: without data that only programs read, and without the code that JupyterLab folds."""
    notebook = json.loads(source)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = for_the_site("".join(cell["source"]), "notebooks", repository)
            continue
        tags = cell["metadata"].setdefault("tags", [])
        if cell["metadata"].get("jupyter", {}).get("source_hidden"):
            tags.append("remove-input")  # it holds the answers to a question, or the checks of an exercise
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            for kind in [kind for kind in data if kind.endswith("json")]:
                del data[kind]
    return json.dumps(notebook, ensure_ascii=False)


def stage(repository: str) -> Path:
    """The folder that Sphinx reads: settings, lessons, documents and pictures, as the site needs them."""
    source = TO / "source"
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(SITE, source, ignore=shutil.ignore_patterns("__pycache__"))
    for part in PARTS:
        shutil.copytree(ROOT / part, source / part, ignore=shutil.ignore_patterns(".*", "target", "crates"))
    for path in source.glob("notebooks/*.ipynb"):
        path.write_text(lesson_for_the_site(path.read_text(), repository))
    for path in (*source.glob("notebooks/*.md"), *source.glob("docs/*.md")):
        path.write_text(for_the_site(path.read_text(), path.parent.name, repository))
    return source


def build(repository: str) -> int:
    python = environment()
    source = stage(repository)
    # A warning is an error: a broken link between lessons, a heading that is not there, an output that cannot be shown.
    made = subprocess.run(
        [python, "-m", "sphinx", "-b", "html", "-E", "-q", "-W", "--keep-going", "-D", "language=en", source, TO / "html"],
        env={**os.environ, "SITE_REPOSITORY": repository},
    )
    if made.returncode == 0:
        print(f"built: {TO / 'html' / 'index.html'}")
    return made.returncode


def check() -> int:
    command = [environment(), "-m", "pytest", "-p", "no:cacheprovider", "--timeout=1200", ROOT / "tests" / "site"]
    return subprocess.run(command).returncode


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", nargs="?", choices=("build", "check"), default="build")
    parser.add_argument("--repository", default="", help="where the source is on the web, such as https://github.com/OWNER/NAME")
    arguments = parser.parse_args()
    if arguments.command == "check":
        return check()
    return build(arguments.repository.rstrip("/"))


if __name__ == "__main__":
    sys.exit(main())
