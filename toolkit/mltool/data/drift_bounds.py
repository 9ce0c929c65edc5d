"""How far two samples are apart, with bounds that hold at a level: each effect is a share or a correlation.

`level` is the chance that a bound is wrong, on either side, that the caller allows to one effect.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import atanh, erfc, exp, log, sqrt, tanh
from statistics import NormalDist

import numpy as np

from mltool.data import drift_binomial, profile_order
from mltool.data.profile import Numbers, Pair, Words
from mltool.data.profile_order import Floats

COARSE = 0.01
"""Categories below this share count as one, in the coarser of the two looks at them."""
_NORMAL = NormalDist()


@dataclass(frozen=True, kw_only=True)
class Bounded:
    """An estimate, and what the truth is within but for the level."""

    value: float
    low: float
    high: float


def shape(before: Numbers, after: Sequence[Floats], level: float) -> Bounded:
    """Return the Kolmogorov–Smirnov distance of numbers, which come in parts of shape (n,), from a profile.

    It is taken at the profile's quantiles, on both sides of each, so it is never too large, and too small by 1/1024 at
    most.
    """
    count = sum(map(len, after))
    upto, equal = np.asarray(before.upto), np.asarray(before.equal)
    values = np.asarray(before.values)
    new_upto, new_below = profile_order.counts(after, values)
    right = np.abs(new_upto / count - upto / before.count)
    left = np.abs(new_below / count - (upto - equal) / before.count)
    distance = float(max(right.max(), left.max()))
    width = _width(level) * sqrt(1 / count + 1 / before.count)
    # Between two of the quantiles the profile's share is not known; at each of them it is, however many rows it has.
    before_each, after_each = np.append(upto - equal, before.count), np.append(0, upto)
    between = float((before_each - after_each).max()) / before.count
    return Bounded(value=distance, low=max(0.0, distance - width), high=min(1.0, distance + width + between))


def _width(level: float) -> float:
    """Return the λ that λ·√(1/n + 1/m) bounds the error of the distance with.

    At the edge, where F − G is +margin over one half of the range and −margin over the other, the supremum of a
    Brownian bridge over its half passes λ with chance ½·exp(−2λ²) + Φ(−2λ). No difference that changes its sign at most
    once has a larger chance; the bound of Dvoretzky, Kiefer and Wolfowitz, 2·exp(−2λ²) (doi:10.1214/aop/1176990746),
    is for any number of changes.
    """
    low, high = 0.0, 10.0
    for _ in range(60):
        middle = (low + high) / 2
        chance = exp(-2 * middle**2) + erfc(sqrt(2) * middle)
        low, high = (middle, high) if chance > level else (low, middle)
    return high


def categories(before: Words, after: Mapping[str, int], level: float) -> Bounded:
    """Return the total variation between two counts of categories.

    Counts of two samples of one distribution differ, the more the more categories there are: that expected part is
    taken off before McDiarmid's inequality is applied. It is small where rare categories are taken together, so two
    looks share the level.
    """
    listed = before.listed
    counted = sum(after.values())
    old = np.array([*listed.values(), before.count - sum(listed.values())], float)
    known = [after.get(word, 0) for word in listed]
    new = np.array([*known, counted - sum(known)], float)
    sizes = 1 / counted + 1 / before.count
    width = sqrt(log(2 / level) * sizes / 2)
    rare = old < COARSE * before.count
    looks = [(old, new), (np.append(old[~rare], old[rare].sum()), np.append(new[~rare], new[rare].sum()))]
    lows = []
    for first, second in looks:
        pooled = (first + second) / (before.count + counted)
        expected = 0.5 * float(np.sqrt(pooled * (1 - pooled) * sizes).sum())
        lows.append(_variation(first, second) - expected - width)
    value = _variation(old, new)
    return Bounded(value=value, low=max(0.0, *lows), high=min(1.0, value + width))


def _variation(old: Floats, new: Floats) -> float:
    return 0.5 * float(np.abs(old / old.sum() - new / new.sum()).sum())


def unseen(before: Words, after: Mapping[str, int], level: float) -> Bounded:
    """Return the share of rows with a category that the profile does not list, beyond what it had to expect.

    What a sample has not shown has about the share that its categories of one row have (Good 1953,
    doi:10.1093/biomet/40.3-4.237); an upper bound of that is expected, and the rest of a list that was cut. That no row
    has such a category needs no bound.
    """
    counted = sum(after.values())
    new = counted - sum(after.get(word, 0) for word in before.listed)
    if not new:
        return Bounded(value=0.0, low=0.0, high=0.0)
    rest = before.count - sum(before.listed.values())
    z = -_NORMAL.inv_cdf(level / 2)
    most = before.once + z * z / 2 + z * sqrt(before.once + 2 * before.twice + z * z / 4)
    expected = (rest + most) / before.count
    least = (rest + before.once) / before.count
    low, high = drift_binomial.interval(new, counted, level)
    return Bounded(
        value=max(0.0, new / counted - least), low=max(0.0, low - expected), high=max(0.0, high - rest / before.count)
    )


def nulls(before: tuple[int, int], after: tuple[int, int], level: float) -> Bounded:
    """Return how far two shares, each (count, rows), are apart: Newcombe's interval (1998, method 10).

    That neither table has a missing value needs no bound.
    """
    if not before[0] and not after[0]:
        return Bounded(value=0.0, low=0.0, high=0.0)
    first, second = before[0] / before[1], after[0] / after[1]
    sides = _wilson(*before, level), _wilson(*after, level)
    if second < first:
        first, second, sides = second, first, sides[::-1]
    (low_1, high_1), (low_2, high_2) = sides
    apart = second - first
    return Bounded(
        value=apart,
        low=max(0.0, apart - sqrt((second - low_2) ** 2 + (high_1 - first) ** 2)),
        high=apart + sqrt((high_2 - second) ** 2 + (first - low_1) ** 2),
    )


def _wilson(count: int, rows: int, level: float) -> tuple[float, float]:
    z = -_NORMAL.inv_cdf(level / 2)
    share, part = count / rows, z * z / rows
    middle = (share + part / 2) / (1 + part)
    half = z / (1 + part) * sqrt(share * (1 - share) / rows + part / rows / 4)
    # Rounding must not take the estimate out of its interval.
    return min(middle - half, share), max(middle + half, share)


def correlation(before: Pair, after: Pair, level: float) -> Bounded:
    """Return how far two rank correlations are apart, from the interval of each.

    Fisher's transformation with Bonett and Wright's variance (2000, doi:10.1007/BF02294183), put together as Zou does
    (2007, doi:10.1037/1082-989X.12.4.399).
    """
    first, second = sorted((before, after), key=lambda pair: pair.rho)
    (low_1, high_1), (low_2, high_2) = _fisher(first, level), _fisher(second, level)
    apart = second.rho - first.rho
    return Bounded(
        value=apart,
        low=max(0.0, apart - sqrt((second.rho - low_2) ** 2 + (high_1 - first.rho) ** 2)),
        high=apart + sqrt((high_2 - second.rho) ** 2 + (first.rho - low_1) ** 2),
    )


def _fisher(pair: Pair, level: float) -> tuple[float, float]:
    z = -_NORMAL.inv_cdf(level / 2)
    half = z * sqrt((1 + pair.rho**2 / 2) / (pair.rows - 3))
    middle = atanh(min(max(pair.rho, -1 + 1e-12), 1 - 1e-12))
    return tanh(middle - half), tanh(middle + half)
