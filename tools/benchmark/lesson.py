"""The lesson's cells: the same steps in each language, each written as a student would write it.

Every cell has a number of its own in its text, so no two cells of a session are the same text, and a kernel
gains nothing by keeping the result of an earlier one. `expect` is what the cell must show; a cell that shows
something else counts as failed, since some kernels answer "ok" to cells that went wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

KINDS = ("expression", "new variable", "await", "spawn", "struct and fn", "plot", "HTTP call")
SVG = "image/svg+xml"

# What a person writes on a kernel that has no crates of its own. `reqwest` as it is by default, so with TLS.
RUST_DEPENDENCIES = """\
:dep tokio = { version = "1", features = ["full"] }
:dep reqwest = "0.13"
:dep serde_json = "1"
:dep plotters = { version = "0.3", default-features = false, features = ["svg_backend", "all_series", "all_elements"] }"""


@dataclass(frozen=True)
class Cell:
    """A cell's text, its kind, and the text or the media type that it must show (None: it need not show anything)."""

    kind: str
    source: str
    expect: str | None = None


class Lesson:
    """The cells in one language. `address` is where the pages are, without a slash at its end."""

    def __init__(self, address: str) -> None:
        self.address = address

    dependencies: str | None = None
    """The cell that must come before all others, if there is one."""
    prepare: str
    """Defines what later cells use: the number `step`, and what shows a picture."""

    def cell(self, kind: str, number: int) -> Cell:
        """The cell of a kind with this number. Cells of the kind `new variable` make `readings_<number>`."""
        raise NotImplementedError

    def forget(self, number: int) -> Cell:
        """Gives up the variable that the cell `new variable` with this number has made."""
        raise NotImplementedError

    def filler(self, number: int) -> Cell:
        """A small cell that leaves the number of variables as it is; three forms in turn."""
        raise NotImplementedError


