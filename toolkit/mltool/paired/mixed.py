"""Several trainings of the same code, each judged on the same rows: chance has two sources, the seed and the row.

A repeat's metric is its own mean over rows. Seeds and rows are crossed, so the variance of the mean over both is that
of a two-way table of random effects without replication: what rows give (of each row's mean over the seeds) plus what
seeds give (of each seed's mean over the rows), less what only this seed on this row does, which both of them hold.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mltool.gates.history import POWER
from mltool.paired import means
from mltool.paired.interval import Asked, Interval, quantile, student

FEWEST = 3
"""Of fewer repeats nobody knows how far seeds move a metric."""
METHOD = "mixed t interval over seeds and rows"
SOURCE = (
    "crossed random effects: Searle, Casella and McCulloch 1992, Variance Components, chapter 4; Owen 2007, "
    "doi:10.1214/07-AOAS122; degrees of freedom: Satterthwaite 1946, doi:10.2307/3002019; why seeds: Bouthillier et "
    "al. 2021, arXiv:2103.03098"
)
ROWS_ONLY = "t interval over the rows of the mean of repeats"

Floats = NDArray[np.float64]
Error = Callable[[Floats], tuple[float, float]]
"""Values of units, shape (units,) → the standard error of their mean, and its degrees of freedom."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Repeat:
    """One training: its metric, and what each unit (a row, or a draw of all rows) adds to it, shape (units,)."""

    name: str
    value: float
    moves: Floats


@dataclass(frozen=True, kw_only=True)
class Found:
    """The interval, the drop that would be seen in 4 of 5 cases, and the share of the variance that seeds make."""

    interval: Interval
    smallest_drop: float
    seeds: float


@dataclass(frozen=True, kw_only=True)
class _Parts:
    """Of one sample of repeats: the variance of its mean as the seeds show it, and the part that rows show too."""

    seeds: float
    both: float
    freedom: int


def interval(base: Sequence[Repeat], head: Sequence[Repeat], error: Error, asked: Asked) -> Found:
    """Return the interval of the mean of `head` less that of `base`, turned so that more is better.

    Repeats are compared with each other where both sides have the same names, else as independent samples. With fewer
    than FEWEST on a side the rows alone are asked, and one row says nothing.
    """
    delta = asked.sign * (_mean(head) - _mean(base))
    moved = asked.sign * (_moves(head) - _moves(base))
    of_rows, freedom = error(moved)
    rows = of_rows**2
    if min(len(base), len(head)) < FEWEST or not math.isfinite(of_rows):
        found = student(delta, of_rows, freedom, alpha=asked.alpha, method=ROWS_ONLY, source=means.MEAN_SOURCE)
        return Found(interval=found, smallest_drop=_smallest(found, freedom, asked), seeds=0.0)
    samples = (together(base, head),) if paired(base, head) else (base, head)
    parts = [_parts(sample, error) for sample in samples]
    seeds = max(sum(part.seeds - part.both for part in parts), 0.0)
    variance = rows + seeds
    # The parts that are taken away have the freedom of all rows: they add nothing here.
    below = rows**2 / freedom if rows else 0.0
    below += sum(part.seeds**2 / part.freedom for part in parts)
    freedom = variance**2 / below if below else math.inf
    found = student(delta, math.sqrt(variance), freedom, alpha=asked.alpha, method=METHOD, source=SOURCE)
    return Found(
        interval=found,
        smallest_drop=_smallest(found, freedom, asked),
        seeds=seeds / variance if variance else 0.0,
    )


def paired(base: Sequence[Repeat], head: Sequence[Repeat]) -> bool:
    """Return whether both sides were trained with seeds of the same names."""
    return {each.name for each in base} == {each.name for each in head}


def together(base: Sequence[Repeat], head: Sequence[Repeat]) -> tuple[Repeat, ...]:
    """Return what each seed's head has more than its base."""
    before = {each.name: each for each in base}
    return tuple(
        replace(each, value=each.value - before[each.name].value, moves=each.moves - before[each.name].moves)
        for each in head
    )


def _parts(sample: Sequence[Repeat], error: Error) -> _Parts:
    count, middle = len(sample), _moves(sample)
    spread = float(np.var([each.value for each in sample], ddof=1))
    own = sum(error(each.moves - middle)[0] ** 2 for each in sample) / (count - 1)
    return _Parts(seeds=spread / count, both=own / count, freedom=count - 1)


def _smallest(found: Interval, freedom: float, asked: Asked) -> float:
    if not math.isfinite(found.error):
        return math.inf
    return (quantile(POWER) - quantile(asked.alpha, freedom)) * found.error


def _mean(repeats: Sequence[Repeat]) -> float:
    return float(np.mean([each.value for each in repeats]))


def _moves(repeats: Sequence[Repeat]) -> Floats:
    total = np.zeros_like(repeats[0].moves)
    for each in repeats:
        total += each.moves
    return total / len(repeats)
