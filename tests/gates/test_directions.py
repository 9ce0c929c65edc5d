"""Names that say which way is better."""

import pytest

from mltool.gates.directions import direction


@pytest.mark.parametrize(
    "key",
    [
        "accuracy",
        "val_acc",
        "test.f1-score",
        "macroF1",
        "roc_auc",
        "r2",
        "precision@10",
        "neg_log_loss",
        "f1_macro_mean",
    ],
)
def test_higher_is_better(key: str) -> None:
    assert direction(key) == "higher"


@pytest.mark.parametrize(
    "key",
    [
        "loss",
        "val.loss",
        "RMSE",
        "mean_absolute_error",
        "train_seconds",
        "predict_p95_ms",
        "model_bytes",
        "logLoss",
        "wer",
    ],
)
def test_lower_is_better(key: str) -> None:
    assert direction(key) == "lower"


@pytest.mark.parametrize("key", ["", "alpha", "accuracy_std", "auc.ci_low", "epochs", "support", "rows", "42", "größe"])
def test_a_name_that_does_not_say_has_no_direction(key: str) -> None:
    assert direction(key) is None
