"""Groups of rows: by a column or two, and those that lost most, found on one half of the rows, shown on the other."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import combinations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mltool.gates import holm
from mltool.gates.difference import Difference
from mltool.paired import arrays, by_cells, by_rows, cells, ids
from mltool.paired.compare import Metric, measure
from mltool.paired.gaps import Gap
from mltool.paired.grouping import MISSING, Groups, by_one, crossed
from mltool.paired.interval import Asked
from mltool.paired.join import Pairs
from mltool.paired.metrics import Rows, Weighted

MOST_COLUMNS = 12
MOST_VALUES = 50
BINS = 4
FEWEST = 50
"""A group is looked at where each half has so many of its rows."""
KEPT = 5
"""So many groups are taken from the one half to the other."""
FOUND = "found on one half of the rows, confirmed on the other"

Floats = NDArray[np.float64]


def weakest(pairs: Pairs, metric: Metric, columns: Iterable[str], asked: Asked, *, name: str) -> tuple[Difference, ...]:
    """Return the groups of rows, by one column or two, that lost most: found on one half, confirmed on the other.

    Numbers with many values are cut at their quartiles. At most KEPT groups go from the half that found them to the
    other, where Holm 1979 keeps all of them together at α; `p_worse` is adjusted. Rows of one cluster are in the same
    half; neighbours in time too. The same rows give the same halves. A metric without influences is not looked at.
    """
    moved = _moved(metric, pairs, asked.sign)
    if moved is None:
        return ()
    first = _half(pairs, asked)
    ways = list(_ways(pairs, tuple(dict.fromkeys(columns))[:MOST_COLUMNS]))
    found = []
    for way, code in _suspects(ways, moved, first):
        rows = np.flatnonzero(~first & (way.codes == code))
        part = measure(metric, pairs.at(rows), _narrowed(asked, rows), name=name, where=_where(way, code))
        if isinstance(part, Difference):
            found.append(part)
    p = holm.adjusted({part.slice: 1.0 if part.p_worse is None else part.p_worse for part in found})
    sure = [part for part in found if p[part.slice] <= asked.alpha]
    return tuple(replace(part, p_worse=p[part.slice], notes=(FOUND,)) for part in sure)


def _ways(pairs: Pairs, columns: tuple[str, ...]) -> Iterator[Groups]:
    """Yield the columns that cut the rows into few groups, and every two of them."""
    known = [way for name in columns if (way := _cut(name, pairs.extra[name])) is not None]
    yield from known
    yield from (crossed(one, other) for one, other in combinations(known, 2))


def _cut(name: str, column: pa.Array) -> Groups | None:
    number = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
    if number and pc.count_distinct(column).as_py() > MOST_VALUES:
        return _quarters(name, arrays.numbers(pc.fill_null(column.cast(pa.float64()), np.nan)))
    found = by_one(name, column)
    return found if len(found.names) <= MOST_VALUES else None


def _quarters(name: str, values: Floats) -> Groups:
    there = np.isfinite(values)
    edges = np.unique(np.quantile(values[there], np.arange(1, BINS) / BINS)) if there.any() else np.zeros(0)
    codes = np.where(there, np.searchsorted(edges, values, side="left"), len(edges) + 1)
    ends = [f"{edge:.6g}" for edge in edges]
    names = [f"{low}…{high}" for low, high in zip(["", *ends], [*ends, ""], strict=True)]
    return Groups(column=name, codes=codes, names=(*names, MISSING))


def _moved(metric: Metric, pairs: Pairs, sign: float) -> Floats | None:
    """Return what each row adds to the difference, shape (n,), or None where the metric does not tell."""
    try:
        if isinstance(metric, Rows):
            delta, moved = by_rows.differences(metric, pairs, sign)
            return np.asarray(moved - moved.mean() + delta)
        if isinstance(metric, Weighted | Gap):
            return None
        flat = by_cells.codes(pairs)
        table = cells.count(flat, classes=len(pairs.classes))
        before, after = by_cells.values(metric, pairs)
        slopes = cells.slopes(metric.of, table)
        return sign * ((slopes[1] - slopes[0])[np.searchsorted(table.codes, flat)] + after - before)
    except ValueError:  # it is not defined on these rows, which judging all of them says
        return None


def _half(pairs: Pairs, asked: Asked) -> NDArray[np.bool_]:
    """Return the rows that groups are found on; the others confirm them."""
    rows, groups = np.arange(len(pairs)), asked.dependence.groups
    if asked.dependence.block is not None:
        return np.asarray(rows < len(pairs) // 2)
    if groups is not None:
        return np.asarray(ids.mixed(groups.astype(np.uint64)) % 2 == 0)
    keys = pairs.keys if len(pairs.keys) else ids.mixed(rows.astype(np.uint64))
    return np.asarray(keys % 2 == 0)


def _suspects(ways: Iterable[Groups], moved: Floats, first: NDArray[np.bool_]) -> list[tuple[Groups, int]]:
    """Return the groups with the surest loss on the first half, the worst first."""
    ranked = []
    for place, way in enumerate(ways):
        size = len(way.names)
        here, other = (np.bincount(way.codes[flags], minlength=size) for flags in (first, ~first))
        total = np.bincount(way.codes[first], weights=moved[first], minlength=size)
        squares = np.bincount(way.codes[first], weights=moved[first] ** 2, minlength=size)
        for code in np.flatnonzero((np.minimum(here, other) >= FEWEST) & (total < 0)):
            spread = np.sqrt(max(squares[code] - total[code] ** 2 / here[code], 1e-300))
            ranked.append((float(total[code] / spread), place, int(code), way))
    ranked.sort(key=lambda item: item[:3])
    return [(way, code) for t, _, code, way in ranked[:KEPT] if t < -1.0]


def _narrowed(asked: Asked, rows: NDArray[np.intp]) -> Asked:
    groups = asked.dependence.groups
    if groups is None:
        return asked
    codes = np.unique(groups[rows], return_inverse=True)[1]
    return replace(asked, dependence=replace(asked.dependence, groups=codes))


def _where(way: Groups, code: int) -> str:
    return f"{way.column}={way.names[code]}"
