"""Small measured files → rows: scores by group, and what the model costs."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from mltool.gates.directions import direction
from mltool.report.figures import real
from mltool.report.model import CostRow, SliceRow
from mltool.snapshot.model import Problem

MOST_SLICES = 2_000
ROWS = "rows"


def slices(path: str, base: bytes | None, head: bytes | None) -> tuple[tuple[SliceRow, ...], tuple[Problem, ...]]:
    """Return a row for each (column, value, metric) of the head, and what could not be read.

    The files hold `{column: {value: {"rows": n, metric: score}}}`.
    """
    after, broken = _document(path, head)
    before, _ = _document(path, base)
    rows: list[SliceRow] = []
    for (column, value, metric), score in _scores(after):
        if len(rows) == MOST_SLICES:
            break
        rows.append(
            SliceRow(
                column=column,
                value=value,
                metric=metric,
                rows=_rows(after[column][value]),
                base=real(_get(before, column, value, metric)),
                head=score,
                direction=direction(metric),
            )
        )
    return tuple(rows), broken


def cost(path: str, base: bytes | None, head: bytes | None) -> tuple[tuple[CostRow, ...], tuple[Problem, ...]]:
    """Return a row for each cost in either file (`{name: number}`), and what could not be read."""
    after, broken = _document(path, head)
    before, _ = _document(path, base)
    names = dict.fromkeys([*after, *before])
    rows = (CostRow(name=name, base=real(before.get(name)), head=real(after.get(name))) for name in names)
    return tuple(row for row in rows if row.base is not None or row.head is not None), broken


def _document(path: str, content: bytes | None) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """Return the JSON object in `content`; an absent file is an empty one, a broken file a problem."""
    if content is None:
        return {}, ()
    try:
        return msgspec.json.decode(content, type=dict[str, Any]), ()
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return {}, (Problem(path=path, kind="unreadable", sentence=f"{path} is not a JSON object: {error}."),)


def _scores(document: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str, str], float]]:
    for column, values in document.items():
        for value, scores in _items(values):
            for metric, score in _items(scores):
                found = real(score)
                if metric != ROWS and found is not None:
                    yield (column, value, metric), found


def _items(table: Any) -> Iterator[tuple[str, Any]]:
    return iter(table.items()) if isinstance(table, dict) else iter(())


def _get(document: Any, *keys: str) -> Any:
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document


def _rows(scores: Mapping[str, Any]) -> int | None:
    found = scores.get(ROWS)
    return found if isinstance(found, int) else None
