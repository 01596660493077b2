"""Moves the cells of notebooks to the second edition of the library. Sources only; idempotent.
   python3 migrate.py FILE.ipynb|FILE.rs|FILE.md …"""
import json, re, sys

CRATES = ["anyhow","axum","futures","plotters","reqwest","serde","serde_json","tokio","tokio_stream","tokio_util","tracing","tracing_subscriber"]

def split_top(text):
    """Splits `a, b::{c, d}, e` at its own commas."""
    parts, depth, part = [], 0, ""
    for ch in text:
        if ch == "{": depth += 1
        if ch == "}": depth -= 1
        if ch == "," and depth == 0:
            parts.append(part.strip()); part = ""
        else: part += ch
    if part.strip(): parts.append(part.strip())
    return parts

PRELUDE = {"display","Html","Json","Markdown","MimeBundle","RichDisplay","exercise","Exercise","Failure","Item","Work","ms","measure","Compare","timed",
 "plot","Bars","Call","Calls","Canvas","Distribution","Lines","Summary","Table","draw","format_duration","theme","timeline","Named","input","progress","quiz","services","tasks","Duration"}

def leaves(tree, prefix=""):
    out = []
    for part in split_top(tree):
        m = re.fullmatch(r"([\w:]+)::\{(.*)\}", part, re.S)
        if m: out += leaves(m[2], prefix + m[1] + "::")
        else: out.append(prefix + part)
    return out

def uses(source):
    lines, crates, other, where = source.split("\n"), [], [], None
    kept = []
    for line in lines:
        m = re.fullmatch(r"use notebook::(.*);", line)
        if not m or m[1] == "prelude::*":
            kept.append(line)
            if m and where is None: where = len(kept) - 1
            continue
        tree = m[1][1:-1] if m[1].startswith("{") else m[1]
        rest = []
        for leaf in leaves(tree):
            last = leaf.split("::")[-1]
            if last == "self": last = leaf.split("::")[-2]
            if leaf in CRATES: crates.append(leaf)
            elif last in PRELUDE or leaf in ("measure::compare","display::show_result"): pass
            else: rest.append(leaf)
        if where is None:
            where = len(kept); kept.append("use notebook::prelude::*;")
        other += rest
    if crates or other:
        names = ", ".join(crates + group(other))
        kept.insert(where + 1, f"use notebook::{names};" if len(crates + group(other)) == 1 else f"use notebook::{{{names}}};")
    return "\n".join(kept)

def group(paths):
    by = {}
    for path in paths:
        head, _, tail = path.partition("::")
        by.setdefault(head, []).append(tail)
    return [h + ("::" + t[0] if len(t) == 1 else "::{" + ", ".join(t) + "}") if t[0] else h for h, t in by.items()]

def cell(source):
    if "use notebook::" in source and "prelude" not in source: source = uses(source)
    lines = [l for l in source.split("\n") if not re.fullmatch(r"\s*use (measure|plot|notebook::plot|notebook::measure)::(\{[\w, ]*\}|\w+);", l)]
    source = "\n".join(lines)
    source = re.sub(r"\b(?:measure::)?compare\(", "Compare::new(", source)
    source = source.replace(".y_seconds()", "").replace("\n    \n", "\n")
    source = re.sub(r"\.x\((\"|format!)", r".x_label(\1", source)
    source = re.sub(r"\.y\((\"|format!)", r".y_label(\1", source)
    if "Bars::new" in source or "Distribution::new" in source: source = re.sub(r"\.unit\(", ".x_unit(", source)
    source = re.sub(r"(Distribution::new\([^;]*?|\.plot\(\))\.log\(\)", r"\1.log_x()", source)
    source = source.replace(".described_as(", ".alt(")
    source = re.sub(r"(?:plot::)?\bdraw\(\(([^|]*)\), \|area\|", r'Canvas::new("").size(\1).draw(|area|', source)
    source = re.sub(r"\b(table|staircase|calls|groups|bars|chart) = \1\.(row|call|group|bar|line)\(", r"\1.push(", source)
    source = re.sub(r"\bplot::(Bars|Lines|Distribution|Calls|Call|Table|Summary)\b", r"\1", source)
    source = source.replace("plot::format_duration", "format_duration").replace("measure::timed(", "timed(")
    source = re.sub(r"\b(together|schedule|recording)\.text\(\)", r"\1", source)
    return source

for path in sys.argv[1:]:
    text = open(path, encoding="utf-8").read()
    if path.endswith(".ipynb"):
        nb = json.loads(text)
        assert json.dumps(nb, indent=1, ensure_ascii=False) + "\n" == text, path
        for c in nb["cells"]:
            if c["cell_type"] == "code":
                old = "".join(c["source"]); new = cell(old)
                if new != old:
                    c["source"] = new.splitlines(keepends=True)
        new = json.dumps(nb, indent=1, ensure_ascii=False) + "\n"
    else: new = cell(text)
    if new != text: open(path, "w", encoding="utf-8").write(new); print("migrated", path)
