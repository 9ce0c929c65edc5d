"""Means and smooth functions of means beside scipy and statsmodels; permutation; clusters; blocks."""

import itertools
import warnings

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from mltool.paired import compare, flips, means, metrics
from mltool.paired.compare import Difference, Refused
from mltool.paired.interval import Asked, Dependence, Interval
from mltool.paired.interval import tested as ends_of
from mltool.paired.join import Pairs
from support.paired import amounts, asked, binary


def measured(pairs: Pairs, key: str, question: Asked) -> Difference:
    found = compare.measure(next(metrics.candidates(key, pairs)), pairs, question, name=key)
    assert not isinstance(found, Refused)
    return found


def test_a_mean_loss_is_judged_by_the_paired_t_test_of_scipy() -> None:
    pairs = amounts(np.random.default_rng(0), 500, loss=0.5)
    lost = np.abs(pairs.head - pairs.truth) - np.abs(pairs.base - pairs.truth)
    theirs = stats.ttest_1samp(-lost, 0.0, alternative="less")

    found = measured(pairs, "mae", asked(sign=-1.0))

    assert found.delta == pytest.approx(-lost.mean())
    assert found.error == pytest.approx(stats.sem(lost))
    assert found.high == pytest.approx(theirs.confidence_interval(0.95).high)
    assert found.p_worse == pytest.approx(theirs.pvalue, rel=0.1)  # or what the permutation says, where that is more


def test_the_permutation_p_value_counts_all_flips() -> None:
    random = np.random.default_rng(1)
    for power in (1, 3):
        values = np.sign(random.normal(size=14)) * np.abs(random.normal(size=14)) ** power - 0.3
        sums = np.array([np.dot(signs, values) for signs in itertools.product((-1, 1), repeat=14)])
        exact = np.mean(sums < values.sum() - 1e-12) + np.mean(np.isclose(sums, values.sum())) / 2

        assert flips.p_worse(values) == pytest.approx(exact, abs=0.01)


def test_the_permutation_p_value_mirrors_and_has_its_ends() -> None:
    values = np.random.default_rng(2).normal(size=50) ** 3

    assert flips.p_worse(values) + flips.p_worse(-values) == pytest.approx(1.0)
    assert flips.p_worse(np.full(3, -1.0)) == 0.125
    assert flips.p_worse(np.zeros(9)) == 1.0


def test_in_the_tail_the_permutation_is_that_of_scipy() -> None:
    values = np.random.default_rng(4).standard_t(3, size=80) - 0.25
    theirs = stats.permutation_test(
        (values,), np.mean, permutation_type="samples", n_resamples=20_000, alternative="less", rng=0, vectorized=True
    )

    assert flips.p_worse(values) == pytest.approx(theirs.pvalue, rel=0.25)


@pytest.mark.parametrize("key", ["rmse", "r2", "mse", "mape"])
def test_the_error_is_that_of_the_row_bootstrap(key: str) -> None:
    random = np.random.default_rng(5)
    pairs = amounts(random, 400, loss=0.5)
    metric = next(metrics.candidates(key, pairs))
    drawn = [np.subtract(*compare.values(metric, pairs.at(random.integers(400, size=400)))[::-1]) for _ in range(2000)]

    found = measured(pairs, key, asked())

    assert found.error == pytest.approx(np.std(drawn), rel=0.1)


def test_the_cluster_error_is_that_of_statsmodels() -> None:
    random = np.random.default_rng(6)
    groups = random.integers(40, size=600)
    values = random.normal(size=40)[groups] + random.normal(size=600)
    theirs = sm.OLS(values, np.ones(600)).fit(cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False})

    error, freedom = means.cluster_error(values, groups)

    assert error == pytest.approx(theirs.bse[0] * np.sqrt(40 / 39))
    assert freedom == 39


def test_rows_of_one_cluster_do_not_count_as_many() -> None:
    worse = naive = 0
    random = np.random.default_rng(7)
    for _ in range(200):
        groups = np.repeat(np.arange(30), 10)
        truth = np.zeros(300)
        moved = random.normal(size=30)[groups] * (random.random(30) < 2)[groups]
        pairs = Pairs(classes=(), truth=truth, base=np.full(300, 5.0), head=5.0 + moved)
        worse += measured(pairs, "mae", asked(sign=-1.0, dependence=Dependence(groups=groups))).high < 0
        naive += measured(pairs, "mae", asked(sign=-1.0)).high < 0

    assert worse <= 200 * 0.05 + 3 * np.sqrt(200 * 0.05 * 0.95)
    assert naive > 200 * 0.2


