"""Metrics that only their value under new row weights is known of: the Poisson, cluster and block bootstrap."""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mltool.paired import resampling
from mltool.paired.interval import Asked, Interval, student
from mltool.paired.join import Pairs
from mltool.paired.metrics import Weighted

Floats = NDArray[np.float64]

DRAWS = 500


def interval(metric: Weighted, pairs: Pairs, asked: Asked) -> Interval:
    """Return the normal interval with the bootstrap's error; raises ValueError where the metric is not defined."""
    base, head = metric.of(pairs, "base"), metric.of(pairs, "head")
    ones = np.ones(len(pairs))
    weights, method, source = _weights(len(pairs), asked)
    draws = np.array([head(taken) - base(taken) for taken in weights])
    found = draws[np.isfinite(draws)]
    if len(found) < 0.95 * len(draws):
        raise ValueError("too few rows: in some samples the metric is not defined")
    return student(
        asked.sign * (head(ones) - base(ones)),
        float(found.std(ddof=1)),
        math.inf,
        alpha=asked.alpha,
        method=method,
        source=source,
    )


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
