"""What is read on a second look: slices, curves, the graph, cost, history, and how it was decided."""

from dataclasses import replace

from mltool.report import figures, plots
from mltool.report.blocks import (
    Block,
    Chart,
    Code,
    Column,
    Diagram,
    Heat,
    Listing,
    Paragraph,
    Row,
    Section,
    Table,
    Tone,
    Trend,
    Trends,
    prose,
)
from mltool.report.headline import SHORT
from mltool.report.model import CostRow, Curve, Matrix, Report, SliceRow, Trendline

MOST_SLICES = 20
MOST_VERDICTS = 50
MOST_GAPS = 4
FAR = 1e300


def slices(report: Report) -> list[Section]:
    """Return the scores by group, those that lost most first."""
    if not report.slices:
        return []
    ordered = sorted(report.slices, key=_worth)
    worse = sum(_worse(item) for item in report.slices)
    left = len(ordered) - MOST_SLICES
    columns = (
        Column("Slice"),
        Column("Rows", "right"),
        Column("Metric"),
        Column("Base", "right"),
        Column("This change", "right"),
        Column("Difference", "right"),
    )
    rows = tuple(_slice(item) for item in ordered[:MOST_SLICES])
    table = Table(columns, rows, more=f"… and {figures.count(left, 'more slice')}." if left > 0 else "")
    rows_of = ordered[0].rows
    size = f" ({figures.count(rows_of, 'row')})" if rows_of is not None else ""
    first = f", most: {ordered[0].column} = {ordered[0].value}{size}" if worse else ""
    summary = f"{worse:,} of {len(ordered):,} worse{first}"
    return [Section(name="slices", title="Slices", blocks=(table,), importance=70, folded=True, summary=summary)]


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


def cost(report: Report) -> list[Section]:
    """Return what making and serving the model costs."""
    if not report.cost:
        return []
    columns = (Column("Cost"), Column("Base", "right"), Column("This change", "right"), Column("Difference", "right"))
    rows = tuple(_cost(item) for item in report.cost)
    dearest = max(report.cost, key=_growth)
    summary = f"{dearest.name} {figures.difference(dearest.name, dearest.base, dearest.head)}"
    text = summary if _growth(dearest) > 0 else "nothing got dearer"
    blocks = (Table(columns, rows),)
    return [Section(name="cost", title="Cost", blocks=blocks, importance=55, folded=True, summary=text)]


def history(report: Report) -> list[Section]:
    """Return how the metrics moved over the last commits of the target branch."""
    past = report.history
    if not past.lines:
        return []
    lines = tuple(_trend(line, report) for line in past.lines)
    span = figures.count(len(past.commits), "commit")
    ends = f", {past.commits[0][:SHORT]} to {past.commits[-1][:SHORT]}" if past.commits else ""
    caption = f"The last {span} of the target branch{ends}, then this change. {past.note}".strip()
    blocks = (Trends(lines, caption=caption),)
    return [Section(name="history", title="History", blocks=blocks, importance=35, folded=True, summary=span)]


def decided(report: Report) -> list[Section]:
    """Return each gate with its rule, test, direction and sentence, and how to make this report again."""
    columns = (Column("Gate"), Column("Rule"), Column("Test"), Column("Answer"), Column("Why"))
    verdicts = [verdict for verdict in report.verdicts if verdict.declared]
    others = len(report.verdicts) - len(verdicts)
    left = len(verdicts) - MOST_VERDICTS
    rows = tuple(
        Row(
            (
                (Code(item.gate),),
                (f"{f'{item.direction} is better; ' if item.direction else ''}{item.rule}",),
                (item.test,),
                (f"{item.outcome}{' (only warns)' if item.level == 'warn' else ''}",),
                prose(item.sentence),
            )
        )
        for item in verdicts[:MOST_VERDICTS]
    )
    blocks: list[Block] = []
    if rows:
        blocks.append(Table(columns, rows, more=f"… and {left:,} more." if left > 0 else ""))
    else:
        blocks.append(Paragraph(("No gate is declared. Add ", Code("[gates.NAME]"), " to ", Code("mltool.toml"), ".")))
    if others:
        said = "changed metric has" if others == 1 else "changed metrics have"
        blocks.append(Paragraph((f"{others:,} {said} a well-known direction and no gate: shown, not judged.",)))
    version = f" {report.tool}" if report.tool else ""
    blocks.append(Paragraph((f"mltool{version} made this report. To make it again:",)))
    base = report.base.sha if report.base else ""
    blocks.append(Listing(f"mltool report {base} {report.head.sha}".replace("  ", " ").strip()))
    summary = figures.count(len(verdicts), "gate")
    return [
        Section(
            name="decided",
            title="How this was decided",
            blocks=tuple(blocks),
            importance=65,
            folded=True,
            summary=summary,
        )
    ]


def _loss(item: SliceRow) -> float:
    """Return how much worse the slice got, negative when better, in the metric's unit; 0 when nobody can say."""
    was, now = figures.real(item.base), figures.real(item.head)
    if was is None or now is None or item.direction is None:
        return 0.0
    return was - now if item.direction == "higher" else now - was


def _worse(item: SliceRow) -> bool:
    return _loss(item) > 0


def _worth(item: SliceRow) -> tuple[float, str, str]:
    return (-_loss(item), item.column, item.value)


def _slice(item: SliceRow) -> Row:
    was, now = figures.beside(item.metric, (item.base, item.head))
    tone: Tone = "warn" if _worse(item) else "good" if _loss(item) < 0 else "plain"
    return Row(
        (
            (f"{item.column} = ", Code(item.value)),
            ("" if item.rows is None else f"{item.rows:,}",),
            (item.metric,),
            (was,),
            (now,),
            (_worded(figures.difference(item.metric, item.base, item.head), _loss(item)),),
        ),
        tone=tone,
    )


def _worded(text: str, loss: float) -> str:
    return f"{text} worse" if loss > 0 else f"{text} better" if loss < 0 else text


def _cost(item: CostRow) -> Row:
    was, now = figures.beside(item.name, (item.base, item.head))
    return Row(((Code(item.name),), (was,), (now,), (figures.difference(item.name, item.base, item.head),)))


def _growth(item: CostRow) -> float:
    was, now = figures.real(item.base), figures.real(item.head)
    return (now - was) / abs(was) if was and now is not None else 0.0


def _trend(line: Trendline, report: Report) -> Trend:
    now = next((row.head for row in report.metrics if (row.path, row.key) == (line.path, line.key)), None)
    values = tuple(None if value is None or abs(value) > FAR else value for value in (*line.values, figures.real(now)))
    known = [value for value in values if value is not None]
    first, last = figures.beside(line.key, (known[0], known[-1])) if known else ("", "")
    return Trend(name=line.key, values=values, first=first, last=last)


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


def _diagonal(matrix: Matrix) -> str:
    """Say what share lies on the diagonal."""
    shares = [(side, _right(grid)) for side, grid in (("base", matrix.base), ("this change", matrix.head)) if grid]
    said = ", ".join(f"{share * 100:.1f} % {side}" for side, share in shares if share is not None)
    return f"right: {said}" if said else "no counts"


def _right(grid: tuple[tuple[float, ...], ...]) -> float | None:
    total = sum(map(sum, grid))
    return sum(row[i] for i, row in enumerate(grid)) / total if total else None
