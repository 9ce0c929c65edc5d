"""The interval of a share by Clopper and Pearson (1934, doi:10.1093/biomet/26.4.404), with the standard library alone.

scipy has the same quantiles; loading it takes longer than comparing a hundred columns.
"""

from math import exp, lgamma, log, log1p

_CLOSE, _TINY = 1e-14, 1e-300
_TERMS = 100_000


def interval(count: int, rows: int, level: float) -> tuple[float, float]:
    """Return between which shares the truth is but for the `level`, where `count` of so many `rows` have something."""
    low = _quantile(count, rows - count + 1, level / 2) if count else 0.0
    high = 1 - _quantile(rows - count, count + 1, level / 2) if count < rows else 1.0
    return low, high


def _quantile(a: float, b: float, share: float) -> float:
    """Return the quantile of the beta distribution, by halving the range."""
    low, high = 0.0, 1.0
    while high - low > 1e-13 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if _beta(a, b, middle) < share else (low, middle)
    return (low + high) / 2


def _beta(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function at 0 < x < 1."""
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
    # The fraction converges fast before the mean; beyond it that of the other side does.
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(a, b, x) / a
    return 1 - front * _fraction(b, a, 1 - x) / b


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
