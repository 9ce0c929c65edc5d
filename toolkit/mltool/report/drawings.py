"""What is drawn: curves, confusion matrices, and the stages that changed."""

from dataclasses import replace

from mltool.report import figures, plots
from mltool.report.blocks import Chart, Diagram, Heat, Section
from mltool.report.model import Curve, Matrix, Report

MOST_GAPS = 4
FAR = 1e300


def curves(report: Report) -> list[Section]:
    """Return the curves with base and head overlaid."""
    drawn = [_drawable(curve) for curve in report.curves]
    blocks = tuple(Chart(curve, caption=_gap(curve)) for curve in drawn if curve.series)
    if not blocks:
        return []
    names = figures.count(len(blocks), "plot")
    return [Section(name="curves", title="Curves", blocks=blocks, importance=40, folded=True, summary=names)]


def matrices(report: Report) -> list[Section]:
    """Return the confusion matrices."""
    drawn = [matrix for matrix in report.matrices if _countable(matrix)]
    if not drawn:
        return []
    blocks = tuple(Heat(matrix, caption=_diagonal(matrix) if len(drawn) > 1 else "") for matrix in drawn)
    return [
        Section(
            name="confusion",
            title="Confusion matrix" if len(blocks) == 1 else "Confusion matrices",
            blocks=blocks,
            importance=45,
            folded=True,
            summary=_diagonal(drawn[0]),
        )
    ]


def stages(report: Report) -> list[Section]:
    """Return the graph of what changed and what runs after it."""
    nodes = report.graph.nodes
    if not nodes:
        return []
    changed = sum(node.state not in ("downstream", "unchanged") for node in nodes)
    summary = f"{changed:,} changed, {len(nodes) - changed:,} downstream"
    blocks = (Diagram(report.graph),)
    return [Section(name="stages", title="Stages", blocks=blocks, importance=50, folded=True, summary=summary)]


def _drawable(curve: Curve) -> Curve:
    """Return the curve without points so far out that no axis can hold them and the rest."""
    kept = (
        replace(line, points=tuple((x, y) for x, y in line.points if abs(x) <= FAR and abs(y) <= FAR))
        for line in curve.series
    )
    return replace(curve, series=tuple(line for line in kept if line.points))


def _countable(matrix: Matrix) -> bool:
    counts = [count for grid in (matrix.base, matrix.head) for row in grid for count in row]
    return bool(counts) and all(0 <= count <= FAR for count in counts)


def _gap(curve: Curve) -> str:
    """Say how far head lies from base, which overlaid lines show badly when they are close."""
    said = [text for name in plots.names(curve) if (text := _gap_of(curve, name))]
    return " ".join(said[:MOST_GAPS]) or f"{curve.y} over {curve.x}."


def _gap_of(curve: Curve, name: str) -> str:
    sides = {line.side: line for line in curve.series if line.name == name and line.points}
    if len(sides) < 2:
        return ""
    left, right, _, _ = plots.bounds(sides.values())
    base = plots.sampled(sides["base"], low=left, high=right, samples=101)
    head = plots.sampled(sides["head"], low=left, high=right, samples=101)
    apart = [
        (now - was, left + (right - left) * i / 100)
        for i, (was, now) in enumerate(zip(base, head, strict=True))
        if was is not None and now is not None
    ]
    if not any(step for step, _ in apart):
        return f"{name} is the same as in the base."
    mean = sum(step for step, _ in apart) / len(apart)
    most, where = max(apart, key=lambda pair: abs(pair[0]))
    at = figures.value(float(f"{where:.3g}"))
    return f"{name} lies {_lies(mean)} on average, at most {_lies(most)} where {curve.x} is {at}."


def _lies(step: float) -> str:
    return f"{figures.measured('', abs(step))} {'above' if step > 0 else 'below'} the base" if step else "level with it"


def _diagonal(matrix: Matrix) -> str:
    """Say what share lies on the diagonal."""
    shares = [(side, _right(grid)) for side, grid in (("base", matrix.base), ("this change", matrix.head)) if grid]
    said = ", ".join(f"{share * 100:.1f} % {side}" for side, share in shares if share is not None)
    return f"right: {said}" if said else "no counts"


def _right(grid: tuple[tuple[float, ...], ...]) -> float | None:
    total = sum(map(sum, grid))
    return sum(row[i] for i, row in enumerate(grid)) / total if total else None
