"""The permutation test: a coin says, row by row or cluster by cluster, which model is the head; signs flip."""

import math

import numpy as np
from numpy.typing import NDArray

from mltool.gates import distributions

SOURCE = "Fisher 1935, section 21; its tail by Lugannani and Rice 1980, doi:10.2307/1426607"
MOST = 100_000
"""With more values the normal tail is as good."""
FEW = 12
"""Of so few values all sums are counted: they lie on a grid that no smooth tail follows."""
ROUNDS = 60

Floats = NDArray[np.float64]


def p_worse(values: Floats) -> float:
    """Return the one-sided p-value of "the mean of `values` (n,) is not below zero", where each sign is a coin's.

    The distribution of all 2ⁿ sums by its saddlepoint: exact to a percent or so far out in the tail, where the normal
    one is not when few values are large. 1 where all are zero.
    """
    spread = float(np.sqrt((values**2).sum()))
    if spread == 0.0:
        return 1.0
    v = values / spread
    total, most = float(v.sum()), float(np.abs(v).sum())
    normal = distributions.normal(total)
    if len(v) > MOST or abs(total) < 0.02:
        return normal
    if abs(total) >= most * (1 - 1e-9):
        point = 0.5 ** np.count_nonzero(v)
        return float(point if total < 0 else 1.0 - point)
    if np.count_nonzero(v) <= FEW:
        return _counted(v[v != 0], total)
    tail = _tail(v, -abs(total))
    return tail if total < 0 else 1.0 - tail


def _counted(v: Floats, total: float) -> float:
    """Return the share of all 2ⁿ sums below `total`, with half of those that are it."""
    sums = np.zeros(1)
    for value in v:
        sums = np.concatenate([sums - value, sums + value])
    same = np.abs(sums - total) < 1e-9
    return float(np.mean((sums < total) & ~same) + np.mean(same) / 2)


def _tail(v: Floats, total: float) -> float:
    """Return the probability of a sum up to `total`, which is below zero."""
    t = _saddlepoint(v, total)
    # log cosh x and sech² x so that neither overflows.
    size = np.abs(t * v)
    cumulant = float((size + np.log1p(np.exp(-2 * size)) - math.log(2)).sum())
    curvature = float((v**2 / np.cosh(np.minimum(size, 300)) ** 2).sum())
    w = -math.sqrt(max(2 * (t * total - cumulant), 1e-300))
    u = t * math.sqrt(curvature)
    density = math.exp(-w * w / 2) / math.sqrt(2 * math.pi)
    return float(min(max(distributions.normal(w) + density * (1 / w - 1 / u), 0.5 ** len(v)), 0.5))


def _saddlepoint(v: Floats, total: float) -> float:
    """Return t below zero at which the tilted mean, the sum of v·tanh(t·v), is `total`."""
    low, high = 2 * total, 0.0
    while float((v * np.tanh(low * v)).sum()) > total:
        low *= 2
    t = total
    for _ in range(ROUNDS):
        bent = np.tanh(t * v)
        beyond = float((v * bent).sum()) - total
        if abs(beyond) < 1e-10 * abs(total):
            break
        low, high = (low, t) if beyond > 0 else (t, high)
        t -= beyond / max(float((v**2 * (1 - bent**2)).sum()), 1e-300)
        t = t if low < t < high else (low + high) / 2
    return t
