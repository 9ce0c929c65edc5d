"""Areas under curves beside scikit-learn, DeLong's published example, and definitions that cost more."""

import itertools

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from mltool.paired import auc, compare, metrics
from mltool.paired.compare import Refused
from mltool.paired.join import Pairs
from support.paired import asked, binary, several, swapped

# DeLong, DeLong and Clarke-Pearson 1988: 49 patients; albumin, total protein, Krebs-Goplerud score, and the outcome, as
# printed in the SAS/STAT user's guide, PROC LOGISTIC, "Comparing Receiver Operating Characteristic Curves".
PATIENTS = """
3.0 5.8 10 0   3.2 6.3  5 1   3.9 6.8  3 1   2.8 4.8  6 0   3.2 5.8  3 1   0.9 4.0  5 0   2.5 5.7  8 0   1.6 5.6  5 1
3.8 5.7  5 1   3.7 6.7  6 1   3.2 5.4  4 1   3.8 6.6  6 1   4.1 6.6  5 1   3.6 5.7  5 1   4.3 7.0  4 1   3.6 6.7  4 0
2.3 4.4  6 1   4.2 7.6  4 0   4.0 6.6  6 0   3.5 5.8  6 1   3.8 6.8  7 1   3.0 4.7  8 0   4.5 7.4  5 1   3.7 7.4  5 1
3.1 6.6  6 1   4.1 8.2  6 1   4.3 7.0  5 1   4.3 6.5  4 1   3.2 5.1  5 1   2.6 4.7  6 1   3.3 6.8  6 0   1.7 4.0  7 0
3.7 6.1  5 1   3.3 6.3  7 1   4.2 7.7  6 1   3.5 6.2  5 1   2.9 5.7  9 0   2.1 4.8  7 1   2.8 6.2  8 0   4.0 7.0  7 1
3.3 5.7  6 1   3.7 6.9  5 1   3.6 6.6  5 1
"""


def patients() -> tuple[np.ndarray, dict[str, np.ndarray]]:
    table = np.array(PATIENTS.split(), dtype=float).reshape(-1, 4)
    return table[:, 3] == 1, {"albumin": table[:, 0], "protein": table[:, 1], "score": 10 - table[:, 2]}


def test_areas_of_the_published_example() -> None:
    truth, tests = patients()

    areas = {name: auc.influence(truth, values)[0] for name, values in tests.items()}

    assert areas == pytest.approx({"albumin": 0.7366, "protein": 0.6478, "score": 0.7258}, abs=5e-5)


@pytest.mark.parametrize(
    ("test", "difference", "error"),
    # The estimates of ROCCONTRAST in the same guide.
    [("albumin", 0.0108, 0.0953), ("protein", -0.0780, 0.1046)],
)
def test_differences_and_errors_of_the_published_example(test: str, difference: float, error: float) -> None:
    truth, tests = patients()
    (base, before), (head, after) = (auc.influence(truth, tests[name]) for name in ("score", test))

    found, _ = auc.difference_error(truth, after - before)

    assert head - base == pytest.approx(difference, abs=5e-5)
    assert found == pytest.approx(error, abs=5e-5)


@pytest.mark.parametrize("ties", [False, True])
def test_areas_are_those_of_scikit_learn(*, ties: bool) -> None:
    for seed in range(20):
        pairs = binary(np.random.default_rng(seed), 15 + 40 * seed, ties=ties)
        truth, scores = pairs.truth == 1, pairs.head_scores[""]

        assert auc.influence(truth, scores)[0] == pytest.approx(roc_auc_score(truth, scores))
        assert auc.average_precision(truth, scores)[0] == pytest.approx(average_precision_score(truth, scores))


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("score", ["roc", "precision"])
def test_an_influence_is_what_a_heavier_row_moves(*, ties: bool, score: str) -> None:
    pairs = binary(np.random.default_rng(3), 60, ties=ties)
    truth, scores = pairs.truth == 1, pairs.head_scores[""]
    ours, theirs = {
        "roc": (auc.influence, roc_auc_score),
        "precision": (auc.average_precision, average_precision_score),
    }[score]
    heavier = 1e-6

    value, found = ours(truth, scores)
    moved = [
        (theirs(truth, scores, sample_weight=np.ones(60) + heavier * (np.arange(60) == row)) - value) / heavier * 60
        for row in range(60)
    ]

    assert found == pytest.approx(moved, abs=1e-3)
    assert found.mean() == pytest.approx(0.0, abs=1e-9)


