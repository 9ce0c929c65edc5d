"""Means of one number a row: paired, so that what both models find hard cancels out."""

import math

import numpy as np
from numpy.typing import NDArray

from mltool.paired import flips
from mltool.paired.interval import Asked, Interval, permuted, student

Floats = NDArray[np.float64]

MEAN = "paired t interval"
MEAN_SOURCE = "Miller 2024, arXiv:2411.00640"
STUDENT = "paired bootstrap-t"
STUDENT_SOURCE = "Efron and Tibshirani 1993, An Introduction to the Bootstrap, section 12.5"
DELTA = "delta method on paired moments"
DELTA_SOURCE = "van der Vaart 1998, Asymptotic Statistics, chapter 3"
CLUSTER = "cluster-robust t interval"
CLUSTER_SOURCE = "Cameron and Miller 2015, doi:10.3368/jhr.50.2.317"
BLOCK = "moving-block t interval"
BLOCK_SOURCE = "Künsch 1989, doi:10.1214/aos/1176347265"


def error(values: Floats) -> tuple[float, float]:
    """Return the standard error of the mean of independent values, shape (n,), and its degrees of freedom."""
    rows = len(values)
    return (float(np.std(values, ddof=1)) / math.sqrt(rows), rows - 1) if rows > 1 else (math.inf, 0)


def cluster_error(values: Floats, groups: NDArray[np.intp]) -> tuple[float, float]:
    """Return the same for rows of which those of one group may depend on each other: the error of group sums.

    Groups are codes from 0; a code without rows is no group.
    """
    sums = np.bincount(groups, weights=values - values.mean())[np.bincount(groups) > 0]
    count = len(sums)
    if count < 2:
        return math.inf, 0
    return math.sqrt(count / (count - 1) * float((sums**2).sum())) / len(values), count - 1


def block_error(values: Floats, length: int) -> tuple[float, float]:
    """Return the same for rows in order of time, of which neighbours up to `length` may depend on each other.

    The variance that drawing overlapping blocks would give, in closed form (Künsch 1989, eq. 2.11).
    """
    rows = len(values)
    if not 1 <= length <= rows // 2:
        return math.inf, 0
    sums = np.cumsum(np.concatenate([[0.0], values - values.mean()]))
    blocks = (sums[length:] - sums[:-length]) / math.sqrt(length)
    return math.sqrt(float((blocks**2).mean()) / rows), rows // length - 1


def dependent(delta: float, moved: Floats, asked: Asked) -> Interval:
    """Return the interval of `delta` from the influences of rows, shape (n,), that hang together as `asked` says."""
    groups, block = asked.dependence.groups, asked.dependence.block
    if groups is None:
        error, freedom = block_error(moved, block or 1)
        return student(delta, error, freedom, alpha=asked.alpha, method=BLOCK, source=BLOCK_SOURCE)
    error, freedom = cluster_error(moved, groups)
    return student(delta, error, freedom, alpha=asked.alpha, method=CLUSTER, source=CLUSTER_SOURCE)


def flipped(found: Interval, values: Floats, asked: Asked) -> Interval:
    """Return the interval where the permutation test of `values`, of rows or of clusters in `asked`, agrees with it:
    with heavy tails or few clusters an interval is too sure, the more so the smaller α is.
    """
    if asked.dependence.block is not None:
        return found
    if asked.dependence.groups is not None:
        values = np.bincount(asked.dependence.groups, weights=values).astype(np.float64)
    if len(values) > flips.MOST or not math.isfinite(found.error):
        return found
    return permuted(found, flips.p_worse(values), alpha=asked.alpha, source=flips.SOURCE)


def bootstrap_t(values: Floats, *, alpha: float, draws: int, random: np.random.Generator) -> tuple[float, float, float]:
    """Return one-sided bounds of the mean that follow its skewness, and the p-value of "it is not below zero".

    Efron and Tibshirani 1993, section 12.5: resampled means in units of their own error.
    """
    rows = len(values)
    mean, spread = float(values.mean()), float(np.std(values, ddof=1)) / math.sqrt(rows)
    if spread == 0.0:
        return mean, mean, 0.0 if mean < 0 else 1.0
    taken = values[random.integers(rows, size=(draws, rows))]
    errors = taken.std(axis=1, ddof=1) / math.sqrt(rows)
    kept = errors > 0
    t = (taken.mean(axis=1)[kept] - mean) / errors[kept]
    low, high = np.quantile(t, [alpha, 1 - alpha])
    p = (np.count_nonzero(t <= mean / spread) + 1) / (len(t) + 1)
    return mean - float(high) * spread, mean - float(low) * spread, float(p)
