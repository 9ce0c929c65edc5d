"""How long a prediction takes."""

import time
from collections.abc import Callable

import pandas as pd
from scipy import special

from mltool.gates.model_tests import Claim
from mltool.testing import record
from mltool.testing.predicting import Predict
from mltool.testing.undecided import UndecidedError

MILLI = 1e3


def latency(
    predict: Predict,
    rows: pd.DataFrame,
    *,
    budget_ms: float,
    quantile: float = 0.5,
    calls: int = 100,
    alpha: float = 0.05,
    clock: Callable[[], float] = time.perf_counter,
) -> None:
    """Assert that predicting `rows` takes at most `budget_ms` milliseconds in the share `quantile` of calls.

    Passes where the upper bound of that quantile, at confidence 1 − `alpha`, is within the budget: an order statistic,
    whatever the times are distributed like (Conover 1999, Practical Nonparametric Statistics, section 3.2). Raises
    AssertionError where the lower bound is beyond it, UndecidedError between, ValueError for too few `calls`.
    """
    __tracebackhide__ = True
    low, high = ranks(calls, quantile, alpha=alpha)
    predict(rows)  # the first call warms up
    taken = []
    for _ in range(calls):
        start = clock()
        predict(rows)
        taken.append((clock() - start) * MILLI)
    taken.sort()
    at_least, at_most = taken[low], taken[high]
    said = (
        f"The {quantile:.0%} quantile of {calls} calls with {len(rows):,} rows takes {at_least:.2f} to "
        f"{at_most:.2f} ms, where {budget_ms:g} ms may be."
    )
    record.claimed(
        Claim(
            statement=f"The {quantile:.0%} quantile of the time to predict {len(rows):,} rows",
            answer="fail" if at_least > budget_ms else "undecided" if at_most > budget_ms else "pass",
            unit="ms",
            measured=taken[min(int(quantile * calls), calls - 1)],
            low=at_least,
            high=at_most,
            allowed=budget_ms,
        )
    )
    if at_least > budget_ms:
        raise AssertionError(said)
    if at_most > budget_ms:
        raise UndecidedError(f"undecided: {said}")


def ranks(calls: int, quantile: float, *, alpha: float) -> tuple[int, int]:
    """Return the places, from 0, of the sorted times that bound the quantile, each at confidence 1 − `alpha`.

    Raises ValueError where so few calls have no bound.
    """
    below = [float(special.bdtr(count, calls, quantile)) for count in range(calls)]
    # The time at place r is at least the quantile with probability P(at most r times lie below it).
    high = next((place for place, share in enumerate(below) if share >= 1 - alpha), calls)
    low = next((place for place in range(calls - 1, -1, -1) if below[place] <= alpha), -1)
    if high >= calls or low < 0:
        raise ValueError(f"{calls} calls say nothing sure about the {quantile:.0%} quantile: take more")
    return low, high