class Rust(Lesson):
    prepare = """\
use plotters::prelude::*;
struct Picture(String);
impl Picture {
    pub fn evcxr_display(&self) {
        println!("EVCXR_BEGIN_CONTENT image/svg+xml\\n{}\\nEVCXR_END_CONTENT", self.0);
    }
}
let step = 3;
let latest = 0;"""

    def __init__(self, address: str, dependencies: str | None) -> None:
        super().__init__(address)
        self.dependencies = dependencies

    def cell(self, kind: str, number: int) -> Cell:
        i = number
        match kind:
            case "expression":
                return Cell(kind, f"(1..={i}_i64).map(|n| n * n).sum::<i64>()", str(sum(n * n for n in range(i + 1))))
            case "new variable":
                return Cell(kind, f"let readings_{i} = vec![{i}, 2, 3];")
            case "await":
                return Cell(
                    kind, f"tokio::time::sleep(std::time::Duration::from_millis(1)).await;\n{i} * 2", str(i * 2)
                )
            case "spawn" if self.dependencies:
                # Such a kernel links each cell with a tokio of its own, and a task that any but the first cell spawns
                # hangs. So here it has a runtime and a thread of its own.
                spawned = f"tokio::spawn(async move {{ {i} + 1 }}).await.unwrap()"
                return Cell(kind, _on_a_runtime(spawned), str(i + 1))
            case "spawn":
                return Cell(kind, f"tokio::spawn(async move {{ {i} + 1 }}).await?", str(i + 1))
            case "struct and fn":
                return Cell(
                    kind,
                    f"#[derive(Clone, Debug)]\nstruct Sample {{ value: f64 }}\n"
                    f"impl Sample {{ fn scaled(&self) -> f64 {{ self.value * {i}.0 }} }}\n"
                    "fn mean(samples: &[Sample]) -> f64 {\n"
                    "    samples.iter().map(Sample::scaled).sum::<f64>() / samples.len() as f64\n}",
                )
            case "plot":
                return Cell(
                    kind,
                    "{\n    let mut svg = String::new();\n    {\n"
                    "        let root = SVGBackend::with_string(&mut svg, (480, 320)).into_drawing_area();\n"
                    "        root.fill(&WHITE).unwrap();\n"
                    "        let mut chart = ChartBuilder::on(&root).margin(10).x_label_area_size(30).y_label_area_size(40)\n"
                    "            .build_cartesian_2d(0.0..10.0, -1.0..1.0).unwrap();\n"
                    "        chart.configure_mesh().draw().unwrap();\n"
                    f"        let wave = (0..=100).map(|n| (n as f64 / 10.0, (n as f64 / {i}.0).sin()));\n"
                    "        chart.draw_series(LineSeries::new(wave, &BLUE)).unwrap();\n"
                    "        root.present().unwrap();\n    }\n    Picture(svg)\n}",
                    SVG,
                )
            case "HTTP call" if self.dependencies:
                # The same holds for requests.
                return Cell(
                    kind,
                    _on_a_runtime(
                        f'let body = reqwest::get("{self.address}/items/{i}").await.unwrap().text().await.unwrap();\n'
                        "    let item: serde_json::Value = serde_json::from_str(&body).unwrap();\n    "
                        'item["id"].as_i64().unwrap_or(-1)'
                    ),
                    str(i),
                )
            case "HTTP call":
                return Cell(
                    kind,
                    f'{{\n    let body = reqwest::get("{self.address}/items/{i}").await?.text().await?;\n'
                    "    let item: serde_json::Value = serde_json::from_str(&body)?;\n    "
                    'item["id"].as_i64().unwrap_or(-1)\n}',
                    str(i),
                )
        raise ValueError(f"there is no kind of cell named {kind!r}")

    def forget(self, number: int) -> Cell:
        return Cell("forget", f"drop(readings_{number});")

    def filler(self, number: int) -> Cell:
        i = number
        return (
            Cell("filler", f"step * {i}", str(3 * i)),
            Cell("filler", f"let latest = {i} + step;"),
            Cell("filler", f"tokio::task::yield_now().await;\nstep + {i}", str(3 + i)),
        )[i % 3]


def _on_a_runtime(code: str) -> str:
    return (
        "std::thread::spawn(|| tokio::runtime::Runtime::new().unwrap().block_on(async {\n    "
        + code
        + "\n})).join().unwrap()"
    )


class Python(Lesson):
    dependencies = "import asyncio, json, math, urllib.request"
    prepare = """\
class Picture:
    def __init__(self, svg): self.svg = svg
    def _repr_svg_(self): return self.svg
step = 3
latest = 0"""

    def cell(self, kind: str, number: int) -> Cell:
        i = number
        match kind:
            case "expression":
                return Cell(kind, f"sum(n * n for n in range(1, {i + 1}))", str(sum(n * n for n in range(i + 1))))
            case "new variable":
                return Cell(kind, f"readings_{i} = [{i}, 2, 3]")
            case "await":
                return Cell(kind, f"await asyncio.sleep(0.001)\n{i} * 2", str(i * 2))
            case "spawn":
                return Cell(kind, f"async def add(): return {i} + 1\nawait asyncio.create_task(add())", str(i + 1))
            case "struct and fn":
                return Cell(
                    kind,
                    "class Sample:\n    def __init__(self, value): self.value = value\n"
                    f"    def scaled(self): return self.value * {i}\n"
                    "def mean(samples): return sum(s.scaled() for s in samples) / len(samples)",
                )
            case "plot":  # ipykernel comes without a plotting library: the line is drawn by hand.
                return Cell(
                    kind,
                    f'wave = " ".join(f"{{n * 4.4 + 40:.1f}},{{160 - 150 * math.sin(n / {i}):.1f}}" for n in range(101))\n'
                    'Picture(f\'<svg xmlns="http://www.w3.org/2000/svg" width="480" height="320">\'\n'
                    '        f\'<polyline points="{wave}" fill="none" stroke="blue"/></svg>\')',
                    SVG,
                )
            case "HTTP call":
                return Cell(
                    kind,
                    f'response = await asyncio.to_thread(urllib.request.urlopen, "{self.address}/items/{i}")\n'
                    'json.loads(response.read())["id"]',
                    str(i),
                )
        raise ValueError(f"there is no kind of cell named {kind!r}")

    def forget(self, number: int) -> Cell:
        return Cell("forget", f"del readings_{number}")

    def filler(self, number: int) -> Cell:
        i = number
        return (
            Cell("filler", f"step * {i}", str(3 * i)),
            Cell("filler", f"latest = {i} + step"),
            Cell("filler", f"await asyncio.sleep(0)\nstep + {i}", str(3 + i)),
        )[i % 3]


