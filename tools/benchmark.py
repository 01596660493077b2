"""Measures Jupyter kernels side by side: start, cells, growth, memory.

    .venv/bin/python tools/benchmark.py rust evcxr python3          3 rounds; the table goes to stdout
    .venv/bin/python tools/benchmark.py rust evcxr python3 --quick  1 round, a few minutes
    .venv/bin/python tools/benchmark.py rust evcxr python3 --long   5 rounds, growth over 300 cells
    .venv/bin/python tools/benchmark.py services                    the web service and its FastAPI original; see
                                                                    `services --help`
    .venv/bin/python tools/benchmark.py setup                       set-up beside that of the stock kernel, half an hour

The names are those of installed kernelspecs (`jupyter kernelspec list`). A kernel gets the lesson in its own
language: Rust, Python or TypeScript. Which crates a Rust kernel must be given first, and all else that depends on
the kernel, follows from what it says of itself. To measure the stock evcxr kernel, install it and its kernelspec
(`cargo install evcxr_jupyter && evcxr_jupyter --install`), or set JUPYTER_PATH to a folder that has
`kernels/<name>/kernel.json`.

The folder that --out names (target/benchmark unless you say otherwise) gets report.md, results.json with every
sample, and kernels.svg. A kernel that fails is reported as such, and the others go on. The exit status is 0 when
everything was measured, 1 when something failed, 2 when the command line is wrong.

Leave the machine alone meanwhile. A busy machine is reported, and its figures are worth little.
Linux only: memory is read from /proc.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path

from benchmark import profile
from benchmark.chart import chart
from benchmark.lesson import has_crates, lesson_for
from benchmark.pages import pages
from benchmark.plan import Options
from benchmark.report import about_the_machine, load, markdown, rows
from benchmark.rounds import Record, run, say
from benchmark.session import KernelFailed

PROJECT = Path(__file__).resolve().parent.parent
QUICK = Options(rounds=1, back_to_back=3, paused=2, growth=60, dependency_limit=240.0)
STANDARD = Options()
LONG = Options(rounds=5, growth=300)


def main() -> int:
    """Reads the command line, runs, and writes the results. Gives back the exit status."""
    if sys.argv[1:2] == ["services"]:
        from benchmark import services

        return services.main(sys.argv[2:])
    if sys.argv[1:2] == ["setup"]:
        from benchmark import setup

        return setup.main(sys.argv[2:])
    arguments, options = _command_line()
    # A kernel of this Python's own environment goes before one of the same name elsewhere.
    os.environ.setdefault("JUPYTER_PREFER_ENV_PATH", "1")
    arguments.out.mkdir(parents=True, exist_ok=True)
    about = about_the_machine()
    if about["load_before"] > about["cores"] / 2:
        say(
            f"warning: the machine is busy (load {about['load_before']} on {about['cores']} cores): "
            "the figures will be worth little"
        )
    with pages() as address:
        records, complete = run(arguments.kernels, address, options)
        taken_apart = _take_apart(records, address, options)
    about["load_after"] = load()
    found = rows(records, options)
    report = markdown(found, records, arguments.against, about, options)
    for name, profiles in taken_apart.items():
        report += f"\nWhere the time of a cell goes in `{name}` ({profile.CELLS} cells of each kind, back to back):\n\n"
        report += profile.table(profiles) + "\n"
    results = {
        "machine": about,
        "options": asdict(options),
        "against": arguments.against,
        "rows": [asdict(row) for row in found],
        "kernels": [asdict(record) for record in records],
        "profiles": {name: list(map(asdict, profiles)) for name, profiles in taken_apart.items()},
    }
    subtitle = f"{about['date']}; {about['processor']}, {about['cores']} cores; {options.rounds} round(s)"
    for name, text in {
        "report.md": report,
        "results.json": json.dumps(results, indent=1, ensure_ascii=False) + "\n",
        "kernels.svg": chart(found, arguments.kernels, subtitle),
    }.items():
        (arguments.out / name).write_text(text, encoding="utf-8")
    print(report)
    say(f"written: report.md, results.json and kernels.svg in {arguments.out}")
    return 0 if complete and not any(record.failures for record in records) else 1


def _take_apart(records: list[Record], address: str, options: Options) -> dict[str, list[profile.Profile]]:
    """The profiles of this project's kernel, by the name under which it was measured; none for other kernels."""
    found = {}
    for record in records:
        if record.info and has_crates(record.info["implementation"]):
            say(f"  {record.name}: taking cells apart")
            lesson = lesson_for("rust", record.info["implementation"], address, options.dependencies)
            with tempfile.TemporaryDirectory(prefix="benchmark-", ignore_cleanup_errors=True) as folder:
                try:
                    found[record.name] = profile.profiles(record.name, lesson, Path(folder) / "profile")
                except KernelFailed as failure:
                    record.fail("profile", str(failure))
    return found


def _command_line() -> tuple[argparse.Namespace, Options]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kernels", nargs="+", metavar="KERNELSPEC")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_const", dest="base", const=QUICK, default=STANDARD)
    size.add_argument("--long", action="store_const", dest="base", const=LONG)
    parser.add_argument(
        "--against",
        metavar="KERNELSPEC",
        help="the ratios are to this one (default: evcxr if it is there, else the last)",
    )
    parser.add_argument("--out", type=Path, default=PROJECT / "target" / "benchmark", metavar="DIR")
    one, none, seconds = _at_least(int, 1), _at_least(int, 0), _at_least(float, 0)
    for option, kind, name, text in (
        ("--rounds", one, "N", "every kernel is started once a round"),
        ("--back-to-back", none, "N", "passes through all kinds of cells without a pause, in each round"),
        ("--paused", none, "N", "passes with a reader's pause before each cell"),
        ("--pause", seconds, "S", "how long that pause is"),
        ("--growth", one, "N", "compare small cells after N cells with those after 20"),
        ("--read-first", seconds, "S", "how long the user reads before running the first cell"),
        ("--start-limit", seconds, "S", "time limit for kernel_info"),
        ("--dependency-limit", seconds, "S", "time limit for each cell up to the first async result"),
        ("--cell-limit", seconds, "S", "time limit for each later cell"),
    ):
        default = getattr(STANDARD, option[2:].replace("-", "_"))
        parser.add_argument(option, type=kind, metavar=name, help=f"{text} (usually {default:g})")
    parser.add_argument(
        "--dependencies",
        type=_text_of_file,
        metavar="FILE",
        help="the first cell of a Rust kernel without crates of its own: `:dep` lines for tokio, reqwest, serde_json "
        "and plotters (usually: the plain ones, as the report shows)",
    )
    arguments = parser.parse_args()
    if len(set(arguments.kernels)) < len(arguments.kernels):
        parser.error("a kernelspec is named twice; each is measured once a round")
    if arguments.against is None:
        arguments.against = "evcxr" if "evcxr" in arguments.kernels else arguments.kernels[-1]
    if arguments.against not in arguments.kernels:
        parser.error(
            f"--against names {arguments.against!r}, which is not among the kernels: {' '.join(arguments.kernels)}"
        )
    given = {name: value for name in asdict(STANDARD) if (value := getattr(arguments, name)) is not None}
    return arguments, replace(arguments.base, **given)


def _text_of_file(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"{path} cannot be read: {error}") from None


def _at_least(kind: type, least: float):
    def convert(text: str):
        value = kind(text)
        if not least <= value < float("inf"):
            raise argparse.ArgumentTypeError(f"must be {least} or more, and is {text}")
        return value

    convert.__name__ = "number"
    return convert


if __name__ == "__main__":
    sys.exit(main())
