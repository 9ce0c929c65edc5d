"""Plot files as DVC declares them → lines and confusion matrices with base and head side by side."""

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import msgspec

from mltool.report.model import Curve, Matrix, Series, Side
from mltool.snapshot.model import Plot, Problem

MOST_POINTS = 500
MOST_LABELS = 30
MOST_BYTES = 50_000_000
READABLE = (".json", ".csv", ".tsv")

Row = Mapping[str, Any]
Sides = Mapping[Side, Sequence[Row]]


def read(plot: Plot, *, base: bytes | None, head: bytes | None) -> Curve | Matrix | Problem | None:
    """Return the plot with both sides, a problem where the head's file cannot be read, or None where there is nothing.

    An absent or broken base leaves its side empty: the head's own curve is still worth seeing.
    """
    if head is None and base is None:
        return None
    try:
        after = rows(plot.path, head) if head is not None else []
    except ValueError as error:
        return Problem(path=plot.path, kind="unreadable", sentence=f"{plot.path} is not a readable plot: {error}.")
    try:
        before = rows(plot.path, base) if base is not None else []
    except ValueError:
        before = []
    sides: Sides = {"base": before, "head": after}
    return _matrix(plot, sides) if plot.template.startswith("confusion") else _curve(plot, sides)


def rows(path: str, content: bytes) -> Sequence[Row]:
    """Return the rows of a plot file: CSV and TSV with a header, JSON with a list of objects anywhere in it.

    Raises ValueError where there are none.
    """
    if len(content) > MOST_BYTES:
        raise ValueError(f"it has {len(content):,} bytes and at most {MOST_BYTES:,} are drawn")
    if path.endswith(".json"):
        try:
            found = _list(msgspec.json.decode(content))
        except msgspec.DecodeError as error:
            raise ValueError(str(error)) from error
        if found is None:
            raise ValueError("there is no list of objects in it")
        return found
    text = content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter="\t" if path.endswith(".tsv") else ","))


def _list(document: Any) -> list[Row] | None:
    """Return the first list of objects, as DVC looks for it: at the top or under any key."""
    if isinstance(document, list) and all(isinstance(item, dict) for item in document):
        return document
    if isinstance(document, dict):
        return next((found for value in document.values() if (found := _list(value)) is not None), None)
    return None


def _curve(plot: Plot, sides: Sides) -> Curve | None:
    first = next((row for rows in sides.values() for row in rows), {})
    names = plot.y or tuple(first)[-1:]
    series = [_series(side, name, plot.x, found) for name in names for side, found in sides.items()]
    drawn = tuple(line for line in series if line.points)
    if not drawn:
        return None
    title = plot.title or PurePosixPath(plot.path).stem
    return Curve(path=plot.path, title=title, x=plot.x or "step", y=", ".join(names), series=drawn)


def _series(side: Side, name: str, x: str, found: Sequence[Row]) -> Series:
    points = [(_number(row.get(x)) if x else float(i), _number(row.get(name))) for i, row in enumerate(found)]
    finite = [(across, up) for across, up in points if across is not None and up is not None]
    return Series(side=side, name=name, points=tuple(_thin(finite)))


def _thin(points: list[tuple[float, float]]) -> Iterable[tuple[float, float]]:
    """Keep at most MOST_POINTS: of each bucket its lowest and highest, so that no spike is lost; both ends stay."""
    if len(points) <= MOST_POINTS:
        return points
    inner = points[1:-1]
    buckets = (MOST_POINTS - 2) // 2
    kept = [points[0]]
    for i in range(buckets):
        bucket = inner[i * len(inner) // buckets : (i + 1) * len(inner) // buckets]
        low, high = min(bucket, key=lambda p: p[1]), max(bucket, key=lambda p: p[1])
        kept += [low, high] if bucket.index(low) <= bucket.index(high) else [high, low]
    return [*kept, points[-1]]


def _matrix(plot: Plot, sides: Sides) -> Matrix | None:
    """Count actual × predicted; a `count` column stands for as many rows."""
    first = next((row for rows in sides.values() for row in rows), None)
    if first is None:
        return None
    columns = list(first)
    actual, predicted = plot.x or columns[0], plot.y[0] if plot.y else columns[min(1, len(columns) - 1)]
    cells = {side: _cells(found, actual, predicted) for side, found in sides.items()}
    labels = sorted({label for counts in cells.values() for pair in counts for label in pair}, key=_natural)
    if not labels or len(labels) > MOST_LABELS:
        return None
    grids = {
        side: tuple(tuple(counts.get((row, column), 0.0) for column in labels) for row in labels) if counts else ()
        for side, counts in cells.items()
    }
    title = plot.title or PurePosixPath(plot.path).stem
    return Matrix(path=plot.path, title=title, labels=tuple(labels), base=grids["base"], head=grids["head"])


def _cells(found: Sequence[Row], actual: str, predicted: str) -> dict[tuple[str, str], float]:
    counts: dict[tuple[str, str], float] = {}
    for row in found:
        if actual in row and predicted in row:
            cell = (str(row[actual]), str(row[predicted]))
            counts[cell] = counts.get(cell, 0.0) + (_number(row.get("count", 1)) or 0.0)
    return counts


def _natural(label: str) -> tuple[bool, float, str]:
    found = _number(label)
    return found is None, found or 0.0, label


def _number(value: Any) -> float | None:
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None
