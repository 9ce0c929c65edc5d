"""A metric of several trainings on the same rows: what each row adds to it in each, by the kind of the metric."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mltool.gates.difference import Difference
from mltool.paired import auc, by_cells, by_groups, cells, means, mixed, resampling
from mltool.paired.compare import Metric, Refused, values
from mltool.paired.gaps import Gap
from mltool.paired.interval import Asked, Interval
from mltool.paired.join import Pairs
from mltool.paired.metrics import Cells, Rows, Weighted
from mltool.paired.mixed import Error, Repeat

Floats = NDArray[np.float64]
Sides = Mapping[str, Pairs]
"""The repeats of one side by name: each on both sides of its pairs, all on the same rows in the same order."""

Drawn = Cells | Weighted | Gap
DRAWS = 400
"""So many bootstrap samples tell what rows give to a metric that has no influences."""
MOST_CELLS = 1_000
MOST_ROWS = 50_000
"""Of more rows that are independent so many are drawn from: the error goes with the root of the rows."""
DRAWN = "rows by the bootstrap"


@dataclass(frozen=True, kw_only=True, eq=False)
class _Units:
    """What each repeat of both sides adds unit by unit, and how the error of a mean over units is found."""

    base: tuple[Repeat, ...]
    head: tuple[Repeat, ...]
    error: Error
    flips: bool
    drawn: bool = False


def measure(
    metric: Metric, base: Sides, head: Sides, asked: Asked, *, name: str, where: str = ""
) -> Difference | Refused:
    """Return the difference of the mean of `metric` over the repeats of each side; `where` names the slice."""
    try:
        units = _units(metric, base, head, asked)
        found = mixed.interval(units.base, units.head, units.error, asked)
    except ValueError as error:
        return Refused(metric=name, slice=where, why=str(error))
    before, after = (float(np.mean([each.value for each in side])) for side in (units.base, units.head))
    answer = _agreed(units, found.interval, asked)
    groups = asked.dependence.groups
    return Difference(
        metric=name,
        slice=where,
        base=before,
        head=after,
        delta=asked.sign * (after - before),
        low=answer.low,
        high=answer.high,
        error=answer.error,
        p_worse=answer.p_worse,
        rows=len(next(iter(head.values()))),
        groups=None if groups is None else len(np.unique(groups)),
        repeats=min(len(base), len(head)),
        method=answer.method,
        source=answer.source,
        smallest_drop=found.smallest_drop,
        notes=tuple(_notes(units, found)),
    )


def value(metric: Metric, sides: Sides) -> float:
    """Return the mean of a metric over repeats; raises ValueError where it is not defined."""
    return float(np.mean([values(metric, pairs)[0] for pairs in sides.values()]))


def alone(pairs: Pairs) -> Pairs:
    """Return pairs of which the base stands on both sides."""
    return replace(pairs, head=pairs.base, head_scores=pairs.base_scores, known={})


def _units(metric: Metric, base: Sides, head: Sides, asked: Asked) -> _Units:
    if isinstance(metric, Rows):
        return _by_rows(metric, base, head, asked)
    if isinstance(metric, Cells):
        tables = [_counted(pairs) for pairs in (*base.values(), *head.values())]
        if max(len(table.codes) for table, _ in tables) <= MOST_CELLS:
            sides = [tuple(_by_cells(metric, side)) for side in (base, head)]
            return _Units(base=sides[0], head=sides[1], error=_error(asked), flips=True)
    return _by_draws(metric, base, head, asked)


def _by_rows(metric: Rows, base: Sides, head: Sides, asked: Asked) -> _Units:
    sides = [[(name, *metric.of(pairs, "base")) for name, pairs in side.items()] for side in (base, head)]
    middle = sum(float(np.mean([value for _, value, _ in side])) for side in sides)
    # Of two roots the difference is that of their squares over their sum, as between two single models.
    root = metric.kind == "root" and middle > 0
    made = [
        tuple(
            Repeat(name=name, value=value, moves=moves * (2 * value / middle) if root else moves)
            for name, value, moves in side
        )
        for side in sides
    ]
    area = metric.kind == "area" and asked.dependence.groups is None and asked.dependence.block is None
    truth = next(iter(head.values())).truth == 1
    error: Error = (lambda moves: auc.difference_error(truth, moves)) if area else _error(asked)
    return _Units(base=made[0], head=made[1], error=error, flips=not area)


def _counted(pairs: Pairs) -> tuple[cells.Table, NDArray[np.intp]]:
    flat = by_cells.codes(pairs)
    return pairs.once("table", lambda: cells.count(flat, classes=len(pairs.classes))), flat


def _by_cells(metric: Cells, side: Sides) -> Iterator[Repeat]:
    for name, pairs in side.items():
        table, flat = _counted(pairs)
        slopes = cells.slopes(metric.of, table)[0]
        moves = slopes[np.searchsorted(table.codes, flat)]
        yield Repeat(name=name, value=values(metric, pairs)[0], moves=moves)


def _by_draws(metric: Drawn, base: Sides, head: Sides, asked: Asked) -> _Units:
    """Return the metric of each repeat in the same bootstrap samples of the rows: a draw is a unit."""
    rows, seed = len(next(iter(head.values()))), int(asked.random.integers(2**63))
    independent = asked.dependence.groups is None and asked.dependence.block is None
    part, scale = None, 1.0
    if independent and rows > MOST_ROWS:
        part, scale = asked.random.choice(rows, MOST_ROWS, replace=False), math.sqrt(MOST_ROWS / rows)
    sides = [tuple(_drawn(metric, side, part, seed, asked)) for side in (base, head)]
    error: Error = lambda moves: (float(moves.std(ddof=1)) * scale, math.inf)  # noqa: E731 - it is one line
    return _Units(base=sides[0], head=sides[1], error=error, flips=False, drawn=True)


def _drawn(metric: Drawn, side: Sides, part: NDArray[np.intp] | None, seed: int, asked: Asked) -> Iterator[Repeat]:
    for name, pairs in side.items():
        taken = pairs if part is None else pairs.at(part)
        of = _weighted(metric, taken)
        moves = np.array([of(weights) for weights in _weights(len(taken), np.random.default_rng(seed), asked)])
        if not np.isfinite(moves).all():
            raise ValueError("too few rows: in some samples the metric is not defined")
        yield Repeat(name=name, value=values(metric, pairs)[0], moves=moves)


def _weighted(metric: Drawn, pairs: Pairs) -> Callable[[Floats], float]:
    if isinstance(metric, Gap):
        return by_groups.weighted(metric, pairs, "base")
    if isinstance(metric, Cells):
        size, place = len(pairs.classes), pairs.truth * len(pairs.classes) + pairs.base
        of = metric.of
        return lambda weights: float(
            of(np.bincount(place, weights=weights, minlength=size * size).astype(float).reshape(size, size))
        )
    return metric.of(pairs, "base")


def _weights(rows: int, random: np.random.Generator, asked: Asked) -> Iterator[Floats]:
    groups, block = asked.dependence.groups, asked.dependence.block
    if groups is not None:
        return resampling.cluster_weights(groups, draws=DRAWS, random=random)
    if block is not None:
        return resampling.block_weights(rows, length=block, draws=DRAWS, random=random)
    return resampling.poisson_weights(rows, draws=DRAWS, random=random)


def _error(asked: Asked) -> Error:
    groups, block = asked.dependence.groups, asked.dependence.block
    if groups is not None:
        return lambda moves: means.cluster_error(moves, groups)
    if block is not None:
        return lambda moves: means.block_error(moves, block)
    return means.error


def _agreed(units: _Units, found: Interval, asked: Asked) -> Interval:
    """Return the interval where the permutation test of the rows, or of clusters, agrees: with heavy tails t is too
    sure of what rows give.
    """
    if units.drawn:
        return replace(found, method=f"{found.method}, {DRAWN}")
    if not units.flips:
        return found
    before, after = (np.mean([each.moves for each in side], axis=0) for side in (units.base, units.head))
    delta = np.mean([each.value for each in units.head]) - np.mean([each.value for each in units.base])
    around = asked.sign * ((after - before) - (after - before).mean() + delta)
    return means.flipped(found, around, asked)


def _notes(units: _Units, found: mixed.Found) -> Iterator[str]:
    base, head = len(units.base), len(units.head)
    if min(base, head) < mixed.FEWEST:
        yield (
            f"There {'is 1 repeat' if base == 1 else f'are {base} repeats'} at the base and {head} here; how far the "
            f"seed alone moves the metric is not in this interval, which takes {mixed.FEWEST} on each side."
        )
        return
    alike = mixed.paired(units.base, units.head)
    who = f"{base} repeats, each beside its namesake" if alike else f"{base} repeats at the base and {head} here"
    more = "more repeats" if found.seeds > 0.5 else "more rows"
    yield f"{who}: {found.seeds * 100:.0f} % of the doubt is of the seeds, so {more} would narrow it most."
