"""Answer with the difference of a metric, by the method that metric and rows allow."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mltool.gates.difference import Difference, same
from mltool.paired import by_cells, by_groups, by_rows, by_weights, gaps, metrics
from mltool.paired.gaps import Gap
from mltool.paired.interval import INDEPENDENT, Asked, Dependence, Interval, quantile
from mltool.paired.join import Pairs

Metric = metrics.Metric | Gap

POWER = 0.8
ROUNDED = 0.005
"""A file that rounds to two digits lies no farther off."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A metric to compare: `metric` is `path:key`; `base` and `head` are what the metrics files say; `group` names the
    column whose groups a gap lies between.
    """

    metric: str
    higher: bool
    base: float
    head: float
    group: str = ""


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A metric that could not be compared row by row, and why; `denied` says that the head's metrics file cannot be of
    its predictions, though the base's is.
    """

    metric: str
    why: str
    slice: str = ""
    denied: bool = False


def compare(
    pairs: Pairs,
    wanted: Wanted,
    *,
    alpha: float,
    random: np.random.Generator,
    dependence: Dependence = INDEPENDENT,
) -> Difference | Refused:
    """Return the difference of one metric over all rows, or why there is none."""
    metric = meaning(pairs, wanted)
    if isinstance(metric, Refused):
        return metric
    asked = Asked(alpha=alpha, sign=1.0 if wanted.higher else -1.0, random=random, dependence=dependence)
    return measure(metric, pairs, asked, name=wanted.metric)


def candidates(pairs: Pairs, wanted: Wanted) -> Iterator[Metric]:
    """Yield what the metric's name may mean, the likeliest first."""
    key = wanted.metric.rpartition(":")[2]
    return gaps.candidates(key, pairs, wanted.group) if wanted.group else metrics.candidates(key, pairs)


def meaning(pairs: Pairs, wanted: Wanted) -> Metric | Refused:
    """Return, of what the metric's name may mean, the one that gives the values of the metrics files."""
    key = wanted.metric.rpartition(":")[2]
    why = f"mltool cannot compute `{key}` from predictions"
    for metric in candidates(pairs, wanted):
        try:
            base, head = values(metric, pairs)
        except ValueError as error:
            why = str(error)
            continue
        if same(base, wanted.base) and same(head, wanted.head):
            return metric
        if denied := denies((base, head), (wanted.base, wanted.head)):
            return Refused(metric=wanted.metric, why=denied, denied=True)
        why = (
            f"the predictions give {base:.6g} at the base and {head:.6g} here, "
            f"the metrics files {wanted.base:.6g} and {wanted.head:.6g}"
        )
    return Refused(metric=wanted.metric, why=why)


def denies(computed: tuple[float, float], written: tuple[float, float]) -> str:
    """Return that the head's metrics file cannot be of its predictions, where the base's is; else nothing."""
    far = not math.isclose(computed[1], written[1], rel_tol=ROUNDED, abs_tol=ROUNDED)
    if not (far and same(computed[0], written[0])):
        return ""
    return (
        f"the predictions of this change give {computed[1]:.6g}, so its metrics file, unlike the base's, is not of them"
    )


def measure(metric: Metric, pairs: Pairs, asked: Asked, *, name: str, where: str = "") -> Difference | Refused:
    """Return the difference of `metric` on these rows; `where` names the slice that they are."""
    try:
        base, head = values(metric, pairs)
        found = _interval(metric, pairs, asked)
    except ValueError as error:
        return Refused(metric=name, slice=where, why=str(error))
    groups = asked.dependence.groups
    return Difference(
        metric=name,
        slice=where,
        base=base,
        head=head,
        delta=asked.sign * (head - base),
        low=found.low,
        high=found.high,
        error=found.error,
        p_worse=found.p_worse,
        rows=len(pairs),
        groups=None if groups is None else len(np.unique(groups)),
        method=found.method,
        source=found.source,
        smallest_drop=(quantile(POWER) - quantile(asked.alpha)) * found.error,
        notes=found.notes,
    )


def values(metric: Metric, pairs: Pairs) -> tuple[float, float]:
    """Return the metric of base and of head; raises ValueError where either is not defined."""
    if isinstance(metric, metrics.Rows):
        (before, _), (after, _) = metric.both(pairs)
        found = before, after
    elif isinstance(metric, metrics.Cells):
        found = by_cells.values(metric, pairs)
    elif isinstance(metric, Gap):
        found = by_groups.values(metric, pairs)
    else:
        ones = np.ones(len(pairs))
        found = metric.of(pairs, "base")(ones), metric.of(pairs, "head")(ones)
    if not math.isfinite(sum(found)):
        raise ValueError(f"{metric.name} is not defined on these rows")
    return found


def _interval(metric: Metric, pairs: Pairs, asked: Asked) -> Interval:
    if isinstance(metric, metrics.Rows):
        return by_rows.interval(metric, pairs, asked)
    if isinstance(metric, metrics.Cells):
        return by_cells.interval(metric, pairs, asked)
    if isinstance(metric, Gap):
        return by_groups.interval(metric, pairs, asked)
    return by_weights.interval(metric, pairs, asked)
