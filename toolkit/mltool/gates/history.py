"""How far a metric usually moves from commit to commit: what counts where there are no predictions to compare."""

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import NormalDist, mean, stdev

from mltool.gates.difference import Difference
from mltool.gates.distributions import student, student_quantile

METHOD = "t prediction interval of past moves"
SOURCE = "Hahn and Meeker 1991, Statistical Intervals, section 4.8"
FEWEST = 8
"""With fewer past moves the interval says little but how few they are."""
POWER = 0.8


def difference(
    metric: str, past: Sequence[float], *, base: float, head: float, higher: bool, alpha: float
) -> Difference | str:
    """Return the move from base to head with the interval that past moves give it, or why there is none.

    A commit at which the metric stayed to the last digit did not measure anew, so it is no move.
    """
    moves = [after - before for before, after in pairwise(past) if after != before]
    if len(moves) < FEWEST:
        known = f"{len(moves)} times" if len(moves) != 1 else "once"
        return f"the metric moved only {known} on the target branch, and {FEWEST} moves are needed"
    error = stdev(moves, mean(moves)) * math.sqrt(1 + 1 / len(moves))
    freedom = len(moves) - 1
    reach = student_quantile(1 - alpha, freedom) * error
    delta = head - base if higher else base - head
    return Difference(
        metric=metric,
        base=base,
        head=head,
        delta=delta,
        low=delta - reach,
        high=delta + reach,
        error=error,
        p_worse=student(delta / error, freedom) if error else None,
        rows=len(moves),
        method=METHOD,
        source=SOURCE,
        smallest_drop=reach + NormalDist().inv_cdf(POWER) * error,
    )