def test_placements_are_those_of_the_definition() -> None:
    pairs = binary(np.random.default_rng(1), 80, ties=True)
    truth, scores = pairs.truth == 1, pairs.base_scores[""]
    above = scores[truth][:, None] > scores[~truth][None, :]
    wins = above + 0.5 * (scores[truth][:, None] == scores[~truth][None, :])

    area, values = auc.influence(truth, scores)

    assert area == pytest.approx(wins.mean())
    assert values[truth] * truth.mean() == pytest.approx(wins.mean(axis=1) - area)
    assert values[~truth] * (~truth).mean() == pytest.approx(wins.mean(axis=0) - area)


@pytest.mark.parametrize("function", [auc.influence, auc.average_precision])
def test_without_a_positive_there_is_no_area(function: object) -> None:
    with pytest.raises(ValueError, match="one class only"):
        function(np.zeros(5, bool), np.arange(5.0))  # type: ignore[operator]


def test_of_one_positive_nothing_is_sure() -> None:
    truth = np.arange(30) == 7
    error, freedom = auc.difference_error(truth, np.random.default_rng(0).normal(size=30))

    assert error == np.inf
    assert freedom == 0


def test_equal_models_are_called_worse_no_more_often_than_alpha_with_few_positives() -> None:
    random = np.random.default_rng(5)
    worse = 0
    for _ in range(300):
        pairs = binary(random, 60)
        pairs = swapped(pairs, random.random(60) < 0.5)
        found = measured(pairs, "roc_auc")
        worse += found.high < 0

    assert worse <= 300 * 0.05 + 3 * np.sqrt(300 * 0.05 * 0.95)


def measured(pairs: Pairs, key: str) -> compare.Difference:
    found = compare.measure(next(metrics.candidates(key, pairs)), pairs, asked(), name=key)
    assert not isinstance(found, Refused)
    return found


@pytest.mark.parametrize("ties", [False, True])
def test_rows_that_change_sides_change_the_signs_of_their_turns_and_nothing_else(*, ties: bool) -> None:
    for seed in range(20):
        random = np.random.default_rng(seed)
        pairs = binary(random, 20 + 10 * seed, ties=ties)
        truth, base, head = pairs.truth == 1, pairs.base_scores[""], pairs.head_scores[""]
        coin = random.random(len(pairs)) < 0.5

        values = auc.turns(truth, base, head)

        mixed = (np.where(coin, one, other) for one, other in ((base, head), (head, base)))
        after, before = (roc_auc_score(truth, scores) for scores in mixed)
        assert np.where(coin, -values, values).mean() == pytest.approx(after - before, abs=1e-12)


def test_of_few_rows_the_difference_of_areas_is_tested_by_all_ways_to_change_sides() -> None:
    for seed in range(10):
        pairs = binary(np.random.default_rng(seed), 12, loss=1.0)
        metric = next(metrics.candidates("roc_auc", pairs))
        found = compare.measure(metric, pairs, asked(), name="roc_auc")
        assert not isinstance(found, Refused)
        coins = (np.array(flags) for flags in itertools.product((False, True), repeat=12))
        values = (compare.values(metric, swapped(pairs, coin)) for coin in coins)
        drops = np.array([after - before for before, after in values])

        exact = np.mean(drops < found.delta - 1e-12) + np.mean(np.isclose(drops, found.delta, atol=1e-12)) / 2

        assert found.p_worse == pytest.approx(exact, abs=1e-6)
        assert (found.high < 0) == (found.p_worse <= 0.05)
        assert (found.low > 0) == (1 - found.p_worse <= 0.05)


def test_areas_of_several_classes_turn_as_their_mean() -> None:
    random = np.random.default_rng(5)
    pairs = several(random, 200)
    metric = next(metrics.candidates("roc_auc", pairs))
    assert isinstance(metric, metrics.Rows)
    assert metric.turns is not None
    coin = random.random(200) < 0.5
    before, after = compare.values(metric, swapped(pairs, coin))

    values = metric.turns(pairs)

    assert np.where(coin, -values, values).mean() == pytest.approx(after - before, abs=1e-12)
