"""Metrics of confusion matrices beside scikit-learn, and the bootstrap over cells beside that over rows."""

import itertools

import numpy as np
import pytest
from sklearn import metrics as sklearn

from mltool.paired import by_cells, cells, compare, metrics
from mltool.paired.compare import Refused
from mltool.paired.interval import Dependence
from mltool.paired.join import Pairs
from support.paired import asked, binary, several, swapped


def metric(key: str, pairs: Pairs, place: int = 0) -> metrics.Cells:
    found = list(metrics.candidates(key, pairs))[place]
    assert isinstance(found, metrics.Cells)
    return found


TWO = {
    ("precision", 0): sklearn.precision_score,
    ("recall", 0): sklearn.recall_score,
    ("f1", 0): sklearn.f1_score,
    ("f1", 1): lambda truth, label: sklearn.f1_score(truth, label, average="macro"),
    ("specificity", 0): lambda truth, label: sklearn.recall_score(truth, label, pos_label=0),
    ("balanced_accuracy", 0): sklearn.balanced_accuracy_score,
    ("mcc", 0): sklearn.matthews_corrcoef,
    ("kappa", 0): sklearn.cohen_kappa_score,
}
SEVERAL = {
    ("precision", 0): lambda truth, label: sklearn.precision_score(truth, label, average="macro"),
    ("recall_macro", 0): lambda truth, label: sklearn.recall_score(truth, label, average="macro"),
    ("f1_macro", 0): lambda truth, label: sklearn.f1_score(truth, label, average="macro"),
    ("f1", 2): lambda truth, label: sklearn.f1_score(truth, label, average="weighted"),
    ("balanced_accuracy", 0): sklearn.balanced_accuracy_score,
    ("matthews_corrcoef", 0): sklearn.matthews_corrcoef,
    ("cohen_kappa", 0): sklearn.cohen_kappa_score,
}


@pytest.mark.parametrize("key", TWO)
def test_of_two_classes_values_are_those_of_scikit_learn(key: tuple[str, int]) -> None:
    for seed in range(10):
        pairs = binary(np.random.default_rng(seed), 30 + 50 * seed)

        base, head = by_cells.values(metric(*(key[0], pairs, key[1])), pairs)

        assert base == pytest.approx(TWO[key](pairs.truth, pairs.base))
        assert head == pytest.approx(TWO[key](pairs.truth, pairs.head))


@pytest.mark.parametrize("key", SEVERAL)
def test_of_several_classes_values_are_those_of_scikit_learn(key: tuple[str, int]) -> None:
    for classes, seed in itertools.product((3, 5, 40), range(4)):
        pairs = several(np.random.default_rng(seed), 400, classes=classes)

        base, head = by_cells.values(metric(key[0], pairs, key[1]), pairs)

        assert base == pytest.approx(SEVERAL[key](pairs.truth, pairs.base))
        assert head == pytest.approx(SEVERAL[key](pairs.truth, pairs.head))


def test_many_classes_are_counted_without_a_cube() -> None:
    pairs = several(np.random.default_rng(0), 3000, classes=300)

    table = cells.count(by_cells.codes(pairs), classes=300)

    assert table.counts.sum() == 3000
    assert len(table.codes) <= 3000
    base, head = cells.matrices(table, table.counts)
    assert np.array_equal(base, sklearn.confusion_matrix(pairs.truth, pairs.base, labels=range(300)))
    assert np.array_equal(head, sklearn.confusion_matrix(pairs.truth, pairs.head, labels=range(300)))


def test_more_classes_than_can_be_drawn_are_named() -> None:
    pairs = several(np.random.default_rng(0), 900, classes=301)

    found = compare.measure(metric("f1", pairs), pairs, asked(), name="m:f1")

    assert isinstance(found, Refused)
    assert "301 classes" in found.why


@pytest.mark.parametrize("key", ["f1", "mcc"])
def test_drawing_cells_is_drawing_rows(key: str) -> None:
    random = np.random.default_rng(4)
    pairs = binary(random, 400, loss=0.6)
    chosen, draws = metric(key, pairs), 3000
    rows = random.integers(400, size=(draws, 400))
    by_rows = [np.subtract(*by_cells.values(chosen, pairs.at(taken))[::-1]) for taken in rows]

    table = cells.count(by_cells.codes(pairs), classes=2)
    before, after = cells.matrices(table, cells.resample(table, draws=draws, random=random))
    by_cell = chosen.of(after) - chosen.of(before)

    # The standard error of a standard deviation of 3,000 draws is 1.3 %; of the difference of two, 1.8 %.
    assert np.std(by_cell) == pytest.approx(np.std(by_rows), rel=4 * 0.018)
    assert np.mean(by_cell) == pytest.approx(np.mean(by_rows), abs=4 * np.std(by_rows) * np.sqrt(2 / draws))
    assert np.quantile(by_cell, [0.05, 0.95]) == pytest.approx(np.quantile(by_rows, [0.05, 0.95]), abs=0.005)


def test_a_coin_swaps_what_the_models_say_and_nothing_else() -> None:
    pairs = binary(np.random.default_rng(2), 200, loss=1.0)
    table = cells.count(by_cells.codes(pairs), classes=2)

    both, counts = cells.swapped(table, draws=500, random=np.random.default_rng(0))
    before, after = cells.matrices(both, counts)

    assert np.all(counts.sum(axis=1) == 200)
    sums = [sum(cells.matrices(table, table.counts))]
    assert np.array_equal(before + after, np.repeat(sums, 500, axis=0))
    assert float((after - before)[:, 1, 1].mean()) == pytest.approx(0.0, abs=0.5)


