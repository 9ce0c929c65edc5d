"""The predictions files of several repeats on both sides → the differences of the gated metrics, by seed and row."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
import pyarrow.compute as pc

from mltool.config import Predictions
from mltool.errors import UserError
from mltool.gates.difference import Difference, same
from mltool.gates.grounds import Grounds, Wish
from mltool.paired import by_repeats, gated, grouping, sides
from mltool.paired import compare as paired
from mltool.paired.arrays import numbers
from mltool.paired.by_repeats import Sides
from mltool.paired.compare import Metric, Refused, Wanted
from mltool.paired.gated import Content
from mltool.paired.grouping import TOGETHER
from mltool.paired.join import Pairs, join
from mltool.paired.sides import Side

MOST = 100
"""So many repeats a side may have."""
Files = Mapping[str, Content]
"""The bytes of each predictions file, by the name of its repeat."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Crossed:
    """The repeats of both sides on the rows that all have, and each side's alone on all of its own rows; `lost` is the
    share of the base's rows that not all repeats have with the same truth.
    """

    base: Sides
    head: Sides
    base_alone: Sides
    head_alone: Sides
    left_out: Pairs
    lost: float
    columns: tuple[str, ...]


def compare(base: Files, head: Files, wishes: Iterable[Wish], columns: Predictions, *, seed: str) -> Grounds:
    """Return the differences of the wished metrics' means over the repeats of base and head.

    With `columns.repeat` each file may hold several repeats, told apart by that column. Chance comes from `seed`.
    Raises UserError for files that cannot be read or joined, and for more than MOST repeats.
    """
    wished = tuple(wishes)
    wanted = (name for wish in wished for name in (*wish.rule.slices, wish.rule.group) if name)
    cut = tuple(dict.fromkeys(part for name in wanted for part in name.split(TOGETHER)))
    sides_before = _sides(base, columns, cut, " of the base")
    crossed = _crossed(sides_before, _sides(head, columns, cut, ""), columns)
    found: dict[tuple[str, str], Difference | str] = {}
    denied: dict[str, str] = {}
    for wish in wished:
        meant = _meaning(crossed, wish)
        for where, rows in _parts(crossed, wish):
            if isinstance(meant, Refused):
                found[wish.rule.name, where] = meant.why
                denied |= {wish.rule.name: meant.why} if meant.denied else {}
            elif isinstance(rows, str):
                found[wish.rule.name, where] = rows
            else:
                found[wish.rule.name, where] = _measured(crossed, rows, wish, meant, where, columns, seed)
    declared = dict.fromkeys(name for wish in wished for name in wish.rule.slices)
    before = dict(gated.counted(declared, next(iter(sides_before.values())).extra))
    return Grounds(paired=found, gone=gated.gone(before, found), denied=denied, notes=tuple(_notes(crossed, columns)))


def _sides(files: Files, columns: Predictions, cut: tuple[str, ...], whose: str) -> Mapping[str, Side]:
    """Return the repeats by name, in the order of their names as people count."""
    found: dict[str, Side] = {}
    for name, content in files.items():
        source = f"{columns.path.replace('*', name, 1)}{whose}"
        there = gated.names(content, source)
        needed = [part for part in (columns.repeat, columns.cluster, columns.time) if part]
        extra = tuple(dict.fromkeys([*needed, *(part for part in cut if part in there)]))
        side = sides.read(content, columns, source=source, extra=extra)
        found |= _split(side, columns.repeat) if columns.repeat else {name: side}
    if len(found) > MOST:
        raise UserError(f"{columns.path}{whose} has {len(found):,} repeats, and at most {MOST} are compared.")
    return dict(sorted(found.items(), key=lambda item: _counted(item[0])))


def _split(side: Side, column: str) -> Mapping[str, Side]:
    groups = grouping.by(column, side.extra)
    if len(groups.names) > MOST:
        raise UserError(f"{side.source}: `{column}` has {len(groups.names):,} values, and at most {MOST} are repeats.")
    return {name: _at(side, np.flatnonzero(groups.codes == code), name) for code, name in enumerate(groups.names)}


def _at(side: Side, rows: np.ndarray, name: str) -> Side:
    return Side(
        source=f"{side.source} (repeat {name})",
        ids=side.ids.take(rows),
        truth=side.truth.take(rows),
        label=side.label.take(rows),
        scores={label: values[rows] for label, values in side.scores.items()},
        extra={each: values.take(rows) for each, values in side.extra.items()},
    )