def test_neighbours_in_time_do_not_count_as_many() -> None:
    worse = naive = 0
    random = np.random.default_rng(8)
    for _ in range(300):
        noise = random.normal(size=1200)
        moved = np.convolve(noise, np.full(8, 1.0), mode="valid")[:1000]
        pairs = Pairs(classes=(), truth=np.zeros(1000), base=np.full(1000, 50.0), head=50.0 + moved)
        worse += measured(pairs, "mae", asked(sign=-1.0, dependence=Dependence(block=30))).high < 0
        naive += measured(pairs, "mae", asked(sign=-1.0)).high < 0

    # Blocks of 30 see most, not all, of what neighbours share: Künsch's interval is a little short.
    assert worse <= 300 * 0.09
    assert naive > 300 * 0.2


def test_one_cluster_or_one_row_says_nothing() -> None:
    pairs = amounts(np.random.default_rng(9), 20)
    one = measured(pairs, "mae", asked(dependence=Dependence(groups=np.zeros(20, np.intp))))
    row = measured(pairs.at(np.array([3])), "mae", asked())

    for found in (one, row):
        assert (found.low, found.high, found.p_worse) == (-np.inf, np.inf, 1.0)


def test_equal_regressions_are_called_worse_no_more_often_than_alpha_where_losses_are_skewed() -> None:
    random = np.random.default_rng(10)
    worse = 0
    for _ in range(200):
        pairs = amounts(random, 60)
        coin = random.random(60) < 0.5
        base, head = np.where(coin, pairs.head, pairs.base), np.where(coin, pairs.base, pairs.head)
        pairs = Pairs(classes=(), truth=pairs.truth, base=base, head=head)
        worse += measured(pairs, "rmse", asked(sign=-1.0)).high < 0

    assert worse <= 200 * 0.05 + 3 * np.sqrt(200 * 0.05 * 0.95)


def test_the_same_seed_gives_the_same_answer_and_no_warning() -> None:
    pairs = {"mae": amounts(np.random.default_rng(1), 50), "f1": binary(np.random.default_rng(1), 50)}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for key, both in pairs.items():
            assert measured(both, key, asked(3)) == measured(both, key, asked(3))


def test_an_improvement_needs_both_tests_as_a_drop_does() -> None:
    random = np.random.default_rng(11)
    worse = better = 0
    for _ in range(300):
        groups = np.repeat(np.arange(8), 5)
        moved = random.standard_t(2, size=8)[groups]
        pairs = Pairs(classes=(), truth=np.zeros(40), base=np.full(40, 500.0), head=500.0 + moved)
        found = measured(pairs, "mae", asked(sign=-1.0, dependence=Dependence(groups=groups)))
        worse, better = worse + (found.high < 0), better + (found.low > 0)

    assert max(worse, better) <= 300 * 0.05 + 3 * np.sqrt(300 * 0.05 * 0.95)
    assert min(worse, better) > 0


def test_squared_errors_of_r2_turn_exactly() -> None:
    random = np.random.default_rng(12)
    pairs = amounts(random, 80, loss=1.0)
    metric = next(metrics.candidates("r2", pairs))
    assert isinstance(metric, metrics.Rows)
    assert metric.turns is not None
    coin = random.random(80) < 0.5
    mixed = Pairs(
        classes=(),
        truth=pairs.truth,
        base=np.where(coin, pairs.head, pairs.base),
        head=np.where(coin, pairs.base, pairs.head),
    )
    before, after = compare.values(metric, mixed)

    values = metric.turns(pairs)

    assert np.where(coin, -values, values).mean() == pytest.approx(after - before, abs=1e-12)


def test_the_ends_of_a_tested_interval_say_what_the_test_says() -> None:
    wide = Interval(low=-3.0, high=1.0, error=1.0, p_worse=0.2, method="", source="")

    def ends(delta: float, p: float) -> tuple[float, float]:
        found = ends_of(wide, delta, p_worse=p, alpha=0.05, method="m", source="s")
        return found.low, found.high

    assert ends(-1.0, 0.2) == (-3.0, 1.0)
    assert ends(-1.0, 0.05) == (-3.0, pytest.approx(0.0, abs=1e-12))
    # Miettinen's ends are delta · (1 ± z_α / z_p).
    assert ends(-1.0, 0.01) == (-3.0, pytest.approx(-1 + stats.norm.ppf(0.95) / stats.norm.ppf(0.99)))
    assert ends(1.0, 0.99) == (pytest.approx(1 - stats.norm.ppf(0.95) / stats.norm.ppf(0.99)), 1.0)
