"""Metrics that only their value under new row weights is known of: the Poisson, cluster and block bootstrap."""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mltool.paired import resampling
from mltool.paired.interval import FISHER, Asked, Interval, permuted, student
from mltool.paired.join import Pairs
from mltool.paired.metrics import Weighted

Floats = NDArray[np.float64]

DRAWS = 500
MOST = 50_000
"""Of more rows that are independent so many are drawn from: the error goes with the root of the rows."""
FEW = 200
SWAPS = 1_000
SUBSAMPLE_SOURCE = "Bickel, Götze and van Zwet 1997, Resampling fewer than n observations"


def interval(metric: Weighted, pairs: Pairs, asked: Asked) -> Interval:
    """Return the normal interval with the bootstrap's error, and where rows are few and independent the permutation
    test's consent; raises ValueError where the metric is not defined.
    """
    ones = np.ones(len(pairs))
    delta = asked.sign * (metric.of(pairs, "head")(ones) - metric.of(pairs, "base")(ones))
    independent = asked.dependence.groups is None and asked.dependence.block is None
    part, scale = pairs, 1.0
    if independent and len(pairs) > MOST:
        part, scale = pairs.at(asked.random.choice(len(pairs), MOST, replace=False)), math.sqrt(MOST / len(pairs))
    base, head = metric.of(part, "base"), metric.of(part, "head")
    weights, method, source = _weights(len(part), asked)
    draws = np.array([head(taken) - base(taken) for taken in weights])
    found = draws[np.isfinite(draws)]
    if len(found) < 0.95 * len(draws):
        raise ValueError("too few rows: in some samples the metric is not defined")
    if scale < 1:
        method, source = f"{method} of {MOST:,} rows", f"{source}; {SUBSAMPLE_SOURCE}"
    error = float(found.std(ddof=1)) * scale
    answer = student(delta, error, math.inf, alpha=asked.alpha, method=method, source=source)
    return _permuted(answer, metric, pairs, delta, asked) if independent and len(pairs) < FEW else answer


def _permuted(found: Interval, metric: Weighted, pairs: Pairs, delta: float, asked: Asked) -> Interval:
    """Return the interval where the test agrees that lets a coin say for each row which model is the head."""
    ones = np.ones(len(pairs))
    swaps = []
    for _ in range(SWAPS):
        mixed = pairs.swapped(asked.random.random(len(pairs)) < 0.5)
        swaps.append(asked.sign * (metric.of(mixed, "head")(ones) - metric.of(mixed, "base")(ones)))
    drawn = np.array(swaps)
    p = float(np.count_nonzero(drawn < delta) + 0.5 * np.count_nonzero(drawn == delta) + 0.5) / (SWAPS + 1)
    return permuted(found, p, alpha=asked.alpha, source=FISHER)


def _weights(rows: int, asked: Asked) -> tuple[Iterator[Floats], str, str]:
    groups, block = asked.dependence.groups, asked.dependence.block
    if groups is not None:
        found = resampling.cluster_weights(groups, draws=DRAWS, random=asked.random)
        return found, resampling.CLUSTER, resampling.CLUSTER_SOURCE
    if block is not None:
        found = resampling.block_weights(rows, length=block, draws=DRAWS, random=asked.random)
        return found, resampling.BLOCK, resampling.BLOCK_SOURCE
    found = resampling.poisson_weights(rows, draws=DRAWS, random=asked.random)
    return found, resampling.POISSON, resampling.POISSON_SOURCE