def _counted(name: str) -> list[tuple[int, str]]:
    """Return what puts seed-10 after seed-9."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", name)]


def _crossed(base: Mapping[str, Side], head: Mapping[str, Side], columns: Predictions) -> Crossed:
    regression = any(gated.amounts(side) for side in (*base.values(), *head.values()))
    first = next(iter(head.values()))
    joined = [{name: join(side, first, regression=regression) for name, side in each.items()} for each in (base, head)]
    every = [pairs for each in joined for pairs in each.values()]
    keys = reduce(np.intersect1d, [pairs.keys for pairs in every])
    if not len(keys):
        raise UserError(f"No row of {columns.path} has the same truth in all repeats.", "Compare on one test set.")
    whole = all(len(pairs) == len(keys) for pairs in every)
    same = whole and not any(pairs.only_base or pairs.only_head or pairs.moved for pairs in every)
    order = _order(every[-1] if whole else every[-1].at(np.flatnonzero(np.isin(every[-1].keys, keys))), columns)
    on_all = [{name: _on(pairs, keys, whole=whole, order=order) for name, pairs in each.items()} for each in joined]
    if same:
        apart = on_all
    else:
        apart = [
            {name: join(side, side, regression=regression) for name, side in each.items()} for each in (base, head)
        ]
    shown = next(iter(on_all[1].values()))
    most = {part: max(getattr(pairs, part) for pairs in every) for part in ("only_base", "only_head", "moved")}
    return Crossed(
        base=on_all[0],
        head=on_all[1],
        base_alone=apart[0],
        head_alone=apart[1],
        left_out=replace(shown, **most),
        lost=1 - len(keys) / max(map(len, base.values())),
        columns=tuple(shown.extra),
    )


def _order(pairs: Pairs, columns: Predictions) -> np.ndarray | None:
    if not columns.time:
        return None
    return np.asarray(numbers(pc.sort_indices(pairs.extra[columns.time]))).astype(np.intp)


def _on(pairs: Pairs, keys: np.ndarray, *, whole: bool, order: np.ndarray | None) -> Pairs:
    found = pairs if whole else pairs.at(np.flatnonzero(np.isin(pairs.keys, keys)))
    return by_repeats.alone(found if order is None else found.at(order))


def _meaning(crossed: Crossed, wish: Wish) -> Metric | Refused:
    """Return what the metric's name means: what gives, as a mean over the repeats of each side, the value in its
    metrics file.
    """
    if wish.rule.function:
        why = "a function of the repository is drawn again for one training a side, and here are several"
        return Refused(metric=wish.rule.metric, why=why)
    rule, sides = wish.rule, ((crossed.base_alone, wish.base), (crossed.head_alone, wish.head))
    wanted = Wanted(metric=rule.metric, higher=True, base=wish.base, head=wish.head, group=rule.group)
    why = f"mltool cannot compute `{rule.key}` from predictions"
    for metric in paired.candidates(next(iter(crossed.head.values())), wanted):
        try:
            means = [by_repeats.value(metric, side) for side, _ in sides]
        except ValueError as error:
            why = str(error)
            continue
        if all(same(mean, value) for mean, (_, value) in zip(means, sides, strict=True)):
            return metric
        if denied := paired.denies((means[0], means[1]), (wish.base, wish.head)):
            one = _single(metric, *sides[1])
            return Refused(metric=rule.metric, why=one or denied, denied=not one)
        why = _differs(metric, sides, means)
    return Refused(metric=rule.metric, why=why)


def _differs(metric: Metric, sides: tuple[tuple[Sides, float], ...], means: list[float]) -> str:
    """Say what the metrics file holds instead of the mean over the repeats, where that can be told."""
    told, said = (" and ".join(f"{mean:.6g}" for mean in each) for each in (means, [value for _, value in sides]))
    return _single(metric, *sides[1]) or (
        f"the mean over repeats is {told} at the base and here, the metrics files say {said}"
    )


def _single(metric: Metric, repeats: Sides, value: float) -> str:
    """Say whose value the metrics file holds, where it is that of one repeat; else nothing."""
    one = next((name for name, pairs in repeats.items() if same(paired.values(metric, pairs)[0], value)), None)
    if one is None or len(repeats) == 1:
        return ""
    return f"the metrics file holds the value of repeat {one} alone, not the mean over {len(repeats)}"


def _parts(crossed: Crossed, wish: Wish) -> Iterator[tuple[str, np.ndarray | str | None]]:
    """Yield the rows of each slice that the rule declares, beginning with all (None), or why there are none."""
    yield "", None
    extra = next(iter(crossed.head.values())).extra
    for column in wish.rule.slices:
        absent = next((part for part in column.split(TOGETHER) if part not in extra), None)
        if absent is not None:
            yield column, f"the predictions have no column `{absent}`"
            continue
        groups = grouping.by(column, extra)
        if len(groups.names) > gated.MOST_VALUES:
            yield column, f"`{column}` has {len(groups.names):,} values, and a slice has at most {gated.MOST_VALUES}"
            continue
        for code, name in enumerate(groups.names):
            yield f"{column}={name}", np.flatnonzero(groups.codes == code)


def _measured(
    crossed: Crossed,
    rows: np.ndarray | None,
    wish: Wish,
    meant: Metric,
    where: str,
    columns: Predictions,
    seed: str,
) -> Difference | str:
    base, head = (
        side if rows is None else {name: pairs.at(rows) for name, pairs in side.items()}
        for side in (crossed.base, crossed.head)
    )
    asked = gated.asked(next(iter(head.values())), wish, where, columns=columns, seed=seed)
    found = by_repeats.measure(meant, base, head, asked, name=wish.rule.metric, where=where)
    return found.why if isinstance(found, Refused) else replace(found, lost=crossed.lost)


def _notes(crossed: Crossed, columns: Predictions) -> Iterator[str]:
    yield from gated.notes(crossed.left_out)
    if columns.slices:
        yield "The groups that lost most are not looked for where there are several repeats: declare slices in a gate."
