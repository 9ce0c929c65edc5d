"""What one pass over a column finds: counts of what breaks its rules, and a few examples of each."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mltool.data import check_values
from mltool.data.contract import Column

SHOWN = 40
"""Characters of a value that an example shows."""
STRANGERS = 50
"""Unknown categories that are remembered by name."""


@dataclass(frozen=True, kw_only=True)
class Example:
    """One value that breaks a rule, in row `row`, counted from 1; empty where it must not be shown."""

    row: int
    value: str


@dataclass
class Found:
    """How many values break a rule; `examples` are the first of them."""

    count: int = 0
    examples: list[Example] = field(default_factory=list)


@dataclass
class Tally:
    """All that is known of one column after the blocks read so far. `low` and `high` are of the present numbers."""

    rows: int = 0
    missing: int = 0
    wrong: Found = field(default_factory=Found)
    outside: Found = field(default_factory=Found)
    unseen: Found = field(default_factory=Found)
    unmatched: Found = field(default_factory=Found)
    low: float | None = None
    high: float | None = None
    newest: datetime | None = None
    strangers: Counter[str | int | float] = field(default_factory=Counter)

    @property
    def present(self) -> int:
        """Return how many values are there and of the declared type."""
        return self.rows - self.missing - self.wrong.count


def look(tally: Tally, column: Column, block: pa.Array, *, start: int, most: int, parsed: bool) -> pa.Array:
    """Count one block that begins `start` rows into the table, and return its values, null where not as declared.

    At most `most` examples a rule are kept. `parsed` says whether the block is typed, or text from CSV.
    """

    def note(found: Found, mask: pa.Array | None) -> None:
        if mask is not None:
            _note(found, mask, block, start=start, most=most, shown=not column.sensitive)

    typed = check_values.stored if parsed else check_values.parse
    values, wrong = typed(block, column.type)
    if not parsed:
        values, _ = check_values.stored(values, "any")
    note(tally.wrong, wrong)
    tally.rows += len(block)
    tally.missing += values.null_count - (pc.sum(wrong).as_py() if wrong is not None else 0)
    if column.type in ("integer", "number"):
        note(tally.outside, _outside(tally, column, values))
    if column.values:
        unknown = _over(values, lambda array: pc.invert(pc.is_in(array, _known(column, array.type))))
        note(tally.unseen, unknown)
        _remember(tally, values, unknown)
    if column.pattern:
        whole = rf"\A(?:{column.pattern})\z"
        note(tally.unmatched, _over(values, lambda array: pc.invert(pc.match_substring_regex(array, whole))))
    if column.max_age:
        _newest(tally, values)
    return values


def _outside(tally: Tally, column: Column, values: pa.Array) -> pa.Array | None:
    low, high = check_values.ends(values)
    if low is None or high is None:
        return None
    tally.low = low if tally.low is None else min(tally.low, low)
    tally.high = high if tally.high is None else max(tally.high, high)
    least = float("-inf") if column.min is None else column.min
    most = float("inf") if column.max is None else column.max
    finite = low != float("-inf") and high != float("inf")
    if finite and least <= low and high <= most:
        return None
    mask = pc.or_(pc.less(values, pa.scalar(least)), pc.greater(values, pa.scalar(most)))
    return mask if finite else pc.or_(mask, pc.is_inf(values))


def _known(column: Column, stored: pa.DataType) -> pa.Array:
    if column.type == "text":
        return pa.array(column.values, stored)
    return pa.array([float(value) for value in column.values], pa.float64())


def _over(values: pa.Array, broken: Callable[[pa.Array], pa.Array]) -> pa.Array | None:
    """Return which values are broken, None if none is; of a dictionary, each entry is asked once."""
    if isinstance(values, pa.DictionaryArray):
        entries = broken(values.dictionary)
        if not pc.any(entries).as_py():
            return None
        mask = entries.take(values.indices)
    else:
        if pa.types.is_integer(values.type):
            values = values.cast(pa.float64(), safe=False)
        mask = broken(values)
        mask = pc.and_(mask, values.is_valid()) if values.null_count else mask
    return mask if pc.any(mask).as_py() else None


def _remember(tally: Tally, values: pa.Array, unknown: pa.Array | None) -> None:
    if unknown is None:
        return
    for entry in values.filter(unknown).value_counts().to_pylist():
        if entry["values"] in tally.strangers or len(tally.strangers) <= STRANGERS:
            tally.strangers[entry["values"]] += entry["counts"]


def _newest(tally: Tally, values: pa.Array) -> None:
    zone = getattr(values.type, "tz", None)
    newest = pc.max(values.cast(pa.timestamp("us", "UTC" if zone else None), safe=False)).as_py()
    if newest is not None:
        tally.newest = newest if tally.newest is None else max(tally.newest, newest)


def _note(found: Found, mask: pa.Array, block: pa.Array, *, start: int, most: int, shown: bool) -> None:
    count = pc.sum(mask).as_py() or 0
    room = most - len(found.examples)
    if count and room > 0:
        for place in pc.indices_nonzero(pc.fill_null(mask, fill_value=False))[:room].to_pylist():
            value = _short(block[place].as_py()) if shown else ""
            found.examples.append(Example(row=start + place + 1, value=value))
    found.count += count


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
