"""Metrics with one influence value a row: McNemar, DeLong, t, bootstrap-t, delta method."""

import math

import numpy as np
from numpy.typing import NDArray

from mltool.paired import auc, flips, means, proportions
from mltool.paired.interval import Asked, Interval, agreed, student, tested
from mltool.paired.join import Pairs
from mltool.paired.metrics import Rows

Floats = NDArray[np.float64]

FEW = 200
"""Below so many rows a mean is judged by the bootstrap-t: losses are skewed, and t believes they are not."""
DRAWS = 4_000
FEW_RANKED = 10_000
"""Up to so many rows the difference of two areas is tested exactly too; with more DeLong says the same."""


def interval(metric: Rows, pairs: Pairs, asked: Asked) -> Interval:
    """Return the interval of the difference of `metric`; raises ValueError where it is not defined."""
    delta, moved = differences(metric, pairs, asked.sign)
    if asked.dependence.groups is not None or asked.dependence.block is not None:
        found = means.dependent(delta, moved, asked)
        return means.flipped(found, _turns(metric, pairs, moved - moved.mean() + delta, asked), asked)
    if metric.kind == "right":
        return _mcnemar(moved, asked)
    if metric.kind == "area":
        return _area(metric, pairs, delta, moved, asked)
    found = _mean(metric, delta, moved, asked)
    return means.flipped(found, _turns(metric, pairs, moved - moved.mean() + delta, asked), asked)


def differences(metric: Rows, pairs: Pairs, sign: float) -> tuple[float, Floats]:
    """Return the difference of the metric, and that of the influences of each row, shape (n,).

    Of two roots the difference is that of their squares over their sum. Rows weighed so, both sides by one number, can
    change sides; a root's own influences cannot, and with heavy tails a test of them is too sure.
    """
    (before, base), (after, head) = metric.both(pairs)
    if metric.kind == "root" and before + after > 0:
        base, head = (2 * value / (before + after) * each for value, each in ((before, base), (after, head)))
    return sign * (after - before), sign * (head - base)


def _turns(metric: Rows, pairs: Pairs, around: Floats, asked: Asked) -> Floats:
    return around if metric.turns is None else asked.sign * metric.turns(pairs)


def _area(metric: Rows, pairs: Pairs, delta: float, moved: Floats, asked: Asked) -> Interval:
    error, freedom = auc.difference_error(pairs.truth == 1, moved)
    found = student(delta, error, freedom, alpha=asked.alpha, method="DeLong", source=auc.SOURCE)
    if len(pairs) > FEW_RANKED or not math.isfinite(error):
        return found
    p = flips.p_worse(_turns(metric, pairs, moved, asked))
    name, source = f"{found.method} and permutation", f"{found.source}; {auc.TURNED}; {flips.SOURCE}"
    return tested(found, delta, p_worse=p, alpha=asked.alpha, method=name, source=source)


def _mcnemar(moved: Floats, asked: Asked) -> Interval:
    rows, lost, won = len(moved), int(np.count_nonzero(moved < 0)), int(np.count_nonzero(moved > 0))
    low, high = proportions.bounds(lost, won, rows, alpha=asked.alpha)
    p_worse = proportions.mid_p_worse(lost, won)
    error = math.sqrt(max(lost + won - (won - lost) ** 2 / rows, 0.0)) / rows
    name, source = proportions.MCNEMAR, proportions.SOURCE
    found = Interval(low=low, high=high, error=error, p_worse=p_worse, method=name, source=source)
    # Of three rows that differ, all three for the base, the interval would say what the test does not.
    return agreed(found, p_worse=p_worse, alpha=asked.alpha)


def _mean(metric: Rows, delta: float, moved: Floats, asked: Asked) -> Interval:
    around = moved - moved.mean() + delta  # a smooth function's difference is not quite its influences' mean
    error, freedom = means.error(moved)
    if metric.kind in ("mean", "root", "smooth") and 1 < len(moved) < FEW:
        low, high, p = means.bootstrap_t(around, alpha=asked.alpha, draws=DRAWS, random=asked.random)
        name, source = means.STUDENT, means.STUDENT_SOURCE
        found = Interval(low=low, high=high, error=error, p_worse=p, method=name, source=source)
    else:
        name, source = _METHODS[metric.kind]
        found = student(delta, error, freedom, alpha=asked.alpha, method=name, source=source)
    return found


_METHODS = {
    "mean": (means.MEAN, means.MEAN_SOURCE),
    "ranked": (auc.RANKED, auc.RANKED_SOURCE),
    "root": (means.DELTA, means.DELTA_SOURCE),
    "smooth": (means.DELTA, means.DELTA_SOURCE),
}
