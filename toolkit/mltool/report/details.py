"""What is read on a second look: slices, cost, history, and how it was decided."""

from collections.abc import Sequence

from mltool.gates.verdict import Verdict
from mltool.report import figures
from mltool.report.blocks import (
    Block,
    Code,
    Column,
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
from mltool.report.drawings import FAR
from mltool.report.headline import SHORT
from mltool.report.model import CostRow, Report, SliceRow, Trendline

MOST_SLICES = 20
MOST_VERDICTS = 50


def slices(report: Report) -> list[Section]:
    """Return the scores by group that moved: those that lost most first, gated metrics before the others."""
    if not report.slices:
        return []
    gated = {verdict.metric.partition(":")[2] for verdict in report.verdicts if verdict.declared}
    moved = [item for item in report.slices if item.base != item.head]
    ordered = sorted(moved, key=lambda item: (_loss(item) <= 0, item.metric not in gated, *_worth(item)))
    worse = sum(_loss(item) > 0 for item in moved)
    first = f", first: {_named(ordered[0])}" if worse else ""
    summary = f"{worse:,} of {len(report.slices):,} scores worse{first}" if moved else "none of them changed"
    if all(item.base is None for item in report.slices):
        summary = figures.count(len(report.slices), "score")
    blocks: tuple[Block, ...] = (_slices(ordered, still=len(report.slices) - len(moved)),)
    if not moved:
        blocks = (Paragraph((f"All {figures.count(len(report.slices), 'score')} by group are those of the base.",)),)
    return [Section(name="slices", title="Slices", blocks=blocks, importance=70, folded=True, summary=summary)]


def cost(report: Report) -> list[Section]:
    """Return what making and serving the model costs."""
    if not report.cost:
        return []
    columns = (Column("Cost"), Column("Base", "right"), Column("This change", "right"), Column("Difference", "right"))
    rows = tuple(_cost(item) for item in report.cost)
    dearest = max(report.cost, key=_growth)
    summary = f"{dearest.name} {figures.difference(dearest.name, dearest.base, dearest.head)}"
    same = all(item.base == item.head for item in report.cost)
    new = all(item.base is None for item in report.cost)
    if new:
        summary = figures.count(len(report.cost), "figure")
    text = summary if _growth(dearest) > 0 or new else "unchanged" if same else "nothing got dearer"
    blocks = (Table(columns, rows),)
    return [Section(name="cost", title="Cost", blocks=blocks, importance=55, folded=True, summary=text)]


def history(report: Report) -> list[Section]:
    """Return how the metrics moved over the last commits of the target branch."""
    past = report.history
    if not past.lines:
        return []
    lines = tuple(_trend(line, report) for line in past.lines)
    span = figures.count(len(past.commits), "commit")
    first, last = past.commits[:1], past.commits[1:][-1:]
    ends = " to ".join(sha[:SHORT] for sha in (*first, *last))
    commits = f"The last {span}" if last else "The last commit"
    caption = f"{commits} of the target branch{f', {ends}' if ends else ''}, then this change. {past.note}".strip()
    blocks = (Trends(lines, caption=caption),)
    return [Section(name="history", title="History", blocks=blocks, importance=35, folded=True, summary=span)]


def decided(report: Report) -> list[Section]:
    """Return each gate with its rule, test, direction and sentence, and how to make this report again."""
    columns = (Column("Gate"), Column("Rule"), Column("Test"), Column("Answer"), Column("Why"))
    verdicts = [verdict for verdict in report.verdicts if verdict.declared and not verdict.slice]
    others = sum(not verdict.declared and not verdict.slice for verdict in report.verdicts)
    left = len(verdicts) - MOST_VERDICTS
    rows = tuple(
        Row(
            (
                (Code(item.gate),),
                (f"{f'{item.direction} is better; ' if item.direction else ''}{item.rule}",),
                (f"{item.test}: {item.method}" if item.method else item.test,),
                (f"{item.outcome}{' (only warns)' if item.level == 'warn' and not item.slice else ''}",),
                prose(f"{item.sentence} {_why(item)}".strip()),
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
    blocks += [Paragraph(("Sources: ", sources, "."))] if (sources := _sources(verdicts)) else []
    version = f" {report.tool}" if report.tool else ""
    blocks.append(Paragraph((f"mltool{version} made this report. To make it again:",)))
    base = report.base.sha if report.base else ""
    # What was not committed has no name: it can be judged again only where it lies.
    head = "" if report.head.dirty else report.head.sha
    blocks.append(Listing(f"mltool report {base} {head}".replace("  ", " ").strip()))
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


def _why(item: Verdict) -> str:
    """Return why no better test was taken, as a sentence."""
    return f"{item.why[:1].upper()}{item.why[1:]}." if item.why and item.why not in item.sentence else ""


def _sources(verdicts: Sequence[Verdict]) -> str:
    found = {item.method: item.source for item in verdicts if item.source}
    return "; ".join(f"{method}: {source}" for method, source in found.items())


def _loss(item: SliceRow) -> float:
    """Return how much worse the slice got, negative when better, in the metric's unit; 0 when nobody can say."""
    was, now = figures.real(item.base), figures.real(item.head)
    if was is None or now is None or item.direction is None:
        return 0.0
    return was - now if item.direction == "higher" else now - was


def _slices(ordered: Sequence[SliceRow], *, still: int) -> Table:
    columns = (
        Column("Slice"),
        Column("Rows", "right"),
        Column("Metric"),
        Column("Base", "right"),
        Column("This change", "right"),
        Column("Difference", "right"),
    )
    left = len(ordered) - MOST_SLICES
    told = [f"… and {figures.count(left, 'more score')} that moved"] if left > 0 else []
    told += [f"{figures.count(still, 'score')} did not move"] if still else []
    more = f"{'; '.join(told)}." if told else ""
    return Table(columns, tuple(_slice(item) for item in ordered[:MOST_SLICES]), more=more)


def _named(item: SliceRow) -> str:
    size = f" ({figures.count(item.rows, 'row')})" if item.rows is not None else ""
    return f"{item.column} = {item.value}, {item.metric}{size}"


def _worth(item: SliceRow) -> tuple[float, str, str]:
    return (-_loss(item), item.column, item.value)


def _slice(item: SliceRow) -> Row:
    was, now = figures.beside(item.metric, (item.base, item.head))
    tone: Tone = "warn" if _loss(item) > 0 else "good" if _loss(item) < 0 else "plain"
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
