"""Metrics that are functions of the confusion matrix: the bootstrap over its cells, over clusters, over blocks."""

import numpy as np
from numpy.typing import NDArray

from mltool.paired import cells, resampling
from mltool.paired.interval import Asked, Interval, drawn
from mltool.paired.join import Pairs
from mltool.paired.metrics import Cells

Floats = NDArray[np.float64]

DRAWS = 10_000
FEWER = 2_000
"""Draws where each costs a pass over clusters or rows."""


def interval(metric: Cells, pairs: Pairs, asked: Asked) -> Interval:
    """Return the interval of the difference of `metric`; raises ValueError where it is not defined."""
    table = cells.joint(pairs.truth, pairs.base, pairs.head, classes=len(pairs.classes))
    tables, method, source = _drawn(pairs, table, asked)
    delta = asked.sign * float(_difference(metric, table))
    return drawn(asked.sign * _difference(metric, tables), delta=delta, alpha=asked.alpha, method=method, source=source)


def _drawn(pairs: Pairs, table: Floats, asked: Asked) -> tuple[Floats, str, str]:
    groups, block = asked.dependence.groups, asked.dependence.block
    if groups is None and block is None:
        return cells.resample(table, draws=DRAWS, random=asked.random), "multinomial bootstrap", cells.SOURCE
    flat = cells.codes(pairs.truth, pairs.base, pairs.head, classes=len(pairs.classes))
    if groups is not None:
        found = resampling.cluster_counts(flat, groups, cells=table.size, draws=FEWER, random=asked.random)
        return found.reshape(-1, *table.shape), resampling.CLUSTER, resampling.CLUSTER_SOURCE
    weights = resampling.block_weights(len(pairs), length=block or 1, draws=FEWER, random=asked.random)
    found = np.stack([np.bincount(flat, weights=taken, minlength=table.size) for taken in weights])
    return found.reshape(-1, *table.shape), resampling.BLOCK, resampling.BLOCK_SOURCE


def _difference(metric: Cells, tables: Floats) -> Floats:
    before, after = cells.sides(tables)
    with np.errstate(invalid="ignore"):
        return metric.of(after) - metric.of(before)
