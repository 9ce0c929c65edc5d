"""How many rows may fail: exact bounds, three answers."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mltool.testing.rate import judge, rate, rows_needed
from mltool.testing.undecided import UndecidedError

GRID = [(0, 1), (1, 1), (0, 50), (3, 50), (50, 50), (7, 1000), (999, 1000)]


def rows(failed: int, of: int, **bounds: float) -> None:
    """Judge `of` rows, of which the first `failed` fail."""
    mask = np.arange(of) < failed
    judge(mask, pd.DataFrame({"x": range(of)}), "It", **{"alpha": 0.05, "max_failures": 0.02} | bounds)


@pytest.mark.parametrize(("failed", "of"), GRID)
def test_the_bounds_are_those_of_scipy(failed: int, of: int) -> None:
    ours = rate(failed, of, alpha=0.05)
    exact = stats.binomtest(failed, of).proportion_ci(confidence_level=0.9, method="exact")
    assert (ours.low, ours.high) == pytest.approx((exact.low, exact.high), abs=1e-12)


def test_149_rows_without_a_failure_show_a_rate_below_two_percent_and_148_do_not() -> None:
    rows(0, 149)
    with pytest.raises(UndecidedError, match=r"up to 2\.0"):
        rows(0, 148)
    assert rows_needed(0.0, 0.02, alpha=0.05) == 149


def test_more_failures_than_chance_allows_fail_and_show_the_first_rows() -> None:
    with pytest.raises(AssertionError) as failed:
        rows(60, 500)
    assert not isinstance(failed.value, UndecidedError)
    assert "60 of 500 rows (12.00%), at least 9.68% at 95% confidence, where 2.00% may" in str(failed.value)
    assert "… and 50 more" in str(failed.value)


def test_undecided_says_about_how_many_rows_would_tell_and_they_do() -> None:
    with pytest.raises(UndecidedError, match=r"About ([\d,]+) rows") as undecided:
        rows(1, 100)
    needed = int(str(undecided.value).split("About ")[1].split(" rows")[0].replace(",", ""))
    rows(int(0.01 * needed), needed)


@pytest.mark.parametrize(("failed", "of", "most"), [(6, 2345, 0.005), (1, 100, 0.02), (30, 3000, 0.0125)])
def test_what_these_rows_do_not_show_fewer_would_not_either(failed: int, of: int, most: float) -> None:
    assert rate(failed, of, alpha=0.05).high > most
    needed = rows_needed(failed / of, most, alpha=0.05)
    assert needed is not None
    assert needed > of


def test_no_failures_allowed_is_about_these_rows_alone() -> None:
    rows(0, 3, max_failures=0.0)
    with pytest.raises(AssertionError, match=r"1 of 3 rows"):
        rows(1, 3, max_failures=0.0)


@pytest.mark.parametrize(("of", "bounds"), [(0, {}), (5, {"max_failures": 1.0}), (5, {"max_failures": -0.1})])
def test_what_cannot_be_judged_is_no_pass(of: int, bounds: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"no rows|share of the rows"):
        rows(0, of, **bounds)


def test_a_model_at_the_limit_passes_in_at_most_one_of_twenty() -> None:
    passed = sum(stats.binom.pmf(k, 400, 0.02) for k in range(401) if rate(k, 400, alpha=0.05).high <= 0.02)
    assert 0 < passed <= 0.05
