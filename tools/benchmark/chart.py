"""The SVG plot: one panel a unit, one bar a kernel, each with its figure beside it."""

from __future__ import annotations

from xml.sax.saxutils import escape

from .report import Row, number

# Colours that remain distinct for the colour-blind (Okabe and Ito).
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
_WIDTH, _LEFT, _RIGHT = 860, 330, 110
_BAR, _GAP = 14, 10
_TITLES = {
    "s": "Start, in seconds",
    "ms": "Cells: median, in milliseconds; the thin line goes to the 95th percentile",
    "MB": "Memory of all processes of the kernel, in MB",
}


def chart(rows: list[Row], names: list[str], subtitle: str) -> str:
    """An SVG picture of the rows, kernels in the order of `names`. The bars of a panel begin at zero."""
    parts: list[str] = []
    y = _heading(parts, names, subtitle)
    for unit, title in _TITLES.items():
        panel = [row for row in rows if row.unit == unit]
        y = _panel(parts, panel, names, title, y + 26)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y + 16}" width="{_WIDTH}" height="{y + 16}" '
        'font-family="system-ui, sans-serif" font-size="12" fill="#222">\n'
        "<title>Jupyter kernels side by side</title>\n"
        f'<rect width="{_WIDTH}" height="{y + 16}" fill="#fff"/>\n'
    )
    return head + "\n".join(parts) + "\n</svg>\n"


def _heading(parts: list[str], names: list[str], subtitle: str) -> int:
    parts.append(_text(16, 28, "Jupyter kernels side by side: shorter is better", size=17, weight="600"))
    parts.append(_text(16, 47, subtitle, colour="#666"))
    x = 16
    for name, colour in zip(names, _endless_colours(names)):
        parts.append(f'<rect x="{x}" y="60" width="12" height="12" fill="{colour}"/>')
        parts.append(_text(x + 17, 70, name))
        x += 17 + 8 * len(name) + 24
    return 76


def _panel(parts: list[str], rows: list[Row], names: list[str], title: str, y: int) -> int:
    greatest = max((figure for row in rows for figures in row.figures.values() for figure in figures), default=0)
    scale = (_WIDTH - _LEFT - _RIGHT) / greatest if greatest > 0 else 0
    parts.append(_text(16, y, title, size=14, weight="600"))
    y += _GAP
    for row in rows:
        height = len(names) * _BAR
        parts.append(_text(_LEFT - 10, y + height / 2 + 4, row.label.replace("**", ""), anchor="end"))
        for name, colour in zip(names, _endless_colours(names)):
            figures = row.figures[name]
            middle = y + _BAR / 2
            if figures:
                end = _LEFT + max(figures) * scale
                parts.append(
                    f'<rect x="{_LEFT}" y="{y + 1}" width="{max(figures[0] * scale, 1):.1f}" height="{_BAR - 2}" fill="{colour}"/>'
                )
                if len(figures) == 2:
                    parts.append(
                        f'<path d="M{_LEFT + figures[0] * scale:.1f} {middle}H{end:.1f}m0-3v6" stroke="{colour}" fill="none"/>'
                    )
                parts.append(_text(end + 5, y + _BAR - 3, " · ".join(map(number, figures)), size=11))
            else:
                parts.append(
                    _text(
                        _LEFT + 5,
                        y + _BAR - 3,
                        f"{name}: {'failed' if row.why[name] else 'not measured'}",
                        size=11,
                        colour="#b00",
                    )
                )
            y += _BAR
        parts.append(f'<path d="M{_LEFT} {y - height}v{height}" stroke="#999"/>')
        y += _GAP
    return y


def _endless_colours(names: list[str]) -> list[str]:
    return [_COLOURS[index % len(_COLOURS)] for index in range(len(names))]


def _text(
    x: float, y: float, text: str, *, size: int = 12, weight: str = "400", colour: str = "#222", anchor: str = "start"
) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" fill="{colour}" text-anchor="{anchor}">{escape(text)}</text>'
