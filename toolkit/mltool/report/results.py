"""The metrics table: what a reader must see first, then the rest behind a fold."""

from collections.abc import Sequence

from mltool.gates.verdict import Verdict
from mltool.report import figures
from mltool.report.blocks import Code, Column, Line, Paragraph, Row, Section, Table
from mltool.report.inert import clip
from mltool.report.model import Report, Revision
from mltool.report.standing import Rank, Standing, holds

MOST_ROWS = 15
MOST_REST = 200
MOST_NAME = 24


def section(report: Report, table: Sequence[Standing]) -> list[Section]:
    """Return the table of metrics that moved or were judged, gravest first, at most MOST_ROWS of them.

    Grave rows are never left out for their number alone: up to three times as many failing ones are shown.
    """
    shown, _ = _split(table)
    if not shown:
        return [_nothing(table)]
    blocks = (_table(report, shown, more=_more(table, len(shown))),)
    return [Section(name="metrics", title="Metrics", blocks=blocks, importance=100)]


def rest(report: Report, table: Sequence[Standing]) -> list[Section]:
    """Return the metrics that the first table leaves out, folded."""
    _, hidden = _split(table)
    if not hidden:
        return []
    left = len(hidden) - MOST_REST
    more = f"… and {left:,} more." if left > 0 else ""
    still = sum(item.rank is Rank.STILL for item in hidden)
    summary = f"{still:,} unchanged" if still == len(hidden) else f"{len(hidden):,}, {still:,} of them unchanged"
    blocks = (_table(report, hidden[:MOST_REST], more=more),)
    return [Section(name="rest", title="Other metrics", blocks=blocks, importance=30, folded=True, summary=summary)]


def _split(table: Sequence[Standing]) -> tuple[list[Standing], list[Standing]]:
    loud = [item for item in table if item.rank < Rank.PART]
    grave = sum(item.rank <= Rank.WARN for item in table)
    most = min(max(MOST_ROWS, grave), 3 * MOST_ROWS)
    if not loud:
        loud = [item for item in table if item.row.production is not None][:MOST_ROWS]
    shown = loud[:most]
    names = {id(item) for item in shown}
    return shown, [item for item in table if id(item) not in names]


def _nothing(table: Sequence[Standing]) -> Section:
    if not table:
        line: Line = ("This pipeline declares no metrics that could be read.",)
    else:
        line = (f"None of the {len(table):,} metrics changed.",) if len(table) > 1 else ("The metric did not change.",)
    return Section(name="metrics", title="Metrics", blocks=(Paragraph(line),), importance=100)


def _more(table: Sequence[Standing], shown: int) -> str:
    hidden = table[shown:]
    still = sum(item.rank is Rank.STILL for item in hidden)
    single = sum(item.rank is Rank.PART for item in hidden)
    other = len(hidden) - still - single
    parts = []
    if other:
        parts.append(f"… and {figures.count(other, 'more metric')} that changed")
    if single:
        parts.append(f"{figures.count(single, 'value')} of single repeats not shown here")
    if still:
        parts.append(f"{figures.count(still, 'unchanged metric')} not shown here")
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _table(report: Report, items: Sequence[Standing], *, more: str = "") -> Table:
    live = report.production is not None and any(item.row.production is not None for item in items)
    several = len({item.row.path for item in items}) > 1
    base = clip(_name(report.base), MOST_NAME) if report.base else ""
    columns = [Column("Metric")]
    if report.base:
        columns.append(Column(f"Base ({base})" if base else "Base", "right"))
    columns.append(Column("This change" if report.base else "Value", "right"))
    if report.base:
        columns.append(Column("Difference", "right"))
    if live and report.production:
        columns.append(Column(f"Live ({report.production.version})", "right"))
    columns.append(Column("Verdict"))
    rows = tuple(_row(item, based=report.base is not None, live=live, several=several) for item in items)
    return Table(tuple(columns), rows, more=f"{more} {_brackets(items)}".strip())


def _brackets(items: Sequence[Standing]) -> str:
    """Say what stands in brackets, where something does."""
    alpha = next((item.verdict.alpha for item in items if item.verdict and item.verdict.low is not None), None)
    return "" if alpha is None else f"In brackets: the {100 - 200 * alpha:g} % interval of the difference."


def _name(found: Revision) -> str:
    return found.sha[:7] if not found.ref or found.ref == found.sha else found.ref


def _row(item: Standing, *, based: bool, live: bool, several: bool) -> Row:
    row = item.row
    sides = (row.base, row.head, row.production) if live else (row.base, row.head)
    written = figures.beside(row.key, sides)
    # The icon stands by the name, where a phone shows it; the words that it stands for are in the last column.
    name: Line = (f"{item.icon}\u00a0", Code(f"{row.path}:{row.key}" if several else row.key))
    cells: list[Line] = [name]
    if based:
        cells.append((written[0],))
    cells.append((written[1],))
    if based:
        sure = interval(item.verdict) if item.verdict else ""
        cells.append((sure or figures.difference(row.key, row.base, row.head),))
    if live:
        cells.append((written[2],))
    cells.append((item.words,))
    return Row(tuple(cells), tone=item.tone)


def interval(verdict: Verdict) -> str:
    """Return a difference with the interval that it was judged by; without one, how far it moved.

    The values in the metrics files are of all rows, the interval is of those that both sides have. Where these are so
    few that it does not hold the difference of the files, it stands alone, with their number.
    """
    key = verdict.metric.partition(":")[2]
    moved = figures.difference(key, verdict.base, verdict.head)
    if verdict.low is None or verdict.high is None or not moved:
        return moved
    bounds = figures.between(key, (verdict.base, verdict.head), verdict.low, verdict.high)
    if verdict.rows is not None and not holds(verdict):
        return f"{bounds} in {verdict.rows:,} rows"
    return f"{moved.partition(' (')[0]} {bounds}"
