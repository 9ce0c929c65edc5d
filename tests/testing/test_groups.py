"""Calibration and fairness: intervals that hold what they say."""

import numpy as np
import pytest

from mltool.testing import check
from mltool.testing.calibration import bounds
from mltool.testing.fairness import difference
from mltool.testing.undecided import UndecidedError

CHANCE = np.random.default_rng(11)


def test_newcombe_gives_the_published_intervals() -> None:
    # Newcombe 1998, table II, method 10, at 95 % two-sided.
    published = {
        ((56, 70), (48, 80)): (0.0524, 0.3339),
        ((9, 10), (3, 10)): (0.1705, 0.8090),
        ((6, 7), (2, 7)): (0.0582, 0.8062),
        ((5, 56), (0, 29)): (-0.0381, 0.1926),
        ((0, 10), (0, 10)): (-0.2775, 0.2775),
        ((10, 10), (0, 10)): (0.6075, 1.0000),
    }
    for (first, second), known in published.items():
        assert difference(first, second, alpha=0.025) == pytest.approx(known, abs=6e-5)


def test_equal_groups_pass_when_they_are_large_and_are_undecided_when_small() -> None:
    group = ["a", "b"] * 2000
    decision = [0, 0, 1, 1] * 1000
    check.demographic_parity(decision, group, max_gap=0.05)
    with pytest.raises(UndecidedError, match=r"undecided: Demographic parity: a and b are 0\.000 apart"):
        check.demographic_parity(decision[:40], group[:40], max_gap=0.05)


def test_a_gap_that_is_shown_fails_with_the_rates_of_all_groups() -> None:
    group = ["a"] * 500 + ["b"] * 500 + [None] * 500
    decision = [1] * 300 + [0] * 200 + [1] * 150 + [0] * 350 + [1] * 300 + [0] * 200
    with pytest.raises(AssertionError) as failed:
        check.demographic_parity(decision, group, max_gap=0.1)
    assert not isinstance(failed.value, UndecidedError)
    assert "a and b are 0.300 apart" in str(failed.value)
    assert "missing" in str(failed.value)


def test_equalised_odds_sees_what_demographic_parity_does_not() -> None:
    # Both groups get as many positive decisions, group b the wrong ones.
    group = ["a"] * 1000 + ["b"] * 1000
    truth = ([1] * 500 + [0] * 500) * 2
    decision = [1] * 500 + [0] * 500 + [0] * 500 + [1] * 500
    check.demographic_parity(decision, group, max_gap=0.05)
    with pytest.raises(AssertionError, match="apart in their rate of"):
        check.equalised_odds(truth, decision, group, max_gap=0.05)


def test_groups_that_cannot_be_compared_are_said_to_be() -> None:
    with pytest.raises(ValueError, match="1 groups"):
        check.demographic_parity([1, 0], ["a", "a"], max_gap=0.1)
    with pytest.raises(ValueError, match="group b has no row for its rate of true positives"):
        check.equalised_odds([1, 0, 0], [1, 0, 0], ["a", "a", "b"], max_gap=0.1)
    with pytest.raises(ValueError, match="equally many"):
        check.demographic_parity([1, 0, 1], ["a", "b"], max_gap=0.1)


def test_calibrated_scores_pass_and_overconfident_ones_fail_with_the_bins() -> None:
    score = CHANCE.random(20_000)
    truth = CHANCE.random(20_000) < score
    check.calibrated(truth, score, max_error=0.03, positive=True)
    sure = np.clip(0.5 + 2 * (score - 0.5), 0, 1)
    with pytest.raises(AssertionError, match=r"calibration error is 0\.1\d+ [\s\S]*mean score") as failed:
        check.calibrated(truth, sure, max_error=0.05, positive=True)
    assert not isinstance(failed.value, UndecidedError)


def test_few_rows_leave_calibration_undecided_and_fewer_are_refused() -> None:
    score = np.linspace(0, 1, 200)
    truth = (np.arange(200) * 7919 % 200) / 200 < score
    with pytest.raises(UndecidedError, match="200 rows are too few"):
        check.calibrated(truth, score, max_error=0.02, positive=True)
    with pytest.raises(ValueError, match="20 for each"):
        check.calibrated(truth[:50], score[:50], max_error=0.1, positive=True)
    with pytest.raises(ValueError, match="no probability"):
        check.calibrated(truth, score * 2, max_error=0.1, positive=True)


@pytest.mark.parametrize("error", [0.0, 0.03, 0.1])
def test_the_bounds_of_the_calibration_error_hold_as_often_as_they_say(error: float) -> None:
    chance, bins, rows = np.random.default_rng(3), 10, 200
    variance = np.linspace(0.05, 0.25, bins) / rows
    true = error * np.array([1, -1] * 5)
    found = [
        bounds(chance.normal(true, np.sqrt(variance)), variance, np.full(bins, float(rows)), alpha=0.05)
        for _ in range(800)
    ]
    above = np.mean([high < error for _, _, high in found])
    below = np.mean([low > error for low, _, _ in found])
    assert max(above, below) <= 0.075
