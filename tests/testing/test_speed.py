"""Latency: the bound of a quantile, with a clock that the test holds."""

from collections.abc import Callable, Iterable
from itertools import accumulate, chain

import numpy as np
import pandas as pd
import pytest

from mltool.testing import check
from mltool.testing.speed import ranks
from mltool.testing.undecided import UndecidedError

ROWS = pd.DataFrame({"x": [1]})


def clock(milliseconds: Iterable[float]) -> Callable[[], float]:
    """Return a clock that lets each call take so long."""
    ticks = accumulate(chain.from_iterable((0.001, each / 1000) for each in milliseconds))
    return lambda: next(ticks)


def timed(milliseconds: list[float], budget: float, quantile: float = 0.5) -> None:
    check.latency(
        lambda rows: rows, ROWS, budget_ms=budget, quantile=quantile,
        calls=len(milliseconds), clock=clock(milliseconds),
    )  # fmt: skip


def test_the_quantile_is_within_the_budget_beyond_it_or_undecided() -> None:
    steps = [float(number) for number in range(1, 101)]
    timed(steps, 70)
    with pytest.raises(UndecidedError, match=r"50% quantile of 100 calls"):
        timed(steps, 50)
    with pytest.raises(AssertionError, match="where 20 ms may be") as failed:
        timed(steps, 20)
    assert not isinstance(failed.value, UndecidedError)


def test_a_high_quantile_needs_enough_calls() -> None:
    with pytest.raises(ValueError, match="20 calls say nothing sure about the 99%"):
        timed([1.0] * 20, 5, quantile=0.99)
    timed([1.0] * 300, 5, quantile=0.99)


@pytest.mark.parametrize("quantile", [0.5, 0.9])
def test_the_bounds_hold_as_often_as_they_say(quantile: float) -> None:
    low, high = ranks(60, quantile, alpha=0.05)
    times = np.sort(np.random.default_rng(1).random((4000, 60)), axis=1)
    assert np.mean(times[:, high] < quantile) <= 0.06
    assert np.mean(times[:, low] > quantile) <= 0.06
