"""Curves without a canvas: the same lines as rows of block characters and as Mermaid charts."""

from collections.abc import Iterable, Sequence
from typing import Final

from mltool.report import figures
from mltool.report.data import Bars
from mltool.report.inert import clip, visible
from mltool.report.model import Curve, Graph, Matrix, Series, Side

SIDES: Final[dict[Side, str]] = {"base": "base", "head": "this change"}
TICKS = "▁▂▃▄▅▆▇█"
GAP = "·"
SAMPLES = 24
MOST_MERMAID = 50_000
MOST_LABEL = 60
MOST_OVER = 40

_XY_COLOURS = '%%{init: {"themeVariables": {"xyChart": {"plotColorPalette": "#8c959f, #0969da"}}}}%%'
_CLASSES = (
    "classDef changed stroke:#bf8700,stroke-width:3px",
    "classDef added stroke:#1a7f37,stroke-width:3px",
    "classDef removed stroke:#cf222e,stroke-width:2px,stroke-dasharray:4 3",
    "classDef downstream stroke:#8c959f,stroke-width:1px",
)


def spark(values: Sequence[float | None], *, low: float | None = None, high: float | None = None) -> str:
    """Return one block character a value, scaled to its own range unless one is given; gaps are dots."""
    known = [value for value in values if value is not None]
    if not known:
        return GAP * len(values)
    bottom, top = min(known) if low is None else low, max(known) if high is None else high
    return "".join(GAP if value is None else _tick(value, bottom, top) for value in values)


def sampled(series: Series, *, low: float, high: float, samples: int = SAMPLES) -> tuple[float | None, ...]:
    """Return the line's height at evenly spaced x, by straight lines between its points; None outside of them."""
    points = sorted(series.points)
    step = (high - low) / (samples - 1) if high > low else 0.0
    return tuple(_height(points, low + i * step) for i in range(samples))


def names(curve: Curve) -> tuple[str, ...]:
    """Return the names of the lines, each once."""
    return tuple(dict.fromkeys(line.name for line in curve.series))


def bounds(lines: Iterable[Series]) -> tuple[float, float, float, float]:
    """Return the lowest and highest x, then y, of all points."""
    points = [point for line in lines for point in line.points]
    across, up = [x for x, _ in points], [y for _, y in points]
    return min(across), max(across), min(up), max(up)


def xychart(curve: Curve, name: str) -> str:
    """Return one line of the curve, base and head, as a Mermaid chart; empty when Mermaid could not draw it."""
    lines = [line for line in curve.series if line.name == name and line.points]
    if not lines:
        return ""
    left, right, bottom, top = bounds(lines)
    drawn = [sampled(line, low=left, high=right) for line in lines]
    if left == right or any(value is None for line in drawn for value in line):
        return ""
    if not (_mermaid_can(left, right) and _mermaid_can(bottom, top, top - bottom)):
        return ""
    room = (top - bottom) * 0.05 or abs(top) * 0.05 or 1.0
    rows = [
        _XY_COLOURS if len(lines) == 2 else _XY_COLOURS.replace("#8c959f, ", ""),
        "xychart-beta",
        f'  x-axis "{label(curve.x)}" {_fixed(left)} --> {_fixed(right)}',
        f'  y-axis "{label(name)}" {_fixed(_floor(bottom, top, room))} --> {_fixed(_ceiling(top, room))}',
    ]
    rows += [f"  line [{', '.join(_fixed(value) for value in line if value is not None)}]" for line in drawn]
    return "\n".join(rows)


def flowchart(graph: Graph) -> tuple[str, int]:
    """Return the graph as a Mermaid flowchart, and how many stages did not fit into what Mermaid draws."""
    rows, size, ids = ["flowchart LR"], sum(map(len, _CLASSES)) + 200, dict[str, str]()
    for node in graph.nodes:
        word = "" if node.state == "unchanged" else f"<br/>{node.state}"
        note = f"<br/>{label(node.note)}" if node.note and node.state == "changed" else ""
        row = f'  n{len(ids)}["{label(node.stage)}{word}{note}"]:::{node.state}'
        if size + len(row) > MOST_MERMAID:
            break
        size += len(row) + 1
        ids[node.stage] = f"n{len(ids)}"
        rows.append(row)
    for source, target in graph.edges:
        if source in ids and target in ids:
            row = f"  {ids[source]} --> {ids[target]}"
            if size + len(row) > MOST_MERMAID:
                break
            size += len(row) + 1
            rows.append(row)
    return "\n".join([*rows, *(f"  {line}" for line in _CLASSES)]), len(graph.nodes) - len(ids)


def cells(matrix: Matrix) -> tuple[tuple[str, ...], ...]:
    """Return the counts of the head, each with its distance to the base's; the base's own where there is no head."""
    grid = matrix.head or matrix.base
    before = matrix.base if matrix.head and matrix.base else grid
    return tuple(
        tuple(f"{figures.tally(now)}{_step(now - was)}" for now, was in zip(row, old, strict=True))
        for row, old in zip(grid, before, strict=True)
    )


def _step(step: float) -> str:
    return f" ({'+' if step > 0 else '−'}{figures.tally(abs(step))})" if step else ""


def label(text: str) -> str:
    """Return text that Mermaid draws and never reads: everything but letters, digits and a few marks as a code."""
    shown = visible(text)
    cut = shown if len(shown) <= MOST_LABEL else f"{shown[: MOST_LABEL - 1]}…"
    return "".join(letter if letter.isalnum() or letter in " _./-,…" else f"#{ord(letter)};" for letter in cut)


def _tick(value: float, bottom: float, top: float) -> str:
    if top <= bottom:
        return TICKS[3]
    share = (value - bottom) / (top - bottom)
    return TICKS[min(max(int(share * len(TICKS)), 0), len(TICKS) - 1)]


def _height(points: Sequence[tuple[float, float]], at: float) -> float | None:
    slack = 1e-9 * max(abs(points[0][0]), abs(points[-1][0])) if points else 0.0
    if not points or not points[0][0] - slack <= at <= points[-1][0] + slack:
        return None
    before = next((point for point in reversed(points) if point[0] <= at), points[0])
    after = next((point for point in points if point[0] >= at), points[-1])
    if after[0] == before[0]:
        return before[1]
    return before[1] + (after[1] - before[1]) * (at - before[0]) / (after[0] - before[0])


def _mermaid_can(*values: float) -> bool:
    """Return whether numbers of this size can be written without an exponent, which Mermaid does not read."""
    return all(abs(value) < 1e9 for value in values) and max(abs(value) for value in values) > 1e-3


def _fixed(value: float) -> str:
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _floor(bottom: float, top: float, room: float) -> float:
    return 0.0 if 0 <= bottom < 0.4 * top else bottom - room


def _ceiling(top: float, room: float) -> float:
    return 1.0 if 0.8 < top <= 1 else top + room


def histogram(bars: Bars) -> tuple[str, str, str]:
    """Return what the bars stand for, and those of both versions as blocks on one scale."""
    top = max((*bars.base, *bars.head), default=0.0)
    over = clip(", ".join(bars.labels), MOST_OVER) if bars.labels else f"{bars.edges[0]:.4g} to {bars.edges[-1]:.4g}"
    return over, spark(bars.base, low=0.0, high=top), spark(bars.head, low=0.0, high=top)