def test_a_slope_is_what_a_row_more_moves() -> None:
    pairs = binary(np.random.default_rng(2), 300, loss=1.0)
    table, chosen = cells.count(by_cells.codes(pairs), classes=2), metric("f1", pairs)
    value = by_cells.values(chosen, pairs)[1]

    _, slopes = cells.slopes(chosen.of, table)

    for place, code in enumerate(table.codes):
        row = int(np.flatnonzero(by_cells.codes(pairs) == code)[0])
        weights = np.ones(300) + 1e-6 * (np.arange(300) == row)
        moved = sklearn.f1_score(pairs.truth, pairs.head, sample_weight=weights) - value
        assert slopes[place] == pytest.approx(moved / 1e-6 * 300, abs=1e-3)


def test_where_few_rows_differ_the_exact_test_has_the_last_word() -> None:
    truth = np.repeat([0, 1], 100)
    base, head = truth.copy(), truth.copy()
    head[150:153] = 0  # three rows lost, none won: a coin does that once in eight
    pairs = Pairs(classes=("no", "yes"), truth=truth, base=base, head=head)

    found = by_cells.interval(metric("f1", pairs), pairs, asked())

    assert found.p_worse == pytest.approx(1 / 16, abs=0.01)  # mid-p: half of one in eight
    assert found.high >= 0
    assert found.method == by_cells.EXACT


def test_equal_models_are_called_worse_no_more_often_than_alpha() -> None:
    random = np.random.default_rng(6)
    worse = 0
    for _ in range(150):
        pairs = binary(random, 150)
        pairs = swapped(pairs, random.random(150) < 0.5)
        worse += by_cells.interval(metric("f1", pairs), pairs, asked()).high < 0

    assert worse <= 150 * 0.05 + 3 * np.sqrt(150 * 0.05 * 0.95)


def test_clusters_make_the_interval_wider() -> None:
    pairs = binary(np.random.default_rng(8), 200, loss=1.0)
    every = pairs.at(np.repeat(np.arange(200), 5))  # each row five times is one row's evidence
    groups = np.repeat(np.arange(200), 5)

    alone = by_cells.interval(metric("f1", pairs), pairs, asked())
    naive = by_cells.interval(metric("f1", every), every, asked())
    clustered = by_cells.interval(metric("f1", every), every, asked(dependence=Dependence(groups=groups)))

    assert clustered.error == pytest.approx(alone.error, rel=0.05)
    assert naive.error == pytest.approx(alone.error / np.sqrt(5), rel=0.05)


def test_a_coin_of_a_cluster_swaps_all_of_its_rows() -> None:
    random = np.random.default_rng(9)
    pairs = several(random, 60)
    groups = random.integers(5, size=60)
    labels = (pairs.truth, pairs.base, pairs.head)

    found = cells.swapped_clusters(labels, groups, classes=4, draws=2000, random=random)

    expected = set()
    for coins in itertools.product((False, True), repeat=5):
        sides = swapped(pairs, np.array(coins)[groups])
        both = (sklearn.confusion_matrix(sides.truth, label, labels=range(4)) for label in (sides.base, sides.head))
        expected.add(b"".join(matrix.astype(float).tobytes() for matrix in both))
    assert {before.tobytes() + after.tobytes() for before, after in zip(*found, strict=True)} == expected


@pytest.mark.parametrize("key", ["f1", "mcc"])
def test_of_few_clusters_all_ways_to_change_sides_are_the_test(key: str) -> None:
    for seed in range(5):
        random = np.random.default_rng(seed)
        pairs = binary(random, 120, loss=1.0)
        groups = np.repeat(np.arange(12), 10)
        one = metric(key, pairs)
        coins = (np.array(flags)[groups] for flags in itertools.product((False, True), repeat=12))
        drops = np.array([after - before for before, after in (by_cells.values(one, swapped(pairs, c)) for c in coins)])

        found = by_cells.interval(one, pairs, asked(dependence=Dependence(groups=groups)))

        delta = float(np.subtract(*by_cells.values(one, pairs)[::-1]))
        exact = np.mean(drops < delta - 1e-12) + np.mean(np.isclose(drops, delta, atol=1e-12)) / 2
        assert found.p_worse == pytest.approx(exact, abs=0.03)
        assert not (found.high < 0 and found.p_worse > 0.05)


@pytest.mark.parametrize("many", [False, True])
def test_equal_models_in_clusters_are_called_worse_no_more_often_than_alpha(*, many: bool) -> None:
    random = np.random.default_rng(10)
    count, worse, better = (1200 if many else 15), 0, 0
    for _ in range(200):
        pairs = binary(random, count * 4, loss=1.0)
        groups = np.repeat(np.arange(count), 4)
        pairs = swapped(pairs, (random.random(count) < 0.5)[groups])
        found = by_cells.interval(metric("f1", pairs), pairs, asked(dependence=Dependence(groups=groups)))
        worse, better = worse + (found.high < 0), better + (found.low > 0)

    assert max(worse, better) <= 200 * 0.05 + 3 * np.sqrt(200 * 0.05 * 0.95)


def test_models_that_agree_everywhere_are_surely_equal() -> None:
    pairs = binary(np.random.default_rng(1), 100)
    same = Pairs(classes=pairs.classes, truth=pairs.truth, base=pairs.base, head=pairs.base)

    found = by_cells.interval(metric("f1", same), same, asked())

    assert (found.low, found.high, found.error, found.p_worse) == (0.0, 0.0, 0.0, 1.0)
