"""Two profiles of a column → bars that lie over one another; the profiles know enough, so nothing is read again."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mltool.data.profile import Column, Numbers, Words
from mltool.report.data import Bars

BINS = 24
MOST_LABELS = 8
FEW = 12
"""Different numbers up to which each has a bar of its own."""
TAIL = 0.005
OTHER = "other"
Floats = NDArray[np.float64]


def bars(old: Column, new: Column) -> Bars | None:
    """Return the shares of both versions; None where there is nothing to draw, or a kind is another."""
    found = None
    if old.numbers is not None and new.numbers is not None:
        found = _numbers(old.numbers, new.numbers)
    elif old.words is not None and new.words is not None and old.words.listed and new.words.listed:
        found = _words(old.words, new.words)
    return replace(found, base=_rounded(found.base), head=_rounded(found.head)) if found else None


def _rounded(shares: tuple[float, ...]) -> tuple[float, ...]:
    """Return shares with as many digits as can be drawn: reports are kept."""
    return tuple(round(share, 5) for share in shares)


def _numbers(old: Numbers, new: Numbers) -> Bars | None:
    sides = (old, new)
    if not (old.count and new.count):
        return None
    distinct = sorted({*old.values, *new.values}) if len(old.values) <= FEW and len(new.values) <= FEW else []
    if distinct and len(distinct) <= FEW:
        base, head = (_each(side, distinct) for side in sides)
        return Bars(base=base, head=head, labels=tuple(f"{value:g}" for value in distinct))
    low = min(_quantile(side, TAIL) for side in sides)
    high = max(_quantile(side, 1 - TAIL) for side in sides)
    if not low < high:
        return None
    edges = np.linspace(low, high, BINS + 1)
    base, head = (_between(side, edges) for side in sides)
    return Bars(base=base, head=head, edges=tuple(float(f"{edge:.6g}") for edge in edges))


def _each(side: Numbers, distinct: list[float]) -> tuple[float, ...]:
    known = dict(zip(side.values, side.equal, strict=True))
    return tuple(known.get(value, 0) / side.count for value in distinct)


def _quantile(side: Numbers, share: float) -> float:
    place = int(np.searchsorted(np.asarray(side.upto), share * side.count))
    return side.values[min(place, len(side.values) - 1)]


def _between(side: Numbers, edges: Floats) -> tuple[float, ...]:
    """Return the share in each bin; the outer bins hold all that lies beyond them too."""
    upto = np.concatenate(([0], np.asarray(side.upto, float) / side.count))
    inner = upto[np.searchsorted(np.asarray(side.values), edges[1:-1], "right")]
    return tuple(np.diff(np.concatenate(([0.0], inner, [1.0]))).tolist())


def _words(old: Words, new: Words) -> Bars:
    base, head = ({word: n / side.count for word, n in side.listed.items()} for side in (old, new))
    weight = {word: base.get(word, 0.0) + head.get(word, 0.0) for word in {*base, *head}}
    shown = sorted(weight, key=lambda word: (-weight[word], word))[:MOST_LABELS]
    before, after = (tuple(side.get(word, 0.0) for word in shown) for side in (base, head))
    left = tuple(max(1 - sum(side), 0.0) for side in (before, after))
    if max(left) > 1e-9:
        return Bars(base=(*before, left[0]), head=(*after, left[1]), labels=(*shown, OTHER))
    return Bars(base=before, head=after, labels=tuple(shown))
