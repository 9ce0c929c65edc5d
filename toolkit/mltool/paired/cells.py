"""Metrics that are functions of counts: rows resampled as cells of a joint table, at the cost of the cells.

Drawing n rows with replacement and counting them in K cells is one draw of a multinomial with the observed shares
(Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 6): the row bootstrap, without touching a row.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

SOURCE = "multinomial form of the paired row bootstrap, Efron and Tibshirani 1993, chapter 6"

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
# Confusion matrices (…, truth, label) → one value each, NaN where it is not defined.
Score = Callable[[Floats], Floats]


def codes(truth: Codes, base: Codes, head: Codes, *, classes: int) -> Codes:
    """Return the cell of each row in the joint table of truth, base label and head label, counted through."""
    return (truth * classes + base) * classes + head


def joint(truth: Codes, base: Codes, head: Codes, *, classes: int) -> Floats:
    """Return counts of shape (classes, classes, classes): rows by truth, base label and head label, as codes."""
    flat = np.bincount(codes(truth, base, head, classes=classes), minlength=classes**3)
    return flat.reshape(classes, classes, classes).astype(np.float64)


def sides(tables: Floats) -> tuple[Floats, Floats]:
    """Return the confusion matrices (…, truth, label) of base and of head out of tables (…, truth, base, head)."""
    return tables.sum(axis=-1), tables.sum(axis=-2)


def resample(table: Floats, *, draws: int, random: np.random.Generator) -> Floats:
    """Return bootstrap tables of shape (draws, *table.shape)."""
    cells = table.ravel()
    seen = np.flatnonzero(cells)
    rows = int(cells.sum())
    tables = np.zeros((draws, cells.size))
    tables[:, seen] = random.multinomial(rows, cells[seen] / rows, size=draws)
    return tables.reshape(draws, *table.shape)


def precisions(matrix: Floats) -> Floats:
    """Return the precision of each class, shape (…, classes); 0 of a class that is never predicted."""
    return _or_zero(_hits(matrix), matrix.sum(-2))


def recalls(matrix: Floats) -> Floats:
    """Return the recall of each class, shape (…, classes); 0 of a class that is not there."""
    return _or_zero(_hits(matrix), matrix.sum(-1))


def f1s(matrix: Floats) -> Floats:
    """Return F1 of each class, shape (…, classes); 0 of a class that is neither there nor predicted."""
    return _or_zero(2 * _hits(matrix), matrix.sum(-1) + matrix.sum(-2))


def averages(one: Score) -> dict[str, Score]:
    """Return the ways in which scores of classes are made one: over the classes that are there or predicted (as
    scikit-learn does), over those that are there, weighted by their rows.
    """

    def macro(matrix: Floats) -> Floats:
        return _mean(one(matrix), (matrix.sum(-1) + matrix.sum(-2)) > 0)

    def present(matrix: Floats) -> Floats:
        return _mean(one(matrix), matrix.sum(-1) > 0)

    def weighted(matrix: Floats) -> Floats:
        return _ratio((one(matrix) * matrix.sum(-1)).sum(-1), matrix.sum((-2, -1)))

    return {"macro": macro, "macro over the classes that occur": present, "weighted": weighted}


def precision(matrix: Floats) -> Floats:
    """Return the precision of the second class of two; 0 where it is never predicted."""
    return precisions(matrix)[..., 1]


def recall(matrix: Floats) -> Floats:
    """Return the recall of the second class of two; NaN where it is not there."""
    return _ratio(matrix[..., 1, 1], matrix[..., 1, :].sum(-1))


def specificity(matrix: Floats) -> Floats:
    """Return the recall of the first class of two; NaN where it is not there."""
    return _ratio(matrix[..., 0, 0], matrix[..., 0, :].sum(-1))


def f1(matrix: Floats) -> Floats:
    """Return F1 of the second class of two; 0 where it is neither there nor predicted."""
    return f1s(matrix)[..., 1]


def balanced_accuracy(matrix: Floats) -> Floats:
    """Return the mean recall over the classes that are there."""
    return _mean(recalls(matrix), matrix.sum(-1) > 0)


def matthews(matrix: Floats) -> Floats:
    """Return Matthews' correlation, by Gorodkin 2004 for any number of classes; 0 where it is not defined."""
    total = matrix.sum((-2, -1))
    truth, label = matrix.sum(-1), matrix.sum(-2)
    hits = np.trace(matrix, axis1=-2, axis2=-1)
    top = hits * total - (truth * label).sum(-1)
    below = np.sqrt((total**2 - (label**2).sum(-1)) * (total**2 - (truth**2).sum(-1)))
    return _or_zero(top, below)


def kappa(matrix: Floats) -> Floats:
    """Return Cohen's kappa."""
    total = matrix.sum((-2, -1))
    expected = (matrix.sum(-1) * matrix.sum(-2)).sum(-1) / total
    return _ratio(np.trace(matrix, axis1=-2, axis2=-1) - expected, total - expected)


def _hits(matrix: Floats) -> Floats:
    return np.asarray(np.diagonal(matrix, axis1=-2, axis2=-1))


def _mean(values: Floats, counted: NDArray[np.bool_]) -> Floats:
    return _ratio((values * counted).sum(-1), counted.sum(-1).astype(np.float64))


def _or_zero(top: Floats, below: Floats) -> Floats:
    found: Floats = np.divide(top, below, out=np.zeros(top.shape), where=below > 0)
    return found


def _ratio(top: Floats, below: Floats) -> Floats:
    return np.divide(top, below, out=np.full_like(top, np.nan, dtype=np.float64), where=below > 0)
