"""Curves, sparklines and the stage graph as small SVG drawings that take their colours from the page around them."""

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape

from mltool.report import figures, plots
from mltool.report.inert import clip, visible
from mltool.report.model import Curve, Graph, Node, Series

WIDTH, HEIGHT = 380, 250
LEFT, RIGHT, TOP, BOTTOM = 44, 14, 14, 36
MOST_NODES = 60
BOX_WIDTH, BOX_HEIGHT, GAP_X, GAP_Y = 148, 46, 44, 16

Point = tuple[float, float]


def charts(curve: Curve) -> tuple[str, ...]:
    """Return one drawing for each named line of the curve, base and head overlaid."""
    drawn = []
    for name in plots.names(curve):
        lines = [line for line in curve.series if line.name == name and line.points]
        if lines:
            drawn.append(_chart(curve, name, lines))
    return tuple(drawn)


def spark(values: Sequence[float | None], name: str) -> str:
    """Return a sparkline; its last point, the head, is a dot."""
    known = [(i, value) for i, value in enumerate(values) if value is not None]
    if not known:
        return ""
    low, high = min(value for _, value in known), max(value for _, value in known)
    across = 150 / max(len(values) - 1, 1)

    def place(i: int, value: float) -> Point:
        return 5 + i * across, 27 - (22 * (value - low) / (high - low) if high > low else 11)

    spots = [place(i, value) for i, value in known]
    x, y = spots[-1]
    title = _text(f"{name} over {len(values)} commits, from {figures.value(low)} to {figures.value(high)}")
    return (
        f'<svg class="spark" viewBox="0 0 160 32" role="img"><title>{title}</title>'
        f'<path class="head" d="{_path(spots)}"/><circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="3.2"/></svg>'
    )


def graph(found: Graph) -> str:
    """Return the stages in layers from left to right with their edges, at most MOST_NODES of them."""
    nodes = found.nodes[:MOST_NODES]
    if not nodes:
        return ""
    names = {node.stage for node in nodes}
    edges = [edge for edge in found.edges if edge[0] in names and edge[1] in names]
    spots = _layers([node.stage for node in nodes], edges)
    width = max(x for x, _ in spots.values()) + BOX_WIDTH + 2
    height = max(y for _, y in spots.values()) + BOX_HEIGHT + 2
    lines = "".join(_edge(spots[source], spots[target]) for source, target in edges)
    boxes = "".join(_box(node, *spots[node.stage]) for node in nodes)
    said = _text("; ".join(f"{node.stage} {node.state}" for node in nodes))
    box = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    return (
        f'<svg class="graph" {box} role="img">'
        f"<title>Stages that changed and what runs after them</title><desc>{said}</desc>{lines}{boxes}</svg>"
    )


def _chart(curve: Curve, name: str, lines: Sequence[Series]) -> str:
    left, right, low, high = plots.bounds(lines)
    across, up = _ticks(left, right), _ticks(low, high)
    frame = (min(across[0], left), max(across[-1], right), min(up[0], low), max(up[-1], high))
    ends = ", ".join(
        f"{plots.SIDES[line.side]} from {_short(line.points[0][1])} to {_short(line.points[-1][1])}" for line in lines
    )
    parts = [
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{_text(f'{curve.title}: {name} over {curve.x}')}</title><desc>{_text(ends)}</desc>",
        *_axes(frame, across, up),
        *_diagonal(curve, frame),
        *(_line(line, frame) for line in sorted(lines, key=lambda line: line.side)),
        *_direct(lines, frame),
        f'<text class="axis" x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 5}" text-anchor="middle">'
        f"{_text(clip(curve.x, 40))}</text>",
        "</svg>",
    ]
    return "".join(parts)


Frame = tuple[float, float, float, float]


def _at(point: Point, frame: Frame) -> Point:
    left, right, low, high = frame
    x = (point[0] - left) / (right - left) if right > left else 0.5
    y = (point[1] - low) / (high - low) if high > low else 0.5
    return LEFT + x * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - y * (HEIGHT - TOP - BOTTOM)


def _axes(frame: Frame, across: Sequence[float], up: Sequence[float]) -> Iterable[str]:
    for value, text in zip(up, _tick_texts(up), strict=True):
        y = _at((frame[0], value), frame)[1]
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text class="tick" x="{LEFT - 7}" y="{y + 3.5:.1f}" text-anchor="end">{text}</text>'
    for value, text in zip(across, _tick_texts(across), strict=True):
        x = _at((value, frame[2]), frame)[0]
        yield f'<text class="tick" x="{x:.1f}" y="{HEIGHT - BOTTOM + 15}" text-anchor="middle">{text}</text>'


def _diagonal(curve: Curve, frame: Frame) -> Iterable[str]:
    """Chance on a ROC curve, perfection on a calibration curve."""
    named = f"{curve.path} {curve.title}".lower()
    if ("roc" in named or "calib" in named) and frame == (0, 1, 0, 1):
        (x1, y1), (x2, y2) = _at((0, 0), frame), _at((1, 1), frame)
        yield f'<line class="reference" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _line(line: Series, frame: Frame) -> str:
    return f'<path class="{line.side}" d="{_path([_at(point, frame) for point in line.points])}"/>'


