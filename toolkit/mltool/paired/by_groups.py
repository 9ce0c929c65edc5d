"""Gaps between groups: the bootstrap over the joint cells of group, truth and both labels, and what must be said."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mltool.paired import by_cells, cells, grouping, resampling
from mltool.paired.cells import Table
from mltool.paired.gaps import Gap, Rate
from mltool.paired.grouping import TOGETHER, Groups
from mltool.paired.interval import Asked, Interval, agreed, drawn, student
from mltool.paired.join import Pairs
from mltool.paired.metrics import Which

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

MOST_GROUPS = 200
THIN = 10
"""A rate of fewer rows may be anything: a gap that such a group takes part in is never called not worse."""
DRAWS = 4_000
DEPENDENT_DRAWS = 500
CHANCE_DRAWS = 400
NAMED = 5
"""So many groups are named in a sentence."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Counted:
    """The rows counted in the cells of group, truth, base label and head label; `kept` flags the groups that count."""

    gap: Gap
    groups: Groups
    table: Table
    flat: Codes
    kept: NDArray[np.bool_]

    def matrices(self, counts: Floats, *, table: Table | None = None) -> tuple[Floats, Floats]:
        """Return the confusion matrices (…, groups, truth, label) of base and head where the cells have `counts`."""
        where = table or self.table
        return self._matrix(where, where.base, counts), self._matrix(where, where.head, counts)

    def _matrix(self, where: Table, labels: Codes, counts: Floats) -> Floats:
        size = where.classes
        place = where.truth * size + labels  # the truth stands in its group's block
        order = np.argsort(place, kind="stable")
        starts = np.flatnonzero(np.diff(place[order], prepend=-1))
        found = np.zeros((*counts.shape[:-1], len(self.kept) * size * size))
        found[..., place[order][starts]] = np.add.reduceat(counts[..., order], starts, axis=-1)
        return found.reshape(*counts.shape[:-1], len(self.kept), size, size)[..., self.kept, :, :]


def values(gap: Gap, pairs: Pairs) -> tuple[float, float]:
    """Return the gap of base and of head; raises ValueError where there are no groups to put side by side."""
    found = counted(gap, pairs)
    before, after = found.matrices(found.table.counts)
    return float(gap.of(before)), float(gap.of(after))


def interval(gap: Gap, pairs: Pairs, asked: Asked) -> Interval:
    """Return the interval of the difference of two gaps; raises ValueError where it is not defined.

    Independent rows: the multinomial bootstrap, and the permutation test's consent. Else whole clusters, or blocks, are
    drawn. A gap to which a group adds a rate of fewer than THIN rows may be as bad as a gap can be.
    """
    found = counted(gap, pairs)
    base, head = values(gap, pairs)
    delta = asked.sign * (head - base)
    if asked.dependence.groups is not None or asked.dependence.block is not None:
        answer = _dependent(found, delta, asked)
    else:
        answer = _independent(found, delta, asked)
    after = found.matrices(found.table.counts)[1]
    thin = _thin(found, after)
    if thin:
        worst = 1.0 if asked.sign < 0 else 0.0
        answer = replace(answer, low=min(answer.low, asked.sign * (worst - base)))
    return replace(answer, notes=tuple(_notes(found, after, thin, asked)))


def weighted(gap: Gap, pairs: Pairs, which: Which) -> Callable[[Floats], float]:
    """Return the gap of one side as a function of the weights of rows, shape (n,)."""
    found = counted(gap, pairs)
    side = ("base", "head").index(which)

    def of(weights: Floats) -> float:
        counts = np.bincount(found.flat, weights=weights, minlength=len(found.table.codes))
        return float(gap.of(found.matrices(counts.astype(np.float64))[side]))

    return of


def counted(gap: Gap, pairs: Pairs) -> Counted:
    """Return the rows counted by group and cell; raises ValueError where the groups cannot be put side by side."""
    if absent := [part for part in gap.group.split(TOGETHER) if part not in pairs.extra]:
        raise ValueError(f"the predictions have no column `{absent[0]}`")
    groups, table, flat = pairs.once(f"groups of {gap.group}", lambda: _table(gap.group, pairs))
    if len(groups.names) > MOST_GROUPS:
        raise ValueError(
            f"`{gap.group}` has {len(groups.names):,} values, and a gap is of at most {MOST_GROUPS} groups"
        )
    sizes = np.bincount(groups.codes, minlength=len(groups.names))
    kept = sizes >= gap.least
    if kept.sum() < 2:
        least = f" of at least {gap.least} rows" if gap.least and len(sizes) > 1 else ""
        raise ValueError(
            f"`{gap.group}` makes {kept.sum()} group{'' if kept.sum() == 1 else 's'}{least}: a gap needs two"
        )
    return Counted(gap=gap, groups=groups, table=table, flat=flat, kept=kept)


def _table(group: str, pairs: Pairs) -> tuple[Groups, Table, Codes]:
    groups = grouping.by(group, pairs.extra)
    size = len(pairs.classes)
    flat = cells.codes(groups.codes * size + pairs.truth, pairs.base, pairs.head, classes=size)
    seen, places, counts = np.unique(flat, return_inverse=True, return_counts=True)
    return groups, Table(classes=size, codes=seen, counts=counts.astype(np.float64)), places


