"""The figure of the README: what four rules block, by rows of the test set; it follows the page into the dark."""

import math
from collections.abc import Iterator, Sequence
from typing import Final

from benchmarks.experiment.cells import Cell, Results
from benchmarks.experiment.pulls import ALONE, DROPPED, FIXED, GATE, NONE

PATH: Final = "docs/experiment.svg"
METRIC: Final = "accuracy"
DATA: Final = "late flights"
PANELS: Final = ((NONE, "Nothing has changed"), ("medium", "Accuracy dropped by {drop:.1f} %"))
LINES: Final = ((DROPPED, "dropped"), (FIXED, "fixed"), (ALONE, "alone"), (GATE, "gate"))
WIDTH, HEIGHT = 820, 330
LEFT, TOP, PANEL, TALL, GAP = 52, 58, 330, 200, 76

STYLE: Final = """\
text { font: 13px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328; }
.title { font-weight: 600; font-size: 14px; } .tick { font-size: 12px; fill: #59636e; }
.grid { stroke: #d1d9e0; stroke-width: 1; }
path { fill: none; stroke-width: 2; stroke-linejoin: round; }
path.dropped { stroke: #c4432b; } path.fixed { stroke: #b07d00; } path.alone { stroke: #6e7781; stroke-dasharray: 5 4; }
path.gate { stroke: #0969da; stroke-width: 3.5; }
circle.dropped { fill: #c4432b; } circle.fixed { fill: #b07d00; } circle.alone { fill: #6e7781; }
circle.gate { fill: #0969da; }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc; } .tick { fill: #9198a1; } .grid { stroke: #3d444d; }
path.dropped { stroke: #ff7b72; } path.fixed { stroke: #d9a520; } path.alone { stroke: #9198a1; }
path.gate { stroke: #4493f8; }
circle.dropped { fill: #ff7b72; } circle.fixed { fill: #d9a520; } circle.alone { fill: #9198a1; }
circle.gate { fill: #4493f8; }
}"""


def draw(found: Results) -> str:
    """Return the drawing of one metric: pull requests that change nothing, and pull requests that lose."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        "<title>Share of pull requests that four rules block, by rows of the test set</title>",
        f"<desc>{_words(found)}</desc><style>{STYLE}</style>",
    ]
    for place, (change, title) in enumerate(PANELS):
        cells = _cells(found, change)
        parts += _panel(cells, title.format(drop=cells[0].drop * 100), LEFT + place * (PANEL + GAP))
    return "\n".join((*parts, *_legend(), "</svg>", ""))


def _cells(found: Results, change: str) -> list[Cell]:
    return [
        cell
        for cell in found.cells
        if (cell.metric, cell.draw.data, cell.draw.change) == (METRIC, DATA, change)
        and not cell.draw.sliced
        and not cell.draw.clustered
    ]


def _panel(cells: Sequence[Cell], title: str, left: float) -> Iterator[str]:
    yield f'<text class="title" x="{left}" y="{TOP - 34}">{title}</text>'
    yield f'<text class="tick" x="{left}" y="{TOP - 15}">pull requests blocked</text>'
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = _y(share)
        yield f'<line class="grid" x1="{left}" x2="{left + PANEL}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text class="tick" x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{share * 100:.0f} %</text>'
    for cell in cells:
        x = _x(cell, cells, left)
        yield f'<text class="tick" x="{x:.1f}" y="{TOP + TALL + 18}" text-anchor="middle">{cell.draw.rows:,}</text>'
    for rule, name in LINES:
        spots = [(_x(cell, cells, left), _y(cell.blocked[rule] / cell.pulls)) for cell in cells]
        yield f'<path class="{name}" d="M{"L".join(f"{x:.1f} {y:.1f}" for x, y in spots)}"/>'
        yield "".join(f'<circle class="{name}" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>' for x, y in spots)


def _legend() -> Iterator[str]:
    y = HEIGHT - 20
    middle = LEFT + PANEL + GAP / 2
    yield f'<text class="tick" x="{middle:.0f}" y="{y - 19}" text-anchor="middle">rows of the test set</text>'
    for place, (rule, name) in enumerate(reversed(LINES)):
        x = LEFT + place * 190
        yield f'<path class="{name}" d="M{x} {y - 4}h26"/><text x="{x + 34}" y="{y}">{rule}</text>'


def _words(found: Results) -> str:
    told = []
    for change, title in PANELS:
        cells = _cells(found, change)
        for rule, _ in LINES:
            shares = ", ".join(f"{cell.blocked[rule] / cell.pulls:.0%} of {cell.draw.rows:,} rows" for cell in cells)
            told.append(f"{title.format(drop=cells[0].drop * 100)}; {rule}: {shares}.")
    return " ".join(told)


def _x(cell: Cell, cells: Sequence[Cell], left: float) -> float:
    low, high = (math.log10(each.draw.rows) for each in (cells[0], cells[-1]))
    return left + 18 + (PANEL - 36) * (math.log10(cell.draw.rows) - low) / (high - low)


def _y(share: float) -> float:
    return TOP + TALL * (1 - share)
