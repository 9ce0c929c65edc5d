"""Metrics, slices and plots equal what scikit-learn says, for each kind of task."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from mltool import measure
from mltool.gates.directions import direction
from mltool.measure.plots import thin


def close(value: float) -> object:
    return pytest.approx(value, rel=1e-5)


def test_binary_metrics_are_those_of_scikit_learn(binary: pd.DataFrame) -> None:
    truth, label, score = binary["y_true"], binary["y_pred"], binary["y_score"]
    assert measure.evaluate(binary).metrics == {
        "rows": len(binary),
        "roc_auc": close(sk.roc_auc_score(truth, score)),
        "average_precision": close(sk.average_precision_score(truth, score)),
        "log_loss": close(sk.log_loss(truth, score)),
        "brier": close(sk.brier_score_loss(truth, score)),
        "accuracy": close(sk.accuracy_score(truth, label)),
        "balanced_accuracy": close(sk.balanced_accuracy_score(truth, label)),
        "precision": close(sk.precision_score(truth, label)),
        "recall": close(sk.recall_score(truth, label)),
        "f1": close(sk.f1_score(truth, label)),
    }


def test_multiclass_metrics_are_those_of_scikit_learn(multiclass: pd.DataFrame) -> None:
    truth, label = multiclass["y_true"], multiclass["y_pred"]
    scores = multiclass[["y_score_barbera", "y_score_barolo", "y_score_grignolino"]]
    evaluation = measure.evaluate(multiclass)
    assert evaluation.task == "multiclass"
    assert evaluation.metrics == {
        "rows": len(multiclass),
        "log_loss": close(sk.log_loss(truth, scores)),
        "roc_auc_macro": close(sk.roc_auc_score(truth, scores, multi_class="ovr", average="macro")),
        "accuracy": close(sk.accuracy_score(truth, label)),
        "f1_macro": close(sk.f1_score(truth, label, average="macro")),
        "f1_weighted": close(sk.f1_score(truth, label, average="weighted")),
        "balanced_accuracy": close(sk.balanced_accuracy_score(truth, label)),
    }


def test_regression_metrics_are_those_of_scikit_learn(regression: pd.DataFrame) -> None:
    truth, label = regression["y_true"], regression["y_pred"]
    evaluation = measure.evaluate(regression)
    assert evaluation.task == "regression"
    assert evaluation.metrics == {
        "rows": len(regression),
        "mae": close(sk.mean_absolute_error(truth, label)),
        "rmse": close(sk.root_mean_squared_error(truth, label)),
        "median_absolute_error": close(sk.median_absolute_error(truth, label)),
        "r2": close(sk.r2_score(truth, label)),
        "bias": close((label - truth).mean()),
    }


def test_gates_know_which_way_every_metric_but_counts_and_bias_is_better(
    binary: pd.DataFrame, multiclass: pd.DataFrame, regression: pd.DataFrame
) -> None:
    names = {name for frame in (binary, multiclass, regression) for name in measure.evaluate(frame).metrics}
    assert {name for name in names if direction(name) is None} == {"rows", "bias"}


def test_slices_have_the_scores_of_their_rows_and_together_all_rows(binary: pd.DataFrame) -> None:
    slices = measure.evaluate(binary, slices=["texture"]).slices["texture"]
    assert list(slices) == ["rough", "smooth"]
    assert sum(scores["rows"] for scores in slices.values()) == len(binary)
    rough = binary[binary["texture"] == "rough"]
    assert slices["rough"]["roc_auc"] == close(sk.roc_auc_score(rough["y_true"], rough["y_score"]))
    assert slices["rough"]["f1"] == close(sk.f1_score(rough["y_true"], rough["y_pred"]))


def test_a_slice_below_the_minimum_has_its_count_alone(binary: pd.DataFrame) -> None:
    binary["hospital"] = ["small"] * 29 + ["large"] * (len(binary) - 29)
    slices = measure.evaluate(binary, slices=["hospital"]).slices["hospital"]
    assert slices["small"] == {"rows": 29}
    assert "accuracy" in slices["large"]
    lower = measure.evaluate(binary, slices=["hospital"], min_rows=29).slices["hospital"]
    assert "accuracy" in lower["small"]


def test_a_slice_with_one_class_leaves_out_what_needs_two(binary: pd.DataFrame) -> None:
    binary["said"] = np.where(binary["y_true"] == 1, "yes", "no")
    slices = measure.evaluate(binary, slices=["said"]).slices["said"]
    assert {"roc_auc", "average_precision", "balanced_accuracy"}.isdisjoint(slices["yes"])
    assert {"recall", "f1"} <= set(slices["yes"])
    assert {"recall", "f1"}.isdisjoint(slices["no"])
    assert {"accuracy", "log_loss", "brier"} <= set(slices["no"])


def test_a_multiclass_slice_without_one_class_is_scored_on_the_others(multiclass: pd.DataFrame) -> None:
    multiclass["colour"] = np.where(multiclass["y_true"] == "barolo", "red", "other")
    slices = measure.evaluate(multiclass, slices=["colour"], min_rows=10).slices["colour"]
    red = multiclass[multiclass["colour"] == "red"]
    assert slices["red"]["balanced_accuracy"] == close((red["y_true"] == red["y_pred"]).mean())
    assert "roc_auc_macro" not in slices["red"]


def test_rows_without_a_group_form_one_and_numbers_name_groups_as_written(binary: pd.DataFrame) -> None:
    binary["ward"] = np.where(binary["row_id"] < 40, np.nan, binary["row_id"] % 2)
    slices = measure.evaluate(binary, slices=["ward"]).slices["ward"]
    assert {name: scores["rows"] for name, scores in slices.items()} == {
        "(missing)": 40,
        "0": (len(binary) - 40 + 1) // 2,
        "1": (len(binary) - 40) // 2,
    }


def test_a_regression_is_sliced_too(regression: pd.DataFrame) -> None:
    regression["half"] = np.where(regression["row_id"] < 100, "first", "second")
    first = regression[regression["row_id"] < 100]
    slices = measure.evaluate(regression, slices=["half"]).slices["half"]
    assert slices["first"]["mae"] == close(sk.mean_absolute_error(first["y_true"], first["y_pred"]))


def test_the_area_under_the_thinned_roc_is_the_roc_auc() -> None:
    random = np.random.default_rng(5)
    truth = random.integers(0, 2, 60_000)
    frame = pd.DataFrame({"row_id": range(60_000), "y_true": truth, "y_pred": truth})
    frame["y_score"] = 1 / (1 + np.exp(-random.normal(truth - 0.5, 1)))
    evaluation = measure.evaluate(frame)
    points = pd.DataFrame(evaluation.plots["roc"])
    assert 450 < len(points) <= 500
    assert points.iloc[0].tolist() == [0, 0]
    assert points.iloc[-1].tolist() == [1, 1]
    assert points["fpr"].is_monotonic_increasing
    assert sk.auc(points["fpr"], points["tpr"]) == pytest.approx(evaluation.metrics["roc_auc"], abs=1e-4)
    curve = pd.DataFrame(evaluation.plots["pr"])
    assert len(curve) <= 500
    assert curve["recall"].is_monotonic_increasing
    assert curve["recall"].iloc[-1] == 1
    assert sk.auc(curve["recall"], curve["precision"]) == pytest.approx(
        evaluation.metrics["average_precision"], abs=2e-3
    )


def test_a_short_curve_keeps_every_point(binary: pd.DataFrame) -> None:
    fpr, tpr, _ = sk.roc_curve(binary["y_true"], binary["y_score"])
    points = measure.evaluate(binary).plots["roc"]
    assert [point["fpr"] for point in points] == pytest.approx(list(fpr), rel=1e-5)
    assert [point["tpr"] for point in points] == pytest.approx(list(tpr), rel=1e-5)


@pytest.mark.parametrize(("count", "limit"), [(1, 500), (500, 500), (501, 500), (10_000, 500), (10_000, 3)])
def test_thinning_keeps_both_ends_and_the_limit(count: int, limit: int) -> None:
    places = thin(np.linspace(0, 1, count), limit)
    assert len(places) <= limit
    assert places[0] == 0
    assert places[-1] == count - 1


def test_calibration_bins_hold_what_was_predicted_and_what_happened(binary: pd.DataFrame) -> None:
    points = pd.DataFrame(measure.evaluate(binary).plots["calibration"])
    assert len(points) == 10
    assert points["predicted"].is_monotonic_increasing
    # Bins of equal size: their mean is the mean of all, up to the rounding of the bin sizes.
    assert points["predicted"].mean() == pytest.approx(binary["y_score"].mean(), abs=0.01)
    assert points["observed"].mean() == pytest.approx(binary["y_true"].mean(), abs=0.01)


def test_the_confusion_counts_each_pair_of_classes(multiclass: pd.DataFrame) -> None:
    points = measure.evaluate(multiclass).plots["confusion"]
    counted = multiclass.groupby(["y_true", "y_pred"]).size().to_dict()
    assert len(points) == 9
    assert {(p["actual"], p["predicted"]): p["count"] for p in points if p["count"]} == counted


def test_a_confusion_of_named_labels_keeps_the_names(binary: pd.DataFrame) -> None:
    named = binary.replace({"y_true": {0: "malignant", 1: "benign"}, "y_pred": {0: "malignant", 1: "benign"}})
    evaluation = measure.evaluate(named, positive="benign")
    assert evaluation.metrics == measure.evaluate(binary).metrics
    assert [(p["actual"], p["predicted"]) for p in evaluation.plots["confusion"]] == [
        ("malignant", "malignant"),
        ("malignant", "benign"),
        ("benign", "malignant"),
        ("benign", "benign"),
    ]


def test_residuals_are_given_by_quantile(regression: pd.DataFrame) -> None:
    residual = regression["y_pred"] - regression["y_true"]
    points = {point["quantile"]: point["residual"] for point in measure.evaluate(regression).plots["residuals"]}
    assert len(points) == 101
    assert points[0] == close(residual.min())
    assert points[0.5] == close(residual.median())
    assert points[1] == close(residual.max())


def test_actual_against_predicted_is_given_in_bins_of_equal_size(regression: pd.DataFrame) -> None:
    points = pd.DataFrame(measure.evaluate(regression).plots["actual"])
    assert len(points) == 10
    assert points["predicted"].is_monotonic_increasing
    assert points["actual"].mean() == pytest.approx(regression["y_true"].mean(), rel=0.01)


def test_scores_that_are_no_probabilities_rank_and_no_more(binary: pd.DataFrame) -> None:
    margins = binary.assign(y_score=np.log(binary["y_score"] / (1 - binary["y_score"])))
    evaluation = measure.evaluate(margins)
    assert evaluation.metrics["roc_auc"] == measure.evaluate(binary).metrics["roc_auc"]
    assert {"log_loss", "brier"}.isdisjoint(evaluation.metrics)
    assert set(evaluation.plots) == {"roc", "pr", "confusion"}
    assert evaluation.notes == ("`y_score` is no probability: no log_loss, brier and calibration.",)


def test_without_scores_there_are_labels_metrics_and_a_note(binary: pd.DataFrame, multiclass: pd.DataFrame) -> None:
    evaluation = measure.evaluate(binary.drop(columns="y_score"))
    assert {"accuracy", "f1"} <= set(evaluation.metrics)
    assert set(evaluation.plots) == {"confusion"}
    assert "no curves" in evaluation.notes[0]
    labels = measure.evaluate(multiclass[["row_id", "y_true", "y_pred"]])
    assert {"log_loss", "roc_auc_macro"}.isdisjoint(labels.metrics)
    assert labels.notes


def test_a_model_that_never_says_yes_has_precision_zero_without_a_warning(binary: pd.DataFrame) -> None:
    found = measure.evaluate(binary.assign(y_pred=0)).metrics
    assert (found["precision"], found["recall"], found["f1"]) == (0, 0, 0)


def test_the_files_are_as_the_report_reads_them(binary: pd.DataFrame, tmp_path: Path) -> None:
    evaluation = measure.evaluate(binary, slices=["texture"])
    written = measure.write_evaluation(
        evaluation, metrics=tmp_path / "m.json", slices=tmp_path / "s.json", plots=tmp_path / "plots"
    )
    assert sorted(path.name for path in written) == [
        "calibration.json", "confusion.json", "m.json", "pr.json", "roc.json", "s.json"
    ]  # fmt: skip
    assert json.loads((tmp_path / "m.json").read_bytes()) == evaluation.metrics
    assert json.loads((tmp_path / "s.json").read_bytes()) == evaluation.slices
    points = json.loads((tmp_path / "plots/roc.json").read_bytes())
    assert all(set(point) == {"fpr", "tpr"} for point in points)


def test_the_same_predictions_in_another_order_write_the_same_bytes(binary: pd.DataFrame, tmp_path: Path) -> None:
    def files(frame: pd.DataFrame, home: Path) -> dict[str, bytes]:
        evaluation = measure.evaluate(frame, slices=["texture"])
        written = measure.write_evaluation(evaluation, metrics=home / "m.json", slices=home / "s.json", plots=home)
        return {path.name: path.read_bytes() for path in written}

    shuffled = binary.sample(frac=1, random_state=1)
    assert files(binary, tmp_path / "one") == files(shuffled, tmp_path / "two")


def test_numbers_have_six_digits() -> None:
    assert [measure.number(value) for value in (1 / 3, 123456789.0, -1e-9 / 3, 0.0)] == [
        0.333333, 123457000.0, -3.33333e-10, 0.0
    ]  # fmt: skip
