"""McNemar's mid-p test and Tango's interval, beside published tables, scipy and statsmodels."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

from mltool.paired import proportions


@pytest.mark.parametrize(
    ("lost", "won", "two_sided"),
    [
        # Fagerland, Lydersen and Laake 2013, BMC Medical Research Methodology 13:91: airway hyper-responsiveness before
        # and after stem cell transplantation (Bentur 2009), response to consolidation therapy (Cavo 2012).
        (1, 7, 0.039),
        (6, 16, 0.035),
    ],
)
def test_mid_p_is_that_of_published_tables(lost: int, won: int, two_sided: float) -> None:
    worse, better = proportions.mid_p_worse(lost, won), proportions.mid_p_worse(won, lost)

    assert 2 * min(worse, better) == pytest.approx(two_sided, abs=5e-4)
    assert worse + better == pytest.approx(1.0)


def test_the_interval_is_that_of_a_published_table() -> None:
    # Tango's interval for Bentur 2009 (1, 7 of 21), Fagerland, Lydersen and Laake 2014, doi:10.1002/sim.6148.
    low, high = proportions.bounds(7, 1, 21, alpha=0.025)

    assert (low, high) == pytest.approx((-0.517, -0.026), abs=5e-4)


def test_mid_p_lies_half_of_the_observed_point_below_the_exact_tests_of_scipy_and_statsmodels() -> None:
    for lost in range(12):
        for won in range(12):
            if lost + won:
                exact = stats.binomtest(lost, lost + won, 0.5, alternative="greater").pvalue
                half = stats.binom.pmf(lost, lost + won, 0.5) / 2
                assert proportions.mid_p_worse(lost, won) == pytest.approx(exact - half)
            if lost > won:
                both = mcnemar([[5, lost], [won, 5]], exact=True).pvalue
                assert both == pytest.approx(min(1.0, 2 * exact))


def test_models_that_never_differ_are_no_evidence() -> None:
    assert proportions.mid_p_worse(0, 0) == 1.0


def test_the_interval_mirrors_when_the_models_change_places() -> None:
    for lost, won in ((0, 0), (3, 0), (0, 7), (12, 5), (50, 50)):
        low, high = proportions.bounds(lost, won, 100, alpha=0.05)

        assert (-high, -low) == pytest.approx(proportions.bounds(won, lost, 100, alpha=0.05))
        assert low <= (won - lost) / 100 <= high
        assert low >= -1
        assert high <= 1


def test_with_many_rows_the_interval_is_the_normal_one() -> None:
    lost, won, rows = 5_300, 5_000, 100_000
    error = np.sqrt(lost + won - (won - lost) ** 2 / rows) / rows
    reach = stats.norm.isf(0.05) * error

    low, high = proportions.bounds(lost, won, rows, alpha=0.05)

    assert (low, high) == pytest.approx((-0.003 - reach, -0.003 + reach), abs=2e-6)


def test_the_upper_bound_is_below_the_truth_no_more_often_than_alpha() -> None:
    # Every outcome of 40 rows of which the models differ on some, with its probability: no simulation.
    rows, true_lost, true_won = 40, 0.15, 0.1
    missed = 0.0
    for lost in range(rows + 1):
        for won in range(rows + 1 - lost):
            _, high = proportions.bounds(lost, won, rows, alpha=0.05)
            if high < true_won - true_lost:
                missed += stats.multinomial.pmf([lost, won, rows - lost - won], rows, [true_lost, true_won, 0.75])

    assert 0.03 <= missed <= 0.06