def _independent(found: Counted, delta: float, asked: Asked) -> Interval:
    draws = DRAWS if len(found.table.codes) <= by_cells.MANY_CELLS else by_cells.FEWER
    samples = cells.resample(found.table, draws=draws, random=asked.random)
    moved = asked.sign * _differences(found, found.table, samples)
    boot = drawn(moved, delta=delta, alpha=asked.alpha, method=by_cells.BOOTSTRAP, source=cells.SOURCE)
    both, counts = cells.swapped(found.table, draws=draws, random=asked.random)
    p = by_cells.permuted(asked.sign * _differences(found, both, counts), delta, boot.error)
    return agreed(boot, p_worse=p, alpha=asked.alpha, method=by_cells.EXACT, source=by_cells.EXACT_SOURCE)


def _differences(found: Counted, table: Table, counts: Floats) -> Floats:
    """Return head − base for each row of `counts` (draws, cells), so many at a time as memory likes."""
    step = max(1, by_cells.AT_ONCE // (len(found.kept) * table.classes**2 + len(table.codes)))
    parts = (found.matrices(counts[at : at + step], table=table) for at in range(0, len(counts), step))
    with np.errstate(invalid="ignore"):
        return np.concatenate([found.gap.of(after) - found.gap.of(before) for before, after in parts])


def _dependent(found: Counted, delta: float, asked: Asked) -> Interval:
    """Return the normal interval with the error that drawing clusters or blocks again gives."""
    rows, groups, block = len(found.flat), asked.dependence.groups, asked.dependence.block
    if groups is not None:
        drawn_rows = resampling.cluster_weights(groups, draws=DEPENDENT_DRAWS, random=asked.random)
        method, source, freedom = resampling.CLUSTER, resampling.CLUSTER_SOURCE, float(len(np.unique(groups)) - 1)
    else:
        drawn_rows = resampling.block_weights(rows, length=block or 1, draws=DEPENDENT_DRAWS, random=asked.random)
        method, source, freedom = resampling.BLOCK, resampling.BLOCK_SOURCE, float(rows // (block or 1) - 1)
    size = len(found.table.codes)
    counts = np.array([np.bincount(found.flat, weights=weights, minlength=size) for weights in drawn_rows])
    moved = _differences(found, found.table, counts)
    there = moved[np.isfinite(moved)]
    if len(there) < 0.95 * len(moved):
        raise ValueError("too few rows: in some samples the gap is not defined")
    return student(delta, float(there.std(ddof=1)), freedom, alpha=asked.alpha, method=method, source=source)


def _thin(found: Counted, after: Floats) -> tuple[str, ...]:
    """Return, in words, the rates that stand on too few rows, and on how many."""
    before = found.matrices(found.table.counts)[0]
    told = []
    for rate in found.gap.rates:
        rows = np.minimum(rate.rows(before), rate.rows(after))
        for name, count in zip(_names(found), rows, strict=True):
            if 0 < count < THIN:
                told.append(f"{rate.name} of {name}: {count:.0f}")
    return tuple(told)


def _names(found: Counted) -> tuple[str, ...]:
    return tuple(name for name, kept in zip(found.groups.names, found.kept, strict=True) if kept)


def _notes(found: Counted, after: Floats, thin: tuple[str, ...], asked: Asked) -> Iterator[str]:
    """Say whose rates are farthest apart, what chance makes of groups that are alike, and which groups do not count."""
    gap, column = found.gap, found.gap.group
    yield from (_ends(found, rate, rate.of(after)) for rate in gap.rates)
    if gap.spread == "difference":
        luck = _by_chance(found, asked)
        if np.isfinite(luck):
            yield f"Of groups of these sizes that are treated alike, chance makes a gap of about {luck:.2g}."
    small = [
        f"{name} ({count})"
        for name, kept, count in zip(found.groups.names, found.kept, np.bincount(found.groups.codes), strict=True)
        if not kept
    ]
    if small:
        yield f"Not counted, with fewer than {gap.least} rows: {_few(small)}."
    for rate in gap.rates:
        lost = [name for name, value in zip(_names(found), rate.of(after), strict=True) if not np.isfinite(value)]
        if lost:
            yield f"Not counted in the {rate.name}, for no row tells it: {_few(lost)}."
    if thin:
        yield (
            f"The rows do not rule out any gap where so few of them tell a rate ({_few(thin)} rows): measure between "
            f"larger groups of `{column}`."
        )


def _ends(found: Counted, rate: Rate, values: Floats) -> str:
    low, high = int(np.nanargmin(values)), int(np.nanargmax(values))
    names, column = _names(found), found.gap.group
    name = rate.name[0].upper() + rate.name[1:]
    return f"{name}: {values[low]:.3g} where {column} is {names[low]}, {values[high]:.3g} where it is {names[high]}."


def _by_chance(found: Counted, asked: Asked) -> float:
    """Return the mean gap of groups of the same sizes whose rows are all drawn from the same cells."""
    after = found.matrices(found.table.counts)[1]
    shares = after.sum(0).ravel() / after.sum()
    draws = [
        asked.random.multinomial(int(rows), shares, size=CHANCE_DRAWS).reshape(-1, *after.shape[1:])
        for rows in after.sum((-2, -1))
    ]
    with np.errstate(invalid="ignore"):
        return float(np.nanmean(found.gap.of(np.stack(draws, axis=1).astype(np.float64))))


def _few(items: tuple[str, ...] | list[str]) -> str:
    rest = len(items) - NAMED
    return ", ".join(items[:NAMED]) + (f" and {rest} more" if rest > 0 else "")
