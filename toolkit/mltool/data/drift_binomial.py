"""The interval of a share by Clopper and Pearson (1934, doi:10.1093/biomet/26.4.404), with the standard library alone.

scipy has the same quantiles; loading it takes longer than comparing a hundred columns.
"""

from mltool.gates.distributions import beta


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
        low, high = (middle, high) if beta(a, b, middle) < share else (low, middle)
    return (low + high) / 2
