"""Data of the plots that a task has: ROC, precision-recall, calibration, confusion; residuals of a regression."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn import metrics
from sklearn.calibration import calibration_curve

from mltool.measure.facts import number
from mltool.measure.predicted import Predicted
from mltool.measure.scores import is_probability

Points = tuple[Mapping[str, Any], ...]

LIMIT = 500
"""Points of one curve. A screen shows no more, and the file stays small enough for Git."""
BINS = 10


def plots(predicted: Predicted) -> Mapping[str, Points]:
    """Return the points of each plot by name; a plot that the rows cannot give is left out."""
    if predicted.task == "regression":
        return {"residuals": residuals(predicted), "actual": actual(predicted)}
    drawn = {"confusion": confusion(predicted)}
    score, truth = predicted.score, predicted.truth
    if score is not None and len(np.unique(truth)) == 2:
        drawn["roc"] = roc(truth, score)
        drawn["pr"] = pr(truth, score)
        if is_probability(score):
            drawn["calibration"] = calibration(truth, score)
    return drawn


def roc(truth: np.ndarray, score: np.ndarray, *, limit: int = LIMIT) -> Points:
    """Return true against false positive rate, from (0, 0) to (1, 1), at most `limit` points."""
    fpr, tpr, _ = metrics.roc_curve(truth, score)
    return _points({"fpr": fpr, "tpr": tpr}, at=thin(fpr + tpr, limit))


def pr(truth: np.ndarray, score: np.ndarray, *, limit: int = LIMIT) -> Points:
    """Return precision against recall, by rising recall, at most `limit` points."""
    precision, recall, _ = metrics.precision_recall_curve(truth, score, drop_intermediate=True)
    precision, recall = precision[::-1], recall[::-1]
    return _points({"recall": recall, "precision": precision}, at=thin(recall, limit))


def calibration(truth: np.ndarray, score: np.ndarray) -> Points:
    """Return the observed share of the positive class against the predicted one, in ten bins of equal size."""
    observed, predicted = calibration_curve(truth, score, n_bins=BINS, strategy="quantile")
    return _points({"predicted": predicted, "observed": observed}, at=np.arange(len(observed)))


def confusion(predicted: Predicted) -> Points:
    """Return one point a pair of classes: actual, predicted, count of rows. Pairs without rows count 0."""
    names = [str(name) for name in predicted.labels]
    counts = metrics.confusion_matrix(predicted.truth, predicted.label, labels=list(range(len(names))))
    return tuple(
        {"actual": row, "predicted": column, "count": int(counts[i, j])}
        for i, row in enumerate(names)
        for j, column in enumerate(names)
    )


def residuals(predicted: Predicted) -> Points:
    """Return predicted − actual at the quantiles 0, 0.01 … 1."""
    steps = np.linspace(0, 1, 101)
    values = np.quantile(predicted.label - predicted.truth, steps)
    return _points({"quantile": steps, "residual": values}, at=np.arange(len(steps)))


def actual(predicted: Predicted) -> Points:
    """Return the mean actual against the mean predicted value, in up to ten bins of rows by predicted value."""
    order = np.argsort(predicted.label, kind="stable")
    bins = np.array_split(order, min(BINS, len(order)))
    means = {
        "predicted": np.array([predicted.label[rows].mean() for rows in bins]),
        "actual": np.array([predicted.truth[rows].mean() for rows in bins]),
    }
    return _points(means, at=np.arange(len(bins)))


def thin(along: np.ndarray, limit: int) -> np.ndarray:
    """Return positions of at most `limit` points, evenly spread over the rising values `along`; both ends stay."""
    if len(along) <= limit:
        return np.arange(len(along))
    wanted = np.linspace(along[0], along[-1], limit - 1)
    places = np.searchsorted(along, wanted, side="left")
    return np.unique(np.append(places, len(along) - 1))


def _points(columns: Mapping[str, np.ndarray], *, at: np.ndarray) -> Points:
    return tuple({name: number(float(values[i])) for name, values in columns.items()} for i in at)
