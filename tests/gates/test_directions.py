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
        "macro avg.f1-score",
        "metrics/mAP50-95(B)",
        "rouge1",
        "meanIoU",
        "d2_absolute_error_score",
        "explained_variance",
        "neg_negative_likelihood_ratio",
        "recall_at_fpr",
        "TPR@FPR=0.01",
        "eval_samples_per_second",
        "neg.precision",
        "acc_norm,none",
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
        "train/box_loss",
        "binary_logloss",
        "negative_log_likelihood",
        "neg_log_likelihood",
        "fpr_at_95_tpr",
        "epochs.3.val_loss",
        "model_size",
        "crossEntropy",
    ],
)
def test_lower_is_better(key: str) -> None:
    assert direction(key) == "lower"


@pytest.mark.parametrize("key", ["", "alpha", "accuracy_std", "auc.ci_low", "epochs", "support", "rows", "42", "größe"])
def test_a_name_that_does_not_say_has_no_direction(key: str) -> None:
    assert direction(key) is None


@pytest.mark.parametrize(
    "key",
    [
        "std_test_accuracy",
        "std.accuracy",
        "acc_stderr,none",
        "rank_test_f1",
        "f1_threshold",
        "pearson_pvalue",
        "accuracy_drop",
        "auc_gap",
        "latency_reduction",
        "cost_savings",
        "loss_scale",
        "loss_weight",
        "baseline.accuracy",
        "neg_precision",
    ],
)
def test_what_is_only_about_a_metric_has_no_direction(key: str) -> None:
    assert direction(key) is None


@pytest.mark.parametrize("key", ["batch_size", "start_time", "policy_entropy", "coverage", "mean_error", "approx_kl"])
def test_a_name_that_people_read_in_two_ways_has_no_direction(key: str) -> None:
    assert direction(key) is None


def test_a_class_that_is_called_like_a_metric_does_not_turn_its_score_round() -> None:
    assert direction("per_class_f1.latency") is None
    assert direction("loss.val_loss") == "lower"
