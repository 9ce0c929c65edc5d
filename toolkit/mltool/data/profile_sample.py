"""One column as it was seen: exact counts of all rows, and the values of a sample of bounded size."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mltool.data import arrays
from mltool.data.profile_order import Floats
from mltool.data.profile_source import ROWS, Kind, Source

Rows = NDArray[np.int64]

MOST = 1 << 20
"""Rows whose values are looked at. A distribution is then known to 0.2 percentage points, whatever the table's size."""
PAIRED = 1 << 14
"""Rows that correlations are computed from: known to 0.03."""
_BIGGEST = float(np.finfo(np.float64).max)


@dataclass(frozen=True, kw_only=True, eq=False)
class Seen:
    """A column of `rows` rows of which `nulls` are missing (NaN too); `low` and `high` are of all rows.

    `values` are the numbers of the sample in parts, nothing missing; `paired` those of the rows for correlations, in
    the order of the table, NaN where missing. `words` counts the texts of the sample.
    """

    name: str
    kind: Kind
    rows: int
    nulls: int
    low: float | None = None
    high: float | None = None
    values: tuple[Floats, ...] = ()
    paired: Floats = field(default_factory=lambda: np.zeros(0))
    words: Counter[str] = field(default_factory=Counter)


def sample(rows: int) -> Rows | None:
    """Return which rows are looked at, in order, the same ones each time; None for all."""
    if rows <= MOST:
        return None
    generator = np.random.default_rng(0)
    starts = range(0, rows, ROWS)
    picked = (start + np.flatnonzero(generator.random(min(ROWS, rows - start)) < MOST / rows) for start in starts)
    return np.concatenate(list(picked))


def look(source: Source, name: str, rows: Rows | None) -> Seen:
    """Return what one column holds; `rows` is what `sample` returned. Raises UserError where the file breaks off."""
    kind = source.columns[name]
    if kind == "numbers":
        return _numbers(source, name, rows)
    if kind == "words":
        return _words(source, name, rows)
    nulls = sum(block.null_count for block in source.blocks(name))
    return Seen(name=name, kind=kind, rows=source.rows, nulls=nulls)


def _numbers(source: Source, name: str, rows: Rows | None) -> Seen:
    nulls, low, high, start = 0, np.inf, -np.inf, 0
    kept, picked, paired = [], [], _paired(source.rows if rows is None else len(rows))
    for block, at in _sampled(source, name, rows):
        found = arrays.floats(block)
        least, most = np.fmin.reduce(found), np.fmax.reduce(found)
        # JSON has no infinity; the largest number stands at the same end of the order.
        if np.isinf(least) or np.isinf(most):
            found = np.clip(found, -_BIGGEST, _BIGGEST)
        low, high = np.fmin(low, least), np.fmax(high, most)
        missing = np.isnan(found)
        nulls += (lost := int(np.count_nonzero(missing)))
        chosen = found if at is None else found[at]
        first, last = np.searchsorted(paired, (start, start + len(chosen)))
        picked.append(chosen[paired[first:last] - start])
        start += len(chosen)
        kept.append(chosen[~np.isnan(chosen)] if lost else chosen)
    return Seen(
        name=name,
        kind="numbers",
        rows=source.rows,
        nulls=nulls,
        low=max(float(low), -_BIGGEST) if low <= high else None,
        high=min(float(high), _BIGGEST) if low <= high else None,
        values=tuple(part for part in kept if len(part)),
        paired=np.concatenate(picked),
    )


@lru_cache(maxsize=1)
def _paired(count: int) -> Rows:
    """Return which of so many rows correlations are computed from, in order."""
    return np.sort(np.random.default_rng(1).choice(count, min(PAIRED, count), replace=False))


def _words(source: Source, name: str, rows: Rows | None) -> Seen:
    nulls, words = 0, Counter[str]()
    held, counts = pa.nulls(0, pa.string()), np.zeros(0, np.int64)
    for block, at in _sampled(source, name, rows):
        nulls += block.null_count
        found = block if at is None else block.take(arrays.places(at))
        if not pa.types.is_dictionary(found.type):
            found = found.cast(pa.string()).dictionary_encode()
        if not found.dictionary.equals(held):
            words.update(_counted(held, counts))
            held, counts = found.dictionary, np.zeros(len(found.dictionary), np.int64)
        counts += np.bincount(arrays.fixed(pc.drop_null(found.indices)), minlength=len(held))
    words.update(_counted(held, counts))
    return Seen(name=name, kind="words", rows=source.rows, nulls=nulls, words=words)


def _counted(words: pa.Array, counts: Rows) -> dict[str, int]:
    return {word: n for word, n in zip(words.to_pylist(), counts.tolist(), strict=True) if n}


def _sampled(source: Source, name: str, rows: Rows | None) -> Iterator[tuple[pa.Array, Rows | None]]:
    """Yield each block of a column with the places in it that belong to the sample; None for all."""
    start = 0
    for block in source.blocks(name):
        if rows is None:
            yield block, None
        else:
            first, last = np.searchsorted(rows, (start, start + len(block)))
            yield block, rows[first:last] - start
        start += len(block)
