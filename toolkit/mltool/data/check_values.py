"""The values of a block as the type the contract declares, and which of them are not."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mltool.data.contract import Type

WRITTEN: dict[Type, str] = {
    "integer": r"^-?\d+(\.0*)?$",
    "number": r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$|^[+-]?(inf|Inf|INF|infinity|Infinity)$",
    "boolean": r"^([01]|[Tt]rue|TRUE|[Ff]alse|FALSE)$",
    "date": r"^\d{4}-\d\d-\d\d$",
    "timestamp": r"^\d{4}-\d\d-\d\d([T ]\d\d(:?\d\d(:?\d\d(\.\d+)?)?)?(Z|[+-]\d\d(:?\d\d)?)?)?$",
}
"""How a value of each type is written in CSV."""
TARGETS: dict[Type, tuple[pa.DataType, ...]] = {
    "integer": (pa.int64(), pa.float64()),
    "number": (pa.float64(),),
    "boolean": (pa.bool_(),),
    "date": (pa.date32(),),
    "timestamp": (pa.timestamp("us"), pa.timestamp("us", "UTC")),
}

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECONDS: Final = {"s": 10**6, "ms": 10**3, "us": 1}
"""How many there are in a unit of a timestamp."""
A_DAY: Final = 24 * 60 * 60 * 10**6
FURTHEST: Final = 2**63 - 1
"""Microseconds that 64 bits hold, some 292,000 years: what lies beyond is taken for that."""


def fits(stored: Type, declared: Type) -> bool:
    """Return whether a column stored so may hold what is declared; whole numbers may be stored as floats."""
    return declared in ("any", stored) or {stored, declared} == {"integer", "number"}


def parse(texts: pa.Array, declared: Type) -> tuple[pa.Array, pa.Array | None]:
    """Return texts of CSV as values of the declared type, shape (n,), and which are not such (None: all are).

    What is not becomes null.
    """
    if declared in ("text", "any"):
        return texts, None
    for target in TARGETS[declared]:
        values = _cast(texts, target)
        if values is not None:
            return _whole(values) if declared == "integer" else (values, None)
    written = pc.fill_null(pc.match_substring_regex(texts, WRITTEN[declared]), fill_value=True)
    texts = pc.if_else(written, texts, None)
    # Each different text is asked once, of the type that takes most of them.
    entries = texts.dictionary_encode()
    taken = [_halves(entries.dictionary, target) for target in TARGETS[declared]]
    values = min(taken, key=lambda values: values.null_count).take(entries.indices)
    wrong = pc.or_(pc.invert(written), pc.and_(pc.is_valid(texts), pc.is_null(values)))
    if declared == "integer":
        values, broken = _whole(values)
        wrong = wrong if broken is None else pc.or_(wrong, broken)
    return values, wrong


def all_are(texts: pa.Array, declared: Type) -> bool:
    """Return whether every text of CSV is a value of the type."""
    if declared in ("text", "any"):
        return True
    cast = (_cast(texts, target) for target in TARGETS[declared])
    found = next((values for values in cast if values is not None), None)
    return found is not None and (declared != "integer" or _whole(found)[1] is None)


def stored(values: pa.Array, declared: Type) -> tuple[pa.Array, pa.Array | None]:
    """Return typed values as the contract sees them: NaN is null, whole floats are whole; and which are not whole."""
    if pa.types.is_null(values.type):
        values = pa.nulls(len(values), TARGETS.get(declared, (pa.string(),))[0])
    if pa.types.is_string_view(values.type):
        values = values.cast(pa.large_string())
    if pa.types.is_decimal(values.type):
        values = values.cast(pa.float64())
    if pa.types.is_float16(values.type):
        values = values.cast(pa.float32())
    if pa.types.is_floating(values.type):
        values = _without_nan(values)
        if declared == "integer":
            return _whole(values)
    return values, None


def instant(text: str) -> int:
    """Return a date or time of ISO 8601 as microseconds since 1970; without a zone, in UTC.

    Raises ValueError, with a sentence, for anything else.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"'{text}' is no date, as in 2026-03-01 or 2026-03-01T12:00:00Z") from error
    zoned = found if found.tzinfo else found.replace(tzinfo=UTC)
    return (zoned - EPOCH) // timedelta(microseconds=1)


def instants(values: pa.Array) -> pa.Array:
    """Return dates or times as microseconds since 1970; without a zone, in UTC."""
    if pa.types.is_null(values.type):
        return values.cast(pa.int64())
    if pa.types.is_timestamp(values.type) and values.type.unit == "ns":
        return values.cast(pa.timestamp("us", values.type.tz), safe=False).cast(pa.int64())
    if pa.types.is_timestamp(values.type):
        held, each = values.cast(pa.int64()), MICROSECONDS[values.type.unit]
    else:
        held, each = values.cast(pa.date32()).cast(pa.int32()).cast(pa.int64()), A_DAY
    if each == 1:
        return held
    most = FURTHEST // each
    cut = pc.min_element_wise(held, most, skip_nulls=False)
    return pc.multiply(pc.max_element_wise(cut, -most, skip_nulls=False), each)


def ends(values: pa.Array) -> tuple[float | None, float | None]:
    """Return the least and the greatest of numbers without NaN, None if there is none."""
    if len(values) and not values.null_count:
        # Ten times as fast as Arrow's.
        held = values.to_numpy(zero_copy_only=True)
        return held.min().item(), held.max().item()
    found = pc.min_max(values)
    return found["min"].as_py(), found["max"].as_py()


def _without_nan(values: pa.Array) -> pa.Array:
    # A sum is the cheapest way to see that there is none.
    if not np.isnan(pc.sum(values).as_py() or 0.0):
        return values
    return pc.if_else(pc.is_nan(values), None, values)


def _whole(values: pa.Array) -> tuple[pa.Array, pa.Array | None]:
    if not pa.types.is_floating(values.type):
        return values, None
    broken = pc.fill_null(pc.not_equal(values, pc.floor(values)), fill_value=False)
    broken = pc.or_(broken, pc.fill_null(pc.is_inf(values), fill_value=False))
    return (pc.if_else(broken, None, values), broken) if pc.any(broken).as_py() else (values, None)


def _cast(texts: pa.Array, target: pa.DataType) -> Any:
    try:
        return texts.cast(target)
    except pa.ArrowInvalid:
        return None


def _halves(texts: pa.Array, target: pa.DataType) -> pa.Array:
    """Cast what can be cast, the rest to null: halve until the culprit stands alone."""
    values = _cast(texts, target)
    if values is not None:
        return values
    if len(texts) == 1:
        return pa.nulls(1, target)
    middle = len(texts) // 2
    return pa.concat_arrays([_halves(texts[:middle], target), _halves(texts[middle:], target)])