def _direct(lines: Sequence[Series], frame: Frame) -> Iterable[str]:
    """Name both lines where they are furthest apart, if they ever are far enough apart for words."""
    if len(lines) != 2:
        return
    sampled = [plots.sampled(line, low=frame[0], high=frame[1], samples=41) for line in lines]
    inner = [
        (abs(_at((0, one), frame)[1] - _at((0, other), frame)[1]), i)
        for i, (one, other) in enumerate(zip(*sampled, strict=True))
        if 6 <= i <= 34 and one is not None and other is not None
    ]
    apart, at = max(inner, default=(0.0, 0))
    if apart < 16:
        return
    for line, values in zip(lines, sampled, strict=True):
        mine = values[at]
        others = [other[at] for other in sampled if other is not values]
        if mine is None or others[0] is None:
            continue
        x, y = _at((frame[0] + (frame[1] - frame[0]) * at / 40, mine), frame)
        above = mine > others[0]
        # Beside the line on the side it bends away from, so that words and lines do not cross.
        before = above == _rises(values, at)
        spot = f'x="{x - 7 if before else x + 7:.1f}" y="{y - 5 if above else y + 13:.1f}"'
        spot += f' text-anchor="{"end" if before else "start"}"'
        yield f'<text class="name {line.side}" {spot}>{plots.SIDES[line.side]}</text>'


def _rises(values: Sequence[float | None], at: int) -> bool:
    before, after = values[at - 1], values[at + 1]
    return before is not None and after is not None and after > before


def _ticks(low: float, high: float) -> list[float]:
    """Return about five round numbers from at or below `low` to at or above `high`."""
    if high <= low:
        room = abs(low) * 0.1 or 1.0
        return [low - room, low, low + room]
    raw = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(raw))
    step = power * next((nice for nice in (1, 2, 2.5, 5) if raw <= nice * power * 1.0001), 10)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [step * i for i in range(first, min(last, first + 12) + 1)]


def _tick_texts(values: Sequence[float]) -> list[str]:
    step = values[1] - values[0]
    largest = max(abs(value) for value in values)
    if largest >= 100_000 or step < 1e-4:
        return [f"{value:.3g}".replace("-", "−") for value in values]
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    if not math.isclose(step, round(step, decimals), rel_tol=1e-6):
        decimals += 1
    return [f"{value:,.{decimals}f}".replace("-", "−") for value in values]


def _path(spots: Sequence[Point]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in spots)


def _layers(names: Sequence[str], edges: Sequence[tuple[str, str]]) -> Mapping[str, Point]:
    """Place each stage right of everything that feeds it; a loop, which no pipeline has, ends at the last column."""
    depth = dict.fromkeys(names, 0)
    for _ in range(min(len(names), MOST_NODES)):
        moved = [(source, target) for source, target in edges if depth[target] <= depth[source] < len(names)]
        if not moved:
            break
        for source, target in moved:
            depth[target] = max(depth[target], depth[source] + 1)
    columns = sorted(set(depth.values()))
    filled: dict[int, int] = {}
    spots = {}
    for name in names:
        column = columns.index(depth[name])
        row = filled.get(column, 0)
        filled[column] = row + 1
        spots[name] = (1 + column * (BOX_WIDTH + GAP_X), 1.0 + row * (BOX_HEIGHT + GAP_Y))
    return spots


def _edge(source: Point, target: Point) -> str:
    x1, y1 = source[0] + BOX_WIDTH, source[1] + BOX_HEIGHT / 2
    x2, y2 = target[0], target[1] + BOX_HEIGHT / 2
    bend = max((x2 - x1) / 2, 18)
    curve = f"C{x1 + bend:.0f} {y1:.0f} {x2 - bend:.0f} {y2:.0f} {x2 - 5:.0f} {y2:.0f}"
    return f'<path class="edge" d="M{x1:.0f} {y1:.0f}{curve}"/><path class="arrow" d="M{x2:.0f} {y2:.0f}l-7 -3.5v7z"/>'


def _box(node: Node, x: float, y: float) -> str:
    title = _text(f"{node.stage}: {node.note or node.state}")
    return (
        f'<g class="node {node.state}"><title>{title}</title>'
        f'<rect x="{x:.0f}" y="{y:.0f}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="8"/>'
        f'<text class="stage" x="{x + 12:.0f}" y="{y + 20:.0f}">{_text(clip(node.stage, 18))}</text>'
        f'<text class="state" x="{x + 12:.0f}" y="{y + 36:.0f}">{node.state}</text></g>'
    )


def _short(value: float) -> str:
    return figures.value(float(f"{value:.4g}"))


def _text(text: str) -> str:
    return escape(visible(text))
