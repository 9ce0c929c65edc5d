"""The report as JSON: the one source that every other form is drawn from, and the only thing a fork may hand over."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec

from mltool.errors import UserError
from mltool.gates.verdict import Outcome
from mltool.report.data import Bars
from mltool.report.inert import clip
from mltool.report.model import SCHEMA, Report
from mltool.snapshot import bounded
from mltool.snapshot.model import Changes

MOST_BYTES = 5_000_000
MOST_ROWS = 2_000
MOST_TEXT = 4_000
MOST_DEPTH = 16
_REMEDY = "Make it with `mltool report --format json` of the same version."
# What gives way first when a report is too big as a whole.
_HEAVY = ("curves", "matrices", "tables", "slices", "graph", "history", "tests")
_GRAVE = (Outcome.FAIL, Outcome.UNDECIDED, Outcome.PASS, Outcome.SKIP)
_LISTS = ("metrics", "verdicts", "stale", "slices", "problems", "notes", "cost", "releases", "tables")
_CHANGES = ("metrics", "params", "stages", "data", "artifacts", "packages")


def dumps(report: Report) -> bytes:
    """Return the report as indented JSON, the same bytes for the same report.

    What `loads` would refuse is left out, and a note says so: rows past MOST_ROWS a section, text past MOST_TEXT
    characters, whole curves and slices past MOST_BYTES, and then half of each section after the other.
    """
    most = MOST_ROWS
    content = _encode(_fit(report, most))
    for name in _HEAVY:
        if len(content) <= MOST_BYTES:
            break
        empty = getattr(Report(head=report.head, outcome=report.outcome), name)
        note = f"The report was too big: its {name} are left out."
        report = _with(report, notes=(note, *report.notes), **{name: empty})
        content = _encode(_fit(report, most))
    while len(content) > MOST_BYTES:
        most //= 2
        content = _encode(_fit(report, most))
    return content


def loads(content: bytes) -> Report:
    """Return the report in `content`, which anybody may have written.

    Raises UserError with one sentence for anything but a report within the limits: JSON, types, sizes, shapes.
    """
    if len(content) > MOST_BYTES:
        raise UserError(f"The report has {len(content):,} bytes; at most {MOST_BYTES:,} are read.", _REMEDY)
    try:
        document = msgspec.json.decode(content)
        bounded.inspect(document, depth=MOST_DEPTH, items=MOST_ROWS, text=MOST_TEXT)
        report = msgspec.convert(document, Report)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise UserError(f"This is not a report of {SCHEMA}: {_plain(error)}.", _REMEDY) from error
    wrong = next(_misshapen(report), "")
    if wrong:
        raise UserError(f"This is not a report of {SCHEMA}: {wrong}.", _REMEDY)
    return report


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the report."""
    document = msgspec.json.schema(Report)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": SCHEMA, **document}


def _encode(report: Report) -> bytes:
    document = _short(msgspec.to_builtins(report))
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def _short(value: Any) -> Any:
    """Return the document with long text cut and unpaired surrogates, which UTF-8 cannot say, replaced."""
    if isinstance(value, str):
        return clip(value, MOST_TEXT).encode(errors="replace").decode()
    if isinstance(value, dict):
        return {_short(key): _short(item) for key, item in value.items()}
    return [_short(item) for item in value] if isinstance(value, list | tuple) else value


def _fit(report: Report, most: int) -> Report:
    """Return the report with at most `most` rows a section, and a note for each section that lost some.

    Of the verdicts those that judge against the change are kept first.
    """
    notes: list[str] = []

    def first(name: str, items: tuple[Any, ...], most: int = most) -> tuple[Any, ...]:
        if len(items) > most:
            notes.append(f"{len(items) - most:,} more {name} are left out of this report.")
        if len(items) > most and name == "verdicts":
            items = tuple(sorted(items, key=lambda item: _GRAVE.index(item.outcome)))
        return items[:most]

    changes = Changes(**{name: first(f"changed {name}", getattr(report.changes, name)) for name in _CHANGES})
    # Notes of our own may still be added, one a section.
    lists = {name: first(name, getattr(report, name), most - 20) for name in _LISTS}
    nodes = first("stages of the graph", report.graph.nodes)
    graph = replace(report.graph, nodes=nodes, edges=report.graph.edges[:most])
    fitted = _with(report, changes=changes, graph=graph, **lists)
    return replace(fitted, notes=(*fitted.notes, *notes))


def _with(report: Report, **changed: Any) -> Report:
    return replace(report, **changed)


def _misshapen(report: Report) -> Iterator[str]:
    """Say what types alone cannot: matrices are square, the graph is closed."""
    for matrix in report.matrices:
        across = len(matrix.labels)
        for side in (matrix.base, matrix.head):
            if side and (len(side) != across or any(len(row) != across for row in side)):
                yield "a confusion matrix has another shape than its labels"
    if any(column.bars and not _drawable(column.bars) for table in report.tables for column in table.columns):
        yield "a histogram has another shape than its labels"
    if any(
        None not in (table.base_rows, table.head_rows) and None in (table.added, table.removed)
        for table in report.tables
    ):
        yield "a table of both sides does not say how many rows came and went"
    names = {node.stage for node in report.graph.nodes}
    if any(end not in names for edge in report.graph.edges for end in edge):
        yield "the graph joins stages that are not in it"
    if report.behind is not None and report.behind < 0:
        yield "it is a negative number of commits behind"


def _drawable(bars: Bars) -> bool:
    count = len(bars.base)
    named = len(bars.labels) == count if bars.labels else len(bars.edges) == count + 1
    return named and len(bars.head) == count > 0 and all(0 <= share <= 1.001 for share in (*bars.base, *bars.head))


def _plain(error: Exception) -> str:
    text = str(error) or "it is nested too deeply"
    return clip(" ".join(text.split()).rstrip("."), 300)
