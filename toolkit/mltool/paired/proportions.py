"""Accuracy and everything else that is right or wrong for each row: McNemar's test, mid-p.

Only rows on which the two models differ say anything about which is better: of those, the share that the head alone
gets right is binomial with 1/2 where they are equally good.
"""

import math

from mltool.gates import distributions
from mltool.paired.interval import quantile

MCNEMAR = "McNemar, mid-p"
SOURCE = "Fagerland, Lydersen and Laake 2013, doi:10.1186/1471-2288-13-91"


def mid_p_worse(lost: int, won: int) -> float:
    """Return the one-sided mid-p value of "the head is no worse": rows that only the base gets right against rows that
    only the head does. 1 where the two never differ.

    Exact enumeration of Binomial(lost + won, 1/2), with half of the observed point: Fagerland et al. 2013, eq. 5.
    """
    differ = lost + won
    if differ == 0:
        return 1.0
    # As many lost or more is as likely as as many won or fewer.
    return (distributions.coin(won - 1, differ) + distributions.coin(won, differ)) / 2


def bounds(lost: int, won: int, rows: int, *, alpha: float) -> tuple[float, float]:
    """Return one-sided bounds at 1 − `alpha` each for (won − lost) / rows.

    Tango's score interval (1998, doi:10.1002/(SICI)1097-0258(19980430)17:8<891::AID-SIM780>3.0.CO;2-B), which keeps its
    level with few differing rows where the Wald interval does not.
    """
    z = -quantile(alpha)
    return _tango(won, lost, rows, z=z, sign=-1), _tango(won, lost, rows, z=z, sign=1)


def _tango(won: int, lost: int, rows: int, *, z: float, sign: int) -> float:
    """Return the root of score(δ) = ∓z by bisection, on the side that `sign` says."""
    observed = (won - lost) / rows
    inner, outer = observed, float(sign)
    for _ in range(60):
        middle = (inner + outer) / 2
        if abs(_score(won, lost, rows, middle)) < z:
            inner = middle
        else:
            outer = middle
    return (inner + outer) / 2


def _score(won: int, lost: int, rows: int, delta: float) -> float:
    """Return Tango's score statistic for a true difference of `delta` = share won − share lost."""
    a = 2.0 * rows
    b = -won - lost + (2.0 * rows - won + lost) * delta
    c = -lost * delta * (1.0 - delta)
    share_lost = (math.sqrt(max(b * b - 4.0 * a * c, 0.0)) - b) / (2.0 * a)
    variance = rows * (2.0 * share_lost + delta * (1.0 - delta))
    top = won - lost - rows * delta
    if variance <= 0.0:
        return math.copysign(math.inf, top) if top else 0.0
    return top / math.sqrt(variance)