class TypeScript(Lesson):
    prepare = """\
const picture = (svg: string) => ({ [Symbol.for("Jupyter.display")]: () => ({ "image/svg+xml": svg }) });
let step = 3;
let latest = 0;"""

    def cell(self, kind: str, number: int) -> Cell:
        i = number
        match kind:
            case "expression":
                return Cell(
                    kind,
                    f"Array.from({{ length: {i} }}, (_, n) => (n + 1) ** 2).reduce((a, b) => a + b, 0)",
                    str(sum(n * n for n in range(i + 1))),
                )
            case "new variable":
                return Cell(kind, f"let readings_{i} = [{i}, 2, 3];")
            case "await":
                return Cell(kind, f"await new Promise((done) => setTimeout(done, 1));\n{i} * 2", str(i * 2))
            case "spawn":
                return Cell(kind, f"await Promise.resolve().then(() => {i} + 1)", str(i + 1))
            case "struct and fn":
                return Cell(
                    kind,
                    f"class Sample {{ constructor(public value: number) {{}} scaled() {{ return this.value * {i}; }} }}\n"
                    "function mean(samples: Sample[]) { return samples.reduce((sum, s) => sum + s.scaled(), 0) / samples.length; }",
                )
            case "plot":
                return Cell(
                    kind,
                    f'picture(\'<svg xmlns="http://www.w3.org/2000/svg" width="480" height="320"><polyline points="\' +\n'
                    f"  Array.from({{ length: 101 }}, (_, n) => `${{n * 4.4 + 40}},${{160 - 150 * Math.sin(n / {i})}}`).join(' ') +\n"
                    '  \'" fill="none" stroke="blue"/></svg>\')',
                    SVG,
                )
            case "HTTP call":
                return Cell(kind, f'(await (await fetch("{self.address}/items/{i}")).json()).id', str(i))
        raise ValueError(f"there is no kind of cell named {kind!r}")

    def forget(self, number: int) -> Cell:
        return Cell("forget", f"readings_{number} = [];")

    def filler(self, number: int) -> Cell:
        i = number
        return (
            Cell("filler", f"step * {i}", str(3 * i)),
            Cell("filler", f"latest = {i} + step;"),
            Cell("filler", f"await Promise.resolve();\nstep + {i}", str(3 + i)),
        )[i % 3]


def has_crates(implementation: str) -> bool:
    """Whether a Rust kernel, by the implementation that kernel_info names, brings the lesson's crates along."""
    return implementation == "async-notebook-kernel"


def lesson_for(language: str, implementation: str, address: str, dependencies: str) -> Lesson:
    """The lesson in a kernel's language, by what the kernel says of itself in kernel_info. `dependencies` is the first
    cell where a Rust kernel has no crates of its own.

    Raises LookupError when there is none for the language.
    """
    match language.lower():
        case "rust":
            return Rust(address, None if has_crates(implementation) else dependencies)
        case "python":
            return Python(address)
        case "typescript":
            return TypeScript(address)
    raise LookupError(f"the lesson is not written in {language}: only in Rust, Python and TypeScript")
