"""What changed inside tables, in words: for the report, and for the verbs that look at tables alone."""

from collections.abc import Iterator, Sequence
from typing import Final

from mltool.report import figures
from mltool.report.blocks import (
    Block,
    Code,
    Column,
    Histogram,
    Histograms,
    Line,
    Paragraph,
    Row,
    Section,
    Strong,
    Table,
    Tone,
    prose,
)
from mltool.report.data import ColumnChange, ColumnSide, DriftChange, Effect, State, TableChange
from mltool.report.model import Report

MOST_COLUMNS, MOST_DRAWN, MOST_PAIRS, MOST_CAME = 15, 12, 5, 3
FULL: Final = 40
"""Rows of a table where one asked for it."""
SIGNS: Final[dict[State, tuple[str, Tone]]] = {
    "drifted": ("❌", "bad"),
    "undecided": ("❓", "doubt"),
    "steady": ("✅", "good"),
}
EFFECTS: Final = {
    "shape": "distribution",
    "categories": "categories",
    "nulls": "share of nulls",
    "unseen": "unseen categories",
    "correlation": "rank correlation",
}


def section(report: Report) -> list[Section]:
    """Return what changed inside the tables of the report."""
    if not report.tables:
        return []
    ordered = sorted(report.tables, key=_place)
    parts = [part for item in ordered for part in (_head(item), *blocks(item, most=MOST_COLUMNS))]
    first = ordered[0]
    others = len(report.tables) - 1
    more = f"; {figures.count(others, 'more table')}" if others else ""
    summary = f"{first.path}: {gist(first)}{more}"
    return [Section(name="data", title="Data", blocks=tuple(parts), importance=68, folded=True, summary=summary)]


def _place(item: TableChange) -> tuple[bool, bool]:
    """Put tables that drifted first, and those that were not compared last."""
    return bool(item.problem), item.drift is None or item.drift.state != "drifted"


def gist(item: TableChange) -> str:
    """Return one table in a few words: `10,000 → 12,000 rows, drift in 2 columns`."""
    if item.problem:
        return "not compared"
    if item.base_rows is None or item.head_rows is None:
        rows, what = (item.head_rows, "new") if item.base_rows is None else (item.base_rows, "gone")
        return f"{what}, {figures.count(rows or 0, 'row')}"
    drift = sentence(item.drift) if item.drift else ""
    moved = f"{item.base_rows:,} → {item.head_rows:,} rows"
    said = moved if item.base_rows != item.head_rows else figures.count(item.head_rows, "row")
    return f"{said}{f', {drift[:1].lower()}{drift[1:]}' if drift else ''}"


def blocks(item: TableChange, *, most: int = FULL) -> tuple[Block, ...]:
    """Return what is to say of one table: rows, columns with at most `most` of them, drift, distributions."""
    if item.problem:
        return (Paragraph(line=prose(item.problem), tone="warn"),)
    if item.base_rows is None or item.head_rows is None:
        return (Paragraph(line=(f"{gist(item).capitalize()}.",)),)
    ordered = sorted(item.columns, key=lambda column: _weight(column, item.drift))
    return (
        Paragraph(line=_rows(item)),
        *_columns(item, ordered, most=most),
        *_pairs(item.drift),
        *_histograms(ordered),
    )


def _head(item: TableChange) -> Paragraph:
    return Paragraph(line=(Strong(item.path),))


def _rows(item: TableChange) -> Line:
    changed = f", {item.changed:,} changed" if item.changed is not None else ""
    said = f"{item.base_rows:,} → {item.head_rows:,} rows: {item.added:,} added, {item.removed:,} removed{changed}"
    key = [span for name in item.key for span in (", ", Code(name))][1:]
    by: Line = (" (by ", *key, ")") if key else ()
    drift = f" {sentence(item.drift)}." if item.drift else ""
    unsure = item.drift.undecided if item.drift else 0
    told = f" {figures.count(unsure, 'comparison is', 'comparisons are')} undecided." if unsure else ""
    same = f" {figures.count(item.same, 'column does', 'columns do')} not differ." if item.same else ""
    return (said, *by, f".{drift}{told}{same}")


def sentence(drift: DriftChange) -> str:
    """Return the verdict on drift in a few words."""
    if drift.state == "drifted":
        return f"Drift in {figures.count(drift.drifted, 'column')}"
    if drift.state == "undecided":
        return "No drift found, but too few rows to rule it out"
    return "No drift"


