"""Ranks among many numbers without sorting all of them: only what shares a narrow cell with what is asked for.

Numbers come in parts, as they were read: putting them together would touch as much memory once more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

CELLS = 1 << 16
BLOCK = 1 << 16
"""Numbers that are looked at together, so that what is computed of them stays in the processor's cache."""
_FEW = 1 << 14
_LOOKED_AT = 1 << 12


def counts(parts: Sequence[Floats], points: Floats) -> tuple[Counts, Counts]:
    """Return how many of the finite numbers are up to each of the ordered `points`, and how many are below it.

    All counts are exact.
    """
    cells = _cells(parts)
    if cells is None:
        return _ranked(_sorted(parts), points)
    own = cells.of(points)
    asked = np.zeros(CELLS + 2, bool)
    asked[own] = True
    totals, near = cells.tally(parts, asked)
    if near is None:
        return _ranked(_sorted(parts), points)
    # The rest of the cells lies wholly before a point or wholly behind it.
    before = np.cumsum(np.where(asked, 0, totals))[own]
    upto, below = _ranked(near, points)
    return upto + before, below + before


def at(parts: Sequence[Floats], ranks: Counts) -> Floats:
    """Return the numbers that would stand at `ranks`, counted from 0, if all of the finite numbers were sorted."""
    cells = _cells(parts)
    if cells is None:
        return _sorted(parts)[ranks]
    asked = np.zeros(CELLS + 2, bool)
    totals, _ = cells.tally(parts, asked)
    own = np.searchsorted(np.cumsum(totals), ranks, "right")
    asked[own] = True
    _, near = cells.tally(parts, asked)
    if near is None:
        return _sorted(parts)[ranks]
    ordered: Floats = near[ranks - np.cumsum(np.where(asked, 0, totals))[own]]
    return ordered


def _sorted(parts: Sequence[Floats]) -> Floats:
    found = np.concatenate(parts)
    found.sort()
    return found


def _ranked(ordered: Floats, points: Floats) -> tuple[Counts, Counts]:
    return np.searchsorted(ordered, points, "right"), np.searchsorted(ordered, points, "left")


@dataclass(frozen=True, kw_only=True)
class _Cells:
    """Equally wide cells from `low` on, the first and the last without end; a larger number is in no earlier one."""

    low: float
    scale: float

    def of(self, values: Floats) -> NDArray[np.intp]:
        with np.errstate(over="ignore"):
            places = values - self.low
            places *= self.scale
        places += 1
        np.clip(places, 0, CELLS + 1, out=places)
        return places.astype(np.intp)

    def tally(self, parts: Sequence[Floats], asked: NDArray[np.bool_]) -> tuple[Counts, Floats | None]:
        """Return how many values each cell has, and in order those in cells that are `asked` for.

        None in place of these where they are so many that sorting all is hardly dearer.
        """
        totals, near, done, found = np.zeros(CELLS + 2, np.int64), [], 0, 0
        count = sum(map(len, parts))
        for block in (part[start : start + BLOCK] for part in parts for start in range(0, len(part), BLOCK)):
            places = self.of(block)
            totals += np.bincount(places, minlength=CELLS + 2)
            near.append(block[asked[places]])
            done, found = done + len(block), found + len(near[-1])
            if 2 * found > max(done, count // 8):
                return totals, None
        return totals, np.sort(np.concatenate(near))


def _cells(parts: Sequence[Floats]) -> _Cells | None:
    """Return cells in which most of the numbers lie apart; None where there are too few, or no such cells."""
    count = sum(map(len, parts))
    if count < _FEW:
        return None
    some = _sorted([part[:: count // _LOOKED_AT] for part in parts])
    # One outlier must not push all others into one cell.
    low, high = float(some[len(some) // 100]), float(some[-1 - len(some) // 100])
    with np.errstate(over="ignore", divide="ignore"):
        scale = float(np.float64(CELLS) / (np.float64(high) - low))
    return _Cells(low=low, scale=scale) if 0 < scale < np.inf else None
