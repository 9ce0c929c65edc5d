"""What a name in a metrics file means, beside scikit-learn."""

import numpy as np
import pytest
from sklearn import metrics as sklearn

from mltool.paired import compare, metrics
from mltool.paired.compare import Refused, Wanted
from mltool.paired.join import Pairs
from support.paired import amounts, asked, binary, several

BINARY = {
    "accuracy": lambda pairs: sklearn.accuracy_score(pairs.truth, pairs.head),
    "error_rate": lambda pairs: sklearn.zero_one_loss(pairs.truth, pairs.head),
    "test.log_loss": lambda pairs: sklearn.log_loss(pairs.truth, pairs.head_scores[""]),
    "brier": lambda pairs: sklearn.brier_score_loss(pairs.truth, pairs.head_scores[""]),
    "rocAuc": lambda pairs: sklearn.roc_auc_score(pairs.truth, pairs.head_scores[""]),
    "average_precision": lambda pairs: sklearn.average_precision_score(pairs.truth, pairs.head_scores[""]),
}
REGRESSION = {
    "mae": lambda pairs: sklearn.mean_absolute_error(pairs.truth, pairs.head),
    "val_mse": lambda pairs: sklearn.mean_squared_error(pairs.truth, pairs.head),
    "rmse": lambda pairs: sklearn.root_mean_squared_error(pairs.truth, pairs.head),
    "r2": lambda pairs: sklearn.r2_score(pairs.truth, pairs.head),
    "mape": lambda pairs: sklearn.mean_absolute_percentage_error(pairs.truth, pairs.head),
    "median_absolute_error": lambda pairs: sklearn.median_absolute_error(pairs.truth, pairs.head),
}


def head(key: str, pairs: Pairs) -> float:
    return compare.values(next(metrics.candidates(key, pairs)), pairs)[1]


@pytest.mark.parametrize("key", BINARY)
def test_of_two_classes_values_are_those_of_scikit_learn(key: str) -> None:
    pairs = binary(np.random.default_rng(0), 300)

    assert head(key, pairs) == pytest.approx(BINARY[key](pairs))


@pytest.mark.parametrize("key", REGRESSION)
@pytest.mark.parametrize("rows", [40, 41])
def test_of_amounts_values_are_those_of_scikit_learn(key: str, rows: int) -> None:
    pairs = amounts(np.random.default_rng(0), rows)

    assert head(key, pairs) == pytest.approx(REGRESSION[key](pairs))


def test_of_several_classes_values_are_those_of_scikit_learn() -> None:
    pairs = several(np.random.default_rng(0), 300)
    chances = np.column_stack([pairs.head_scores[name] for name in pairs.classes])

    assert head("log_loss", pairs) == pytest.approx(sklearn.log_loss(pairs.truth, chances))
    assert head("roc_auc", pairs) == pytest.approx(sklearn.roc_auc_score(pairs.truth, chances, multi_class="ovr"))


def test_of_several_meanings_the_one_that_gives_the_files_values_is_meant() -> None:
    pairs = binary(np.random.default_rng(1), 200)
    base, value = (sklearn.f1_score(pairs.truth, label, average="macro") for label in (pairs.base, pairs.head))

    found = compare.meaning(pairs, Wanted(metric="m.json:f1", higher=True, base=round(base, 5), head=round(value, 5)))

    assert not isinstance(found, Refused)
    assert found.name == "F1, macro"


def test_values_that_no_meaning_gives_are_refused_with_both() -> None:
    pairs = binary(np.random.default_rng(1), 200)

    found = compare.meaning(pairs, Wanted(metric="m.json:accuracy", higher=True, base=0.123, head=0.456))

    assert isinstance(found, Refused)
    assert "0.123" in found.why
    assert "0.456" in found.why


def test_a_name_that_nobody_knows_is_refused() -> None:
    pairs = binary(np.random.default_rng(1), 20)

    found = compare.meaning(pairs, Wanted(metric="m.json:wer", higher=True, base=0.1, head=0.1))

    assert isinstance(found, Refused)
    assert "`wer`" in found.why


@pytest.mark.parametrize("key", ["roc_auc", "average_precision", "recall"])
def test_one_class_only_is_refused_and_not_a_number(key: str) -> None:
    pairs = binary(np.random.default_rng(1), 200)
    alone = pairs.at(np.flatnonzero(pairs.truth == 0))

    found = compare.measure(next(metrics.candidates(key, alone)), alone, asked(), name=key)

    assert isinstance(found, Refused)


def test_scores_that_are_no_probabilities_have_no_log_loss() -> None:
    pairs = binary(np.random.default_rng(1), 50)
    logits = Pairs(
        classes=pairs.classes,
        truth=pairs.truth,
        base=pairs.base,
        head=pairs.head,
        base_scores={"": pairs.base_scores[""] * 5},
        head_scores={"": pairs.head_scores[""] * 5},
    )

    found = compare.measure(next(metrics.candidates("log_loss", logits)), logits, asked(), name="log_loss")

    assert isinstance(found, Refused)
    assert "no probabilities" in found.why


def test_a_median_is_judged_with_few_and_many_rows() -> None:
    for rows in (80, 3000):
        pairs = amounts(np.random.default_rng(2), rows, loss=6.0)

        found = compare.measure(next(metrics.candidates("medae", pairs)), pairs, asked(sign=-1.0), name="medae")

        assert not isinstance(found, Refused)
        assert found.high < 0
        assert found.p_worse is not None
        assert found.p_worse < 0.05
