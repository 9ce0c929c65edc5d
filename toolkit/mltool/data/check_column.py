"""What one pass over a column finds: counts of what breaks its rules, and a few examples of each."""

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mltool.data import check_keys, check_values, contract_rules
from mltool.data.check_keys import Prints
from mltool.data.contract import Column, Type
from mltool.data.contract_rules import range_of

SHOWN = 40
"""Characters of a value that an example shows."""
STRANGERS = 50
"""Unknown categories that are remembered by name."""


@dataclass(frozen=True, kw_only=True)
class Example:
    """One value that breaks a rule, in row `row`, counted from 1; empty where it must not be shown.

    Of a folder, `part` is the file that the row is in.
    """

    row: int
    value: str
    part: str = ""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a block is: it begins `start` rows into `part`; `parsed` says whether it is typed, or text from CSV.

    At most `most` examples of each rule are kept.
    """

    start: int
    most: int
    parsed: bool
    part: str = ""


@dataclass
class Found:
    """How many values break a rule; `examples` are the first of them."""

    count: int = 0
    examples: list[Example] = field(default_factory=list)


@dataclass
class Tally:
    """All that is known of one column after the blocks read so far.

    `low` and `high` are of the present numbers; of dates and times in microseconds, where the contract has a range.
    `newest` is in microseconds since 1970, where it has an age; `zoned` says whether that time has a zone.
    """

    rows: int = 0
    missing: int = 0
    wrong: Found = field(default_factory=Found)
    outside: Found = field(default_factory=Found)
    unseen: Found = field(default_factory=Found)
    unmatched: Found = field(default_factory=Found)
    length: Found = field(default_factory=Found)
    strange: Found = field(default_factory=Found)
    low: float | None = None
    high: float | None = None
    newest: int | None = None
    zoned: bool = False
    strangers: Counter[str | int | float] = field(default_factory=Counter)

    @property
    def present(self) -> int:
        """Return how many values are there and of the declared type."""
        return self.rows - self.missing - self.wrong.count


def look(tally: Tally, column: Column, block: pa.Array, place: Place, known: Prints | None = None) -> pa.Array:
    """Count one block, and return its values, null where not as declared.

    `known` has the sorted fingerprints of the values that the column refers to.
    """

    def note(found: Found, mask: pa.Array | None) -> None:
        if mask is not None:
            note_rows(found, mask, place, lambda row: "" if column.sensitive else short(block[row]))

    values, wrong = typed(block, column.type, parsed=place.parsed)
    note(tally.wrong, wrong)
    tally.rows += len(block)
    tally.missing += values.null_count - (pc.sum(wrong).as_py() if wrong is not None else 0)
    if column.type in ("integer", "number"):
        note(tally.outside, _outside(tally, column, values))
    elif column.min is not None or column.max is not None:
        note(tally.outside, _outside(tally, column, check_values.instants(values)))
    if column.values:
        unknown = _over(values, lambda array: pc.invert(pc.is_in(array, _known(column, array.type))))
        note(tally.unseen, unknown)
        _remember(tally, values, unknown)
    if column.type == "text":
        _look_at_texts(tally, column, values, note)
    if known is not None:
        note(tally.strange, _strange(values, known))
    if column.max_age:
        _newest(tally, values)
    return values


def typed(block: pa.Array, declared: Type, *, parsed: bool) -> tuple[pa.Array, pa.Array | None]:
    """Return the values of a block, null where not as declared, and which are not."""
    if parsed:
        return check_values.stored(block, declared)
    values, wrong = check_values.parse(block, declared)
    return check_values.stored(values, "any")[0], wrong


def note_rows(found: Found, mask: pa.Array, place: Place, shown: Callable[[int], str]) -> None:
    """Count the rows of a block where the mask is true, and keep the first; `shown` says what one holds."""
    count = pc.sum(mask).as_py() or 0
    room = place.most - len(found.examples)
    if count and room > 0:
        for row in pc.indices_nonzero(pc.fill_null(mask, fill_value=False))[:room].to_pylist():
            found.examples.append(Example(row=place.start + row + 1, value=shown(row), part=place.part))
    found.count += count


def short(scalar: pa.Scalar) -> str:
    """Return a value as an example shows it."""
    try:
        if pa.types.is_timestamp(scalar.type) and scalar.type.unit == "ns":
            scalar = scalar.cast(pa.timestamp("us", scalar.type.tz), safe=False)
        value = scalar.as_py()
    except (OverflowError, ValueError):  # a year that Python does not have, a zone that nobody knows
        value = f"{scalar.value} {getattr(scalar.type, 'unit', 'days')} since 1970"
    text = value if isinstance(value, str) else f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def _look_at_texts(tally: Tally, column: Column, values: pa.Array, note: Callable[[Found, Any], None]) -> None:
    if column.pattern:
        whole = contract_rules.whole(column.pattern)
        note(tally.unmatched, _over(values, lambda array: pc.invert(pc.match_substring_regex(array, whole))))
    if column.min_length is not None or column.max_length is not None:
        least, most = column.min_length or 0, math.inf if column.max_length is None else column.max_length

        def odd(array: pa.Array) -> pa.Array:
            length = pc.utf8_length(array)
            return pc.or_(pc.less(length, least), pc.greater(length, pa.scalar(most, pa.float64())))

        note(tally.length, _over(values, odd))


def _strange(values: pa.Array, known: Prints) -> pa.Array | None:
    found, whole = check_keys.prints([values])
    places = np.minimum(np.searchsorted(known, found), max(len(known) - 1, 0))
    odd = known[places] != found if len(known) else np.ones(len(found), bool)
    if not odd.any():
        return None
    mask = np.zeros(len(values), bool)
    mask[whole.nonzero()[0][odd]] = True
    return pa.array(mask)


def _outside(tally: Tally, column: Column, values: pa.Array) -> pa.Array | None:
    low, high = check_values.ends(values)
    if low is None or high is None:
        return None
    tally.low = low if tally.low is None else min(tally.low, low)
    tally.high = high if tally.high is None else max(tally.high, high)
    least, most = range_of(column)
    finite = low != float("-inf") and high != float("inf")
    if finite and least <= low and high <= most:
        return None
    mask = _beyond(values, least, most)
    return mask if finite else pc.or_(mask, pc.is_inf(values))


def _beyond(values: pa.Array, least: float, most: float) -> pa.Array:
    """Return which values are out of a range; integers are compared as such, since floats stop at 53 bits."""
    if pa.types.is_integer(values.type):
        limits = np.iinfo(values.type.to_pandas_dtype())
        least = limits.min if least <= limits.min else math.ceil(min(least, limits.max + 1))
        most = limits.max if most >= limits.max else math.floor(max(most, limits.min - 1))
        if least > limits.max or most < limits.min:
            return values.is_valid()
    kind = values.type if pa.types.is_integer(values.type) else pa.float64()
    return pc.or_(pc.less(values, pa.scalar(least, kind)), pc.greater(values, pa.scalar(most, kind)))


def _known(column: Column, stored: pa.DataType) -> pa.Array:
    if column.type == "text":
        return pa.array(column.values, stored)
    if pa.types.is_integer(stored):
        limits = np.iinfo(stored.to_pandas_dtype())
        held = [int(v) for v in column.values if not isinstance(v, str) and v == int(v)]
        return pa.array([value for value in held if limits.min <= value <= limits.max], stored)
    return pa.array([float(value) for value in column.values], pa.float64())


def _over(values: pa.Array, broken: Callable[[pa.Array], pa.Array]) -> pa.Array | None:
    """Return which values are broken, None if none is; of a dictionary, each entry is asked once."""
    if isinstance(values, pa.DictionaryArray):
        entries = broken(values.dictionary)
        if not pc.any(entries).as_py():
            return None
        mask = entries.take(values.indices)
    else:
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
    newest = pc.max(check_values.instants(values)).as_py()
    if newest is not None and (tally.newest is None or newest > tally.newest):
        tally.newest, tally.zoned = newest, getattr(values.type, "tz", None) is not None
