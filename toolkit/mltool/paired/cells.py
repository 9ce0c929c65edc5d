"""Metrics that are functions of counts: rows resampled as cells of a joint table, at the cost of the cells.

Drawing n rows with replacement and counting them in K cells is one draw of a multinomial with the observed shares
(Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 6): the row bootstrap, without touching a row.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SOURCE = "multinomial form of the paired row bootstrap, Efron and Tibshirani 1993, chapter 6"
MOST_CLASSES = 300
"""With more, a draw is no longer cheap: its matrix has their square."""
STEP = 1e-3

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
# Confusion matrices (…, truth, label) → one value each, NaN where it is not defined.
Score = Callable[[Floats], Floats]


@dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """Rows counted by what is true, what base says and what head says: the cells that occur, in the order of `codes`.

    All arrays have shape (cells,).
    """

    classes: int
    codes: Codes
    counts: Floats

    @property
    def truth(self) -> Codes:
        """Return the class that is true in each cell."""
        return self.codes // self.classes**2

    @property
    def base(self) -> Codes:
        """Return what base says in each cell."""
        return self.codes // self.classes % self.classes

    @property
    def head(self) -> Codes:
        """Return what head says in each cell."""
        return self.codes % self.classes


def codes(truth: Codes, base: Codes, head: Codes, *, classes: int) -> Codes:
    """Return the cell of each row, as one number; raises ValueError where there are too many classes to count."""
    if classes > MOST_CLASSES:
        raise ValueError(f"there are {classes} classes, and a confusion matrix is drawn for at most {MOST_CLASSES}")
    return (truth * classes + base) * classes + head


def count(cells: Codes, *, classes: int) -> Table:
    """Return the table of rows with these cells."""
    if classes**3 <= max(len(cells), 1000):
        every = np.bincount(cells, minlength=classes**3)
        seen = np.flatnonzero(every)
        counts = every[seen]
    else:
        seen, counts = np.unique(cells, return_counts=True)
    return Table(classes=classes, codes=seen, counts=counts.astype(np.float64))


def matrices(table: Table, counts: Floats) -> tuple[Floats, Floats]:
    """Return the confusion matrices (…, truth, label) of base and of head where the cells have `counts` (…, cells)."""
    return _matrix(table, table.base, counts), _matrix(table, table.head, counts)


def resample(table: Table, *, draws: int, random: np.random.Generator) -> Floats:
    """Return counts of bootstrap samples, shape (draws, cells)."""
    rows = int(table.counts.sum())
    return random.multinomial(rows, table.counts / rows, size=draws).astype(np.float64)


def swapped(table: Table, *, draws: int, random: np.random.Generator) -> tuple[Table, Floats]:
    """Return counts (draws, cells), and their table, where a coin decides for each row which model is called the head:
    what differs between the two is then chance, exactly.
    """
    size = table.classes
    low, high = np.minimum(table.base, table.head), np.maximum(table.base, table.head)
    pairs, place = np.unique(codes(table.truth, low, high, classes=size), return_inverse=True)
    totals = np.bincount(place, weights=table.counts).astype(np.intp)
    heads = random.binomial(totals, 0.5, size=(draws, len(totals)))
    forth = Table(classes=size, codes=pairs, counts=totals.astype(np.float64))
    back = codes(forth.truth, forth.head, forth.base, classes=size)
    both = np.concatenate([pairs, back])
    counts = np.concatenate([totals - heads, heads], axis=1).astype(np.float64)
    return Table(classes=size, codes=both, counts=np.concatenate([forth.counts, np.zeros(len(back))])), counts


def swapped_clusters(
    labels: tuple[Codes, Codes, Codes], groups: Codes, *, classes: int, draws: int, random: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return confusion matrices (draws, truth, label) of base and of head where a coin decides for each group (codes
    from 0) which model is called the head; `labels` are the truth, what base says and what head says, each (n,).
    """
    truth, *said = labels
    size, count = classes**2, int(groups.max()) + 1
    before, after = (
        np.bincount(groups * size + truth * classes + label, minlength=count * size).reshape(count, size).astype(float)
        for label in said
    )
    seen = np.flatnonzero((before != after).any(axis=0))
    coins = random.integers(2, size=(draws, count)).astype(np.float64)
    found = np.tile(after.sum(axis=0), (draws, 1))
    found[:, seen] -= coins @ (after - before)[:, seen]
    both = before.sum(axis=0) + after.sum(axis=0)
    shape = (draws, classes, classes)
    return (both - found).reshape(shape), found.reshape(shape)


def slopes(score: Score, table: Table) -> tuple[Floats, Floats]:
    """Return, for base and for head, how a row more in each cell moves the score, times all rows: shape (cells,).

    These are the influences of the rows in that cell, by central differences.
    """
    moved = np.eye(len(table.codes)) * STEP
    more, less = matrices(table, table.counts + moved), matrices(table, table.counts - moved)
    scale = table.counts.sum() / (2 * STEP)
    found = [(score(up) - score(down)) * scale for up, down in zip(more, less, strict=True)]
    return found[0], found[1]


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
        return ratio((one(matrix) * matrix.sum(-1)).sum(-1), matrix.sum((-2, -1)))

    return {"macro": macro, "macro over the classes that occur": present, "weighted": weighted}


def precision(matrix: Floats) -> Floats:
    """Return the precision of the second class of two; 0 where it is never predicted."""
    return precisions(matrix)[..., 1]


def recall(matrix: Floats) -> Floats:
    """Return the recall of the second class of two; NaN where it is not there."""
    return ratio(matrix[..., 1, 1], matrix[..., 1, :].sum(-1))


def specificity(matrix: Floats) -> Floats:
    """Return the recall of the first class of two; NaN where it is not there."""
    return ratio(matrix[..., 0, 0], matrix[..., 0, :].sum(-1))


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
    return ratio(np.trace(matrix, axis1=-2, axis2=-1) - expected, total - expected)


def _matrix(table: Table, labels: Codes, counts: Floats) -> Floats:
    place = table.truth * table.classes + labels
    order = np.argsort(place, kind="stable")
    starts = np.flatnonzero(np.diff(place[order], prepend=-1))
    found = np.zeros((*counts.shape[:-1], table.classes**2))
    found[..., place[order][starts]] = np.add.reduceat(counts[..., order], starts, axis=-1)
    return found.reshape(*counts.shape[:-1], table.classes, table.classes)


def _hits(matrix: Floats) -> Floats:
    return np.asarray(np.diagonal(matrix, axis1=-2, axis2=-1))


def _mean(values: Floats, counted: NDArray[np.bool_]) -> Floats:
    return ratio((values * counted).sum(-1), counted.sum(-1).astype(np.float64))


def _or_zero(top: Floats, below: Floats) -> Floats:
    found: Floats = np.divide(top, below, out=np.zeros(top.shape), where=below > 0)
    return found


def ratio(top: Floats, below: Floats) -> Floats:
    """Return one by the other; NaN where that is not above zero."""
    return np.divide(top, below, out=np.full_like(top, np.nan, dtype=np.float64), where=below > 0)
