"""Spearman's rank correlation of every pair of number columns."""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from mltool.data.profile_order import Floats
from mltool.data.profile_sample import Seen

FEWEST = 10
"""Rows without which a correlation says nothing."""


def correlations(columns: Sequence[Seen]) -> Iterator[tuple[str, str, float, int]]:
    """Yield each pair of number columns with its rank correlation and the rows that have both, in order.

    A value's rank is its rank among all values of its column, ties at their mean; a pair without spread is left out.
    """
    numbers = [column for column in columns if column.kind == "numbers" and not np.isnan(column.paired).all()]
    if len(numbers) < 2:
        return
    ranks, present = zip(*(_ranks(column.paired) for column in numbers), strict=True)
    rho, rows = _pearson(np.column_stack(ranks), np.column_stack(present))
    for (i, left), (j, right) in combinations(enumerate(numbers), 2):
        if rows[i, j] >= FEWEST and np.isfinite(rho[i, j]):
            yield left.name, right.name, float(np.clip(rho[i, j], -1, 1)), int(rows[i, j])


def _ranks(values: Floats) -> tuple[Floats, Floats]:
    """Return the centred ranks, 0 where missing, and 1 where present, both of shape (n,)."""
    present = ~np.isnan(values)
    ranks = np.zeros(len(values))
    _, place, counts = np.unique(values[present], return_inverse=True, return_counts=True)
    # The mean rank of equal values: those up to them, less half of themselves. Ranks of n values have the mean (n+1)/2.
    ranks[present] = (np.cumsum(counts) - (counts - 1) / 2)[place] - (len(place) + 1) / 2
    return ranks, present.astype(float)


def _pearson(values: Floats, present: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return correlations and counts of the rows that have both, of shape (columns, columns)."""
    rows = present.T @ present
    with np.errstate(invalid="ignore", divide="ignore"):
        # sums[i, j] is of column i over the rows that have both i and j.
        sums, squares = values.T @ present, (values**2).T @ present
        covered = values.T @ values - sums * sums.T / rows
        spread = squares - sums**2 / rows
        # What rounding leaves of a column without spread is no spread.
        spread[spread < 1e-9 * np.maximum(squares, 1)] = np.nan
        return covered / np.sqrt(spread * spread.T), rows
