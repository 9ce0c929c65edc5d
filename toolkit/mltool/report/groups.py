"""Groups of rows that were judged by themselves: declared slices, and those that were found."""

from collections.abc import Sequence

from mltool.gates.verdict import Outcome, Verdict
from mltool.report import figures
from mltool.report.blocks import Block, Code, Column, Line, Paragraph, Row, Section, Table
from mltool.report.results import interval
from mltool.report.standing import ICONS, TONES, Rank, rank, words

MOST = 20


def section(report_verdicts: Sequence[Verdict]) -> list[Section]:
    """Return the judged slices, gravest first, and the groups to look at; nothing where no gate has slices."""
    judged = sorted((item for item in report_verdicts if item.slice and item.declared), key=rank)
    found = [item for item in report_verdicts if item.slice and not item.declared]
    blocks: list[Block] = []
    if judged:
        blocks.append(_table(judged))
    if found:
        told = "Look at these: of all groups searched they lost most, which rows not used in the search confirm."
        blocks += [Paragraph((told,)), _table(found)]
    if not blocks:
        return []
    summary = f"{_counted(judged)}{f'; {len(found)} to look at' if found else ''}".removeprefix("; ")
    folded = not any(rank(item) in (Rank.FAIL, Rank.WARN) for item in judged)
    return [
        Section(
            name="groups", title="Judged slices", blocks=tuple(blocks), importance=88, folded=folded, summary=summary
        )
    ]


def _counted(judged: Sequence[Verdict]) -> str:
    counts = (
        (sum(item.outcome is Outcome.FAIL for item in judged), "worse"),
        (sum(item.outcome is Outcome.UNDECIDED for item in judged), "undecided"),
        (sum(item.outcome is Outcome.PASS for item in judged), "not worse"),
    )
    return ", ".join(f"{number:,} {word}" for number, word in counts if number)


def _table(items: Sequence[Verdict]) -> Table:
    columns = (
        Column("Slice"),
        Column("Rows", "right"),
        Column("Metric"),
        Column("Base", "right"),
        Column("This change", "right"),
        Column("Difference", "right"),
        Column("Verdict"),
    )
    left = len(items) - MOST
    return Table(columns, tuple(map(_row, items[:MOST])), more=f"… and {left:,} more." if left > 0 else "")


def _row(item: Verdict) -> Row:
    key = item.metric.partition(":")[2]
    was, now = figures.beside(key, (item.base, item.head))
    place = rank(item)
    column, _, value = item.slice.partition("=")
    name: Line = (f"{ICONS[place]}\u00a0", f"{column} = ", Code(value)) if value else (f"{ICONS[place]}\u00a0", column)
    rows = "" if item.rows is None else f"{item.rows:,}"
    cells: tuple[Line, ...] = (name, (rows,), (key,), (was,), (now,), (interval(item),), (_words(item, key),))
    return Row(cells, tone=TONES[place])


def _words(item: Verdict, key: str) -> str:
    """Say of a slice that is too small which change it could not show."""
    if not item.declared:
        return "look at it"
    if item.outcome is not Outcome.UNDECIDED or item.smallest_drop is None:
        return words(item) if item.rows is not None else "cannot be compared"
    seen = figures.measured(figures.unit(key, (item.base, item.head)), item.smallest_drop)
    return f"undecided: too few rows to show less than {seen}" if item.rows_needed else words(item)
