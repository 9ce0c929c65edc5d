"""The normal, Student's, the binomial and the beta distribution, with the standard library alone.

scipy has them too; loading it takes longer than to judge a report's gates.
"""

import math
from math import exp, lgamma, log, log1p
from statistics import NormalDist
from typing import Final

_CLOSE, _TINY = 1e-14, 1e-300
_TERMS: Final = 100_000
_MANY: Final = 1_000
"""From so many degrees of freedom Hill's expansion is as exact as the fraction, and its cost does not grow."""
_STEPS: Final = 500


def normal(z: float) -> float:
    """Return the probability of a standard normal value up to `z`, exact far out in the lower tail too."""
    return 0.5 * math.erfc(-z / math.sqrt(2))


def normal_quantile(share: float) -> float:
    """Return the value below which `share` of the standard normal distribution lies."""
    if not 0.0 < share < 1.0:
        return math.inf if share >= 1.0 else -math.inf
    return NormalDist().inv_cdf(share)


def student(t: float, freedom: float) -> float:
    """Return the probability of a value up to `t` under Student's distribution; infinite freedom is the normal one."""
    if not math.isfinite(freedom) or not math.isfinite(t):
        return normal(t)
    if freedom >= _MANY:
        return normal(math.copysign(_as_normal(t, freedom), t))
    if t * t < 3.0:
        return 0.5 + math.copysign(beta(0.5, freedom / 2, t * t / (freedom + t * t)) / 2, t)
    tail = beta(freedom / 2, 0.5, freedom / (freedom + t * t)) / 2
    return tail if t < 0 else 1.0 - tail


def student_quantile(share: float, freedom: float) -> float:
    """Return the value below which `share` of Student's distribution lies; infinite freedom is the normal one."""
    if not math.isfinite(freedom) or not 0.0 < share < 1.0:
        return normal_quantile(share)
    if share > 0.5:
        return -student_quantile(1.0 - share, freedom)
    # Left of 0 the distribution is convex, and the normal's quantile lies right of Student's: Newton never oversteps.
    t = normal_quantile(share)
    for _ in range(_STEPS):
        step = (student(t, freedom) - share) / _density(t, freedom)
        t -= step
        if abs(step) <= 1e-14 * abs(t):
            break
    return t


def coin(most: int, tosses: int) -> float:
    """Return the probability of at most `most` heads in so many `tosses` of a fair coin."""
    if most < 0:
        return 0.0
    return beta(tosses - most, most + 1, 0.5) if most < tosses else 1.0


def beta(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function at `x`."""
    if not 0.0 < x < 1.0:
        return 0.0 if x <= 0.0 else 1.0
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
    # The fraction converges fast before the mean; beyond it that of the other side does.
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(a, b, x) / a
    return 1 - front * _fraction(b, a, 1 - x) / b


def _as_normal(t: float, freedom: float) -> float:
    """Return how far out a normal value lies that is as rare as `t`: Hill 1970, doi:10.1145/355598.355599."""
    a = freedom - 0.5
    b, y = 48 * a * a, a * log1p(t * t / freedom)
    return (((((-0.4 * y - 3.3) * y - 24) * y - 85.5) / (0.8 * y * y + 100 + b) + y + 3) / b + 1) * math.sqrt(y)


def _density(t: float, freedom: float) -> float:
    half = freedom / 2
    ratio = exp(lgamma(half + 0.5) - lgamma(half)) if freedom < _MANY else math.sqrt(half) * (1 - 1 / (8 * half))
    front = ratio / math.sqrt(freedom * math.pi)
    return front * exp(-(freedom + 1) / 2 * log1p(t * t / freedom))


def _fraction(a: float, b: float, x: float) -> float:
    """Return the continued fraction 8.17.22 of the DLMF, by Lentz's method."""
    c, d = 1.0, 1 / _kept(1 - (a + b) * x / (a + 1))
    found = d
    for m in range(1, _TERMS):
        for part in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _kept(1 + part * d)
            c = _kept(1 + part / c)
            found *= c * d
        if abs(c * d - 1) < _CLOSE:
            break
    return found


def _kept(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
