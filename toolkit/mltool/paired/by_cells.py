"""Metrics that are functions of the confusion matrix: the bootstrap over its cells, or what each row adds to them."""

import numpy as np
from numpy.typing import NDArray

from mltool.paired import cells, means
from mltool.paired.cells import Table
from mltool.paired.interval import Asked, Interval, agreed, drawn
from mltool.paired.join import Pairs
from mltool.paired.metrics import Cells

Floats = NDArray[np.float64]

DRAWS = 10_000
FEWER = 2_000
MANY_CELLS = 1_000
"""With more cells a draw costs more, and fewer are made."""
FEW = 1_000
"""So few rows on which the models differ are also asked exactly; with more the bootstrap says the same."""
FEW_CLUSTERS = 1_000
SWAPS = 4_000
AT_ONCE = 4_000_000
BOOTSTRAP = "multinomial bootstrap"
EXACT = "multinomial bootstrap and permutation"
FISHER = "Fisher 1935, The Design of Experiments, section 21"
EXACT_SOURCE = f"{cells.SOURCE}; {FISHER}"


def interval(metric: Cells, pairs: Pairs, asked: Asked) -> Interval:
    """Return the interval of the difference of `metric`; raises ValueError where it is not defined."""
    flat = codes(pairs)
    table = cells.count(flat, classes=len(pairs.classes))
    delta = asked.sign * float(_differences(metric, table, table.counts[None])[0])
    if asked.dependence.groups is not None or asked.dependence.block is not None:
        before, after = cells.slopes(metric.of, table)
        moved = asked.sign * (after - before)[np.searchsorted(table.codes, flat)]
        return _together(metric, pairs, means.dependent(delta, moved, asked), delta, moved, asked)
    draws = DRAWS if len(table.codes) <= MANY_CELLS else FEWER
    samples = cells.resample(table, draws=draws, random=asked.random)
    found = asked.sign * _differences(metric, table, samples)
    boot = drawn(found, delta=delta, alpha=asked.alpha, method=BOOTSTRAP, source=cells.SOURCE)
    if table.counts[table.base != table.head].sum() > FEW:
        return boot
    return _exact(boot, _swapped(metric, table, asked, draws), delta, asked)


def _together(metric: Cells, pairs: Pairs, found: Interval, delta: float, moved: Floats, asked: Asked) -> Interval:
    """Return the interval of rows that hang together where a permutation test agrees: of a few clusters one of the
    metric itself, of many one of what each adds to it.
    """
    groups, size = asked.dependence.groups, len(pairs.classes)
    if groups is None or not np.isfinite(found.error):
        return found
    if groups.max() >= FEW_CLUSTERS or SWAPS * size**2 > AT_ONCE:
        return means.flipped(found, moved - moved.mean() + delta, asked)
    base, head = cells.swapped_clusters(
        (pairs.truth, pairs.base, pairs.head), groups, classes=size, draws=SWAPS, random=asked.random
    )
    p = permuted(asked.sign * (metric.of(head) - metric.of(base)), delta, found.error)
    name, source = f"{found.method} and permutation", f"{found.source}; {FISHER}"
    return agreed(found, p_worse=p, alpha=asked.alpha, method=name, source=source)


def codes(pairs: Pairs) -> NDArray[np.intp]:
    """Return the cell of each row, counted once for all metrics; raises ValueError where classes are too many."""
    return pairs.once("cells", lambda: cells.codes(pairs.truth, pairs.base, pairs.head, classes=len(pairs.classes)))


def values(metric: Cells, pairs: Pairs) -> tuple[float, float]:
    """Return the metric of base and of head; raises ValueError where classes are too many."""
    table = cells.count(codes(pairs), classes=len(pairs.classes))
    before, after = cells.matrices(table, table.counts)
    return float(metric.of(before)), float(metric.of(after))


def _swapped(metric: Cells, table: Table, asked: Asked, draws: int) -> Floats:
    both, counts = cells.swapped(table, draws=draws, random=asked.random)
    return asked.sign * _differences(metric, both, counts)


def _exact(boot: Interval, swapped: Floats, delta: float, asked: Asked) -> Interval:
    """Return the interval with the p-value of the permutation test, and zero in it where that does not reject zero: of
    few rows that differ, the bootstrap draws too seldom those it has not seen.
    """
    p = permuted(swapped, delta, boot.error)
    return agreed(boot, p_worse=p, alpha=asked.alpha, method=EXACT, source=EXACT_SOURCE)


def permuted(swapped: Floats, delta: float, error: float) -> float:
    """Return the mid-p value of "the head is not worse", from differences (draws,) between sides that a coin chose."""
    found = swapped[np.isfinite(swapped)]
    same = np.isclose(found, delta, rtol=0.0, atol=1e-12)
    p = float(np.count_nonzero((found < delta) & ~same) + 0.5 * np.count_nonzero(same) + 0.5) / (len(found) + 1)
    return 1.0 if delta == 0 and error == 0 else p


def _differences(metric: Cells, table: Table, counts: Floats) -> Floats:
    """Return head − base for each row of `counts` (draws, cells), so many at a time as memory likes."""
    step = max(1, AT_ONCE // (table.classes**2 + len(table.codes)))
    parts = (cells.matrices(table, counts[at : at + step]) for at in range(0, len(counts), step))
    with np.errstate(invalid="ignore"):
        return np.concatenate([metric.of(after) - metric.of(before) for before, after in parts])