def _weight(column: ColumnChange, drift: DriftChange | None) -> tuple[bool, bool, bool, float]:
    """Put columns that drifted first, then those that came or are gone, undecided ones, and most cells that differ."""
    states = {item.state for item in _effects(drift, (column.name,))}
    one_side = column.base is None or column.head is None
    return ("drifted" not in states, not one_side, "undecided" not in states, -(column.cells or 0))


def _effects(drift: DriftChange | None, columns: tuple[str, ...]) -> list[Effect]:
    return [item for item in drift.effects if item.columns == columns] if drift else []


def _columns(item: TableChange, ordered: Sequence[ColumnChange], *, most: int) -> Iterator[Table]:
    if not ordered:
        return
    counted = item.changed is not None
    named = any(column.came or column.went for column in ordered)
    heads = [Column("Column"), *([Column("Cells", "right")] if counted else []), Column("Base"), Column("This change")]
    heads += [Column("Came and went")] if named else []
    heads += [Column("Drift")] if item.drift else []
    rows = tuple(_column(column, item.drift, counted=counted, named=named) for column in ordered[:most])
    left = max(len(ordered) - most, 0) + item.more
    more = f"… and {figures.count(left, 'more column')}." if left else ""
    yield Table(columns=tuple(heads), rows=rows, more=more)


def _column(column: ColumnChange, drift: DriftChange | None, *, counted: bool, named: bool) -> Row:
    cells: list[Line] = [(Code(column.name),)]
    if counted:
        cells.append(("" if column.cells is None else f"{column.cells:,}",))
    cells += [_side(column.base), _side(column.head)]
    if named:
        cells.append(_came_went(column))
    tone: Tone = "plain"
    if drift:
        words, tone = _drift_of(column, drift)
        cells.append((words,))
    return Row(cells=tuple(cells), tone=tone)


def _side(side: ColumnSide | None) -> Line:
    if side is None:
        return ("absent",)
    parts = [side.type]
    if side.low is not None and side.high is not None:
        parts.append(f"{side.low:g} to {side.high:g}")
    if side.categories is not None:
        parts.append(figures.count(side.categories, "category", "categories"))
    if side.nulls:
        parts.append(figures.count(side.nulls, "null"))
    return (", ".join(parts),)


def _came_went(column: ColumnChange) -> Line:
    signed = [("+", word) for word in column.came] + [("−", word) for word in column.went]
    spans = [span for sign, word in signed[: 2 * MOST_CAME] for span in (" ", sign, Code(word))][1:]
    return tuple(spans)


def _drift_of(column: ColumnChange, drift: DriftChange) -> tuple[str, Tone]:
    """Return the gravest effect on a column, in words."""
    other = next((item for item in drift.others if item.column == column.name), None)
    if other:
        return f"{SIGNS['drifted'][0]} {other.sentence}", "bad"
    if column.base is None or column.head is None:
        return "", "plain"
    effects = _effects(drift, (column.name,))
    if not effects:
        return f"{SIGNS['steady'][0]} none", "plain"
    worst = min(effects, key=lambda item: (item.state != "drifted", item.margin - item.low))
    sign, tone = SIGNS[worst.state]
    return f"{sign} {EFFECTS[worst.effect]} {numbers(worst)}", tone


def numbers(effect: Effect) -> str:
    """Return an effect with its bounds and the margin: `0.213 [0.15, 0.27], margin 0.1`."""
    shares = effect.effect in ("nulls", "unseen")
    value, low, high = (f"{each:.2%}" if shares else f"{each:.3f}" for each in (effect.value, effect.low, effect.high))
    return f"{value} [{low}, {high}], margin {f'{effect.margin:.1%}' if shares else f'{effect.margin:g}'}"


def _pairs(drift: DriftChange | None) -> Iterator[Paragraph]:
    pairs = [item for item in drift.effects if len(item.columns) == 2 and item.state == "drifted"] if drift else []
    for item in pairs[:MOST_PAIRS]:
        sign, tone = SIGNS[item.state]
        left, right = item.columns
        said = f": {EFFECTS[item.effect]} {numbers(item)}."
        yield Paragraph(line=(f"{sign} ", Code(left), " × ", Code(right), said), tone=tone)
    if len(pairs) > MOST_PAIRS:
        yield Paragraph(line=(f"… and {figures.count(len(pairs) - MOST_PAIRS, 'more pair')}.",), tone="quiet")


def _histograms(ordered: Sequence[ColumnChange]) -> Iterator[Histograms]:
    drawn = tuple(Histogram(name=column.name, bars=column.bars) for column in ordered if column.bars)
    if drawn:
        yield Histograms(items=drawn[:MOST_DRAWN])
