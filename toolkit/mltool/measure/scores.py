"""Metrics of a task, by scikit-learn: names and six digits are ours, the statistics are not."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn import metrics

from mltool.errors import UserError
from mltool.measure.facts import number
from mltool.measure.predicted import SUM_SLACK, Predicted


def score(predicted: Predicted) -> Mapping[str, float]:
    """Return the metrics of the task by name, best known first.

    A metric that the rows cannot give (a ranking metric where the truth has one class only, r2 of one row) is left
    out: an invented number would be compared. Raises UserError for values so large that a metric is infinite.
    """
    with np.errstate(all="ignore"):  # what overflows is not finite, and said below
        found = {name: float(value) for name, value in _TASKS[predicted.task](predicted).items()}
    infinite = [name for name, value in found.items() if not math.isfinite(value)]
    if infinite:
        raise UserError(f"{infinite[0]} is not finite: the predictions hold values that are too large to measure.")
    return {name: number(value) for name, value in found.items()}


def _binary(predicted: Predicted) -> dict[str, Any]:
    truth, label, points = predicted.truth, predicted.label, predicted.score
    both = len(np.unique(truth)) == 2
    found: dict[str, Any] = {}
    if points is not None and both:
        found["roc_auc"] = metrics.roc_auc_score(truth, points)
        found["average_precision"] = metrics.average_precision_score(truth, points)
    if points is not None and is_probability(points):
        found["log_loss"] = metrics.log_loss(truth, points, labels=[0, 1])
        found["brier"] = metrics.brier_score_loss(truth, points)
    found["accuracy"] = metrics.accuracy_score(truth, label)
    if both:
        found["balanced_accuracy"] = metrics.balanced_accuracy_score(truth, label)
    # A model that never says yes has precision 0: that is the honest reading, and a warning in a log is read by nobody.
    found["precision"] = metrics.precision_score(truth, label, zero_division=0)
    if truth.any():
        found["recall"] = metrics.recall_score(truth, label)
        found["f1"] = metrics.f1_score(truth, label)
    return found


def _multiclass(predicted: Predicted) -> dict[str, Any]:
    truth, label, classes = predicted.truth, predicted.label, list(range(len(predicted.labels)))
    present = np.unique(truth).tolist()
    found: dict[str, Any] = {}
    if predicted.scores:
        matrix = np.column_stack(predicted.scores)
        if is_probability(matrix) and np.allclose(matrix.sum(axis=1), 1, atol=SUM_SLACK):
            found["log_loss"] = metrics.log_loss(truth, matrix, labels=classes)
        if present == classes:
            found["roc_auc_macro"] = np.mean(
                [metrics.roc_auc_score(truth == code, matrix[:, code]) for code in classes]
            )
    found["accuracy"] = metrics.accuracy_score(truth, label)
    for average in ("macro", "weighted"):
        found[f"f1_{average}"] = metrics.f1_score(truth, label, labels=present, average=average, zero_division=0)
    # Balanced accuracy is the mean recall of the classes that occur.
    found["balanced_accuracy"] = metrics.recall_score(truth, label, labels=present, average="macro", zero_division=0)
    return found


def _regression(predicted: Predicted) -> dict[str, Any]:
    truth, label = predicted.truth, predicted.label
    found: dict[str, Any] = {
        "mae": metrics.mean_absolute_error(truth, label),
        "rmse": metrics.root_mean_squared_error(truth, label),
        "median_absolute_error": metrics.median_absolute_error(truth, label),
    }
    if len(np.unique(truth)) > 1:
        found["r2"] = metrics.r2_score(truth, label)
    found["bias"] = np.mean(label - truth)
    return found


def is_probability(points: np.ndarray) -> bool:
    """Return whether every value lies in 0 … 1."""
    return bool(points.min() >= 0 and points.max() <= 1)


_TASKS = {"binary": _binary, "multiclass": _multiclass, "regression": _regression}
