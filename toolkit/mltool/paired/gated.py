"""Two predictions files → the differences of the gated metrics, on all rows and on the slices that gates declare."""

import hashlib
import io
import mmap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv, parquet

from mltool.config import Predictions
from mltool.errors import UserError
from mltool.gates.difference import Difference
from mltool.gates.grounds import Grounds, Wish
from mltool.paired import compare as paired
from mltool.paired import grouping, own, slices
from mltool.paired.arrays import numbers
from mltool.paired.compare import Metric, Refused, Wanted
from mltool.paired.grouping import TOGETHER
from mltool.paired.interval import INDEPENDENT, Asked, Dependence
from mltool.paired.join import Pairs, join
from mltool.paired.sides import Side, read

MOST_VALUES = 200
"""A column with more values is no slice."""
MOST_CLASSES = 20
"""Whole numbers with more different values are amounts."""
WIDELY = 0.1
"""Where more of the rows than this are not the same, the test set is another one."""

Content = bytes | mmap.mmap
Codes = NDArray[np.intp]
Meant = Mapping[str, Metric | Refused]


@dataclass(frozen=True, kw_only=True, eq=False)
class Together:
    """Both sides joined, and each with itself: what a metric means shows on all of its side's rows."""

    pairs: Pairs
    base: Pairs
    head: Pairs
    seed: str
    columns: Predictions
    slices: tuple[str, ...]
    kept: tuple[str, ...]
    refused: Mapping[str, str]
    before: Mapping[str, int]


def compare(
    base: Content,
    head: Content,
    wishes: Iterable[Wish],
    columns: Predictions,
    *,
    seed: str,
    anew: bool = False,
    folder: Path | None = None,
) -> Grounds:
    """Return the differences of the wished metrics between the predictions of base and head, the bytes of two files.

    Chance comes from `seed`. `anew` says that the base's metrics files are not of its predictions, so that the head's
    alone tell what a metric means. In `folder` functions of the repository may run; None: nowhere.
    Raises UserError for files that cannot be read or joined.
    """
    wished = tuple(wishes)
    declared = tuple(dict.fromkeys(name for wish in wished for name in wish.rule.slices))
    groups = tuple(dict.fromkeys(wish.rule.group for wish in wished if wish.rule.group))
    together = _join((base, head), seed, columns, declared, groups)
    meaning = _meaning_of_head if anew else _meaning
    known = tuple(wish for wish in wished if not wish.rule.function)
    meant = {wish.rule.name: meaning(together, wish) for wish in known}
    found: dict[tuple[str, str], Difference | str] = {}
    for where, pairs in chain((("", together.pairs),), _slices(together)):
        for wish in known:
            name = wish.rule.name
            if not where or where.partition("=")[0] in wish.rule.slices:
                found[name, where] = (
                    pairs if isinstance(pairs, str) else _measured(together, pairs, wish, meant[name], where)
                )
    weakest = tuple(_weakest(together, known, meant))
    denied = {name: refused.why for name, refused in meant.items() if isinstance(refused, Refused) and refused.denied}
    for wish in (wish for wish in wished if wish.rule.function):
        answered = own.compare(_question(together, wish, anew=anew), folder)
        found |= {(wish.rule.name, where): each for where, each in answered.found.items()}
        denied |= {wish.rule.name: answered.broken} if answered.broken else {}
    return Grounds(
        paired=found,
        weakest=weakest,
        gone=gone(together.before, found),
        denied=denied,
        notes=tuple(notes(together.pairs)),
    )


def _join(
    sides: tuple[Content, Content], seed: str, columns: Predictions, declared: tuple[str, ...], groups: tuple[str, ...]
) -> Together:
    before, there = names(sides[0], f"{columns.path} of the base"), names(sides[1], columns.path)
    parts = (part for name in (*declared, *columns.slices, *groups) for part in name.split(TOGETHER))
    extra = dict.fromkeys(filter(None, (*(part for part in parts if part in there), columns.cluster, columns.time)))
    cut = tuple(part for name in groups for part in name.split(TOGETHER))
    also = dict.fromkeys(part for name in (*groups, *declared) for part in name.split(TOGETHER) if part in before)
    base = read(sides[0], columns, source=f"{columns.path} of the base", extra=also)
    head = read(sides[1], columns, source=columns.path, extra=extra)
    regression = amounts(base) or amounts(head)
    pairs = join(base, head, regression=regression)
    whole = not (pairs.only_base or pairs.only_head or pairs.moved)
    if not len(pairs):
        kinds = (head.truth.type, base.truth.type)
        what = f" (`{columns.truth}` holds {kinds[0]}, and {kinds[1]} at the base)" if kinds[0] != kinds[1] else ""
        said = f"No row of {columns.path} has the same truth on both sides{what}."
        raise UserError(said, "Compare on one test set, with labels written the same way.")
    if columns.time:
        order = numbers(pc.sort_indices(pairs.extra[columns.time])).astype(np.intp)
        pairs = replace(pairs.at(order), only_base=pairs.only_base, only_head=pairs.only_head, moved=pairs.moved)
    absent = {name: part for name in declared for part in name.split(TOGETHER) if part not in there}
    return Together(
        pairs=pairs,
        base=pairs if whole else join(base, base, regression=regression),
        head=pairs if whole else join(head, head, regression=regression),
        seed=seed,
        columns=columns,
        slices=tuple(name for name in declared if name not in absent),
        kept=tuple(filter(None, (columns.cluster, *(name for name in cut if name in extra)))),
        refused={name: f"{columns.path} has no column `{part}`" for name, part in absent.items()},
        before=dict(counted(declared, base.extra)),
    )


def counted(columns: Iterable[str], extra: Mapping[str, pa.Array]) -> Iterator[tuple[str, int]]:
    """Yield the slices that these columns make, with their rows; nothing of a column that is not there."""
    for column in columns:
        if all(part in extra for part in column.split(TOGETHER)):
            groups = grouping.by(column, extra)
            counts = np.bincount(groups.codes, minlength=len(groups.names)).tolist()
            yield from zip((f"{column}={name}" for name in groups.names), counts, strict=True)


def gone(before: Mapping[str, int], known: Iterable[tuple[str, str]]) -> Mapping[str, int]:
    """Return those slices of the base that are not among the `known` ones (a gate's name and a slice, or a column that
    is none), with their rows.
    """
    here = {where for _, where in known}
    return {where: rows for where, rows in before.items() if not {where, where.partition("=")[0]} & here}


def names(content: Content, path: str) -> tuple[str, ...]:
    """Return the columns of a file; none where it is no table, which reading it will say."""
    try:
        if content[:4] == b"PAR1":
            return tuple(parquet.read_schema(pa.BufferReader(content)).names)
        return tuple(csv.open_csv(io.BytesIO(content)).schema.names)
    except pa.ArrowException as error:
        raise UserError(f"{path} cannot be read: {str(error).splitlines()[0]}.", "Write it again.") from error


def amounts(side: Side) -> bool:
    """Return whether the task is a regression: what is true is a number, and broken or one of many."""
    truth, label = side.truth, side.label
    if not all(pa.types.is_integer(column.type) or pa.types.is_floating(column.type) for column in (truth, label)):
        return False
    broken = any(not pc.all(pc.equal(column, pc.round(column))).as_py() for column in (truth, label) if len(column))
    return broken or pc.count_distinct(truth).as_py() > MOST_CLASSES


def _meaning(together: Together, wish: Wish) -> Metric | Refused:
    """Return what the metric's name means: what gives, on all rows of each side, the value in its metrics file."""
    higher = wish.rule.direction == "higher"
    wanted = Wanted(metric=wish.rule.metric, higher=higher, base=wish.base, head=wish.head, group=wish.rule.group)
    if together.base is together.head:
        return paired.meaning(together.pairs, wanted)
    sides = ((together.base, wish.base), (together.head, wish.head))
    alone = [paired.meaning(pairs, replace(wanted, base=value, head=value)) for pairs, value in sides]
    if refused := next((found for found in alone if isinstance(found, Refused)), None):
        return refused if isinstance(alone[0], Refused) else _denied(together, wanted, alone[0], refused)
    if alone[0] != alone[1] or alone[0] not in tuple(paired.candidates(together.pairs, wanted)):
        return Refused(metric=wanted.metric, why=f"`{wish.rule.key}` means another thing on each side: classes differ")
    return alone[0]


def _denied(together: Together, wanted: Wanted, metric: Metric, refused: Refused) -> Refused:
    """Return why the head's metrics file is not of its predictions, by what the metric means at the base."""
    try:
        value = paired.values(metric, together.head)[1]
    except ValueError:
        return refused
    denied = paired.denies((wanted.base, value), (wanted.base, wanted.head))
    return replace(refused, why=denied, denied=True) if denied else refused


def _meaning_of_head(together: Together, wish: Wish) -> Metric | Refused:
    """Return what the metric's name means by the head's predictions and its metrics file alone."""
    pairs = together.pairs if together.base is together.head else together.head
    twice = replace(pairs, base=pairs.head, base_scores=pairs.head_scores, known={})
    higher = wish.rule.direction == "higher"
    wanted = Wanted(metric=wish.rule.metric, higher=higher, base=wish.head, head=wish.head, group=wish.rule.group)
    found = paired.meaning(twice, wanted)
    if isinstance(found, Refused) or found in tuple(paired.candidates(together.pairs, wanted)):
        return found
    return Refused(metric=wanted.metric, why=f"`{wish.rule.key}` means another thing on each side: classes differ")


def _question(together: Together, wish: Wish, *, anew: bool) -> own.Question:
    declared = wish.rule.slices
    cut = _slices(replace(together, slices=tuple(name for name in together.slices if name in declared)))
    return own.Question(
        wish=wish,
        pairs=together.pairs,
        base=together.base,
        head=together.head,
        parts={where: pairs for where, pairs in cut if where.partition("=")[0] in declared},
        asking=lambda pairs, where: asked(pairs, wish, where, columns=together.columns, seed=together.seed),
        anew=anew,
    )


def _measured(
    together: Together, pairs: Pairs, wish: Wish, meant: Metric | Refused, where: str = ""
) -> Difference | str:
    if isinstance(meant, Refused):
        return meant.why
    chance = asked(pairs, wish, where, columns=together.columns, seed=together.seed)
    found = paired.measure(meant, pairs, chance, name=wish.rule.metric, where=where)
    return found.why if isinstance(found, Refused) else replace(found, lost=together.pairs.lost)


def asked(pairs: Pairs, wish: Wish, where: str, *, columns: Predictions, seed: str) -> Asked:
    """Return how a wish asks on these rows; chance comes from `seed`, the metric and the slice."""
    digest = hashlib.sha256(f"{seed} {wish.rule.metric} {where}".encode()).digest()
    return Asked(
        alpha=wish.rule.alpha,
        sign=1.0 if wish.rule.direction == "higher" else -1.0,
        random=np.random.default_rng(int.from_bytes(digest[:16])),
        dependence=_dependence(pairs, columns),
    )


def _dependence(pairs: Pairs, columns: Predictions) -> Dependence:
    """Return which rows hang together. Blocks have the length n^⅓ that Künsch 1989 found best for a mean."""
    if columns.cluster:
        return Dependence(groups=grouping.by(columns.cluster, pairs.extra).codes)
    if columns.time:
        return Dependence(block=max(1, round(len(pairs) ** (1 / 3))))
    return INDEPENDENT


def _slices(together: Together) -> Iterator[tuple[str, Pairs | str]]:
    """Yield the rows of each value of each declared column, and the columns that are no slices with the reason."""
    yield from together.refused.items()
    kept = {name: together.pairs.extra[name] for name in together.kept}
    bare = replace(together.pairs, extra=kept)
    for column in together.slices:
        groups = grouping.by(column, together.pairs.extra)
        if len(groups.names) > MOST_VALUES:
            yield column, f"`{column}` has {len(groups.names):,} values, and a slice has at most {MOST_VALUES}"
            continue
        parts = dict(zip(groups.names, bare.split(groups.codes, len(groups.names)), strict=True))
        yield from ((f"{column}={name}", parts[name]) for name in sorted(parts))


def _weakest(together: Together, wishes: Iterable[Wish], meant: Meant) -> Iterator[Difference]:
    """Yield the groups of rows that lost most, for each primary gate that mltool knows the metric of."""
    pairs, columns = together.pairs, tuple(name for name in together.columns.slices if name in together.pairs.extra)
    for wish in wishes if columns else ():
        metric = meant[wish.rule.name]
        if not wish.rule.secondary and not isinstance(metric, Refused):
            chance = asked(pairs, wish, "the weakest", columns=together.columns, seed=together.seed)
            yield from slices.weakest(pairs, metric, columns, chance, name=wish.rule.metric)


def notes(pairs: Pairs) -> Iterator[str]:
    """Say which rows are not in the comparison, and whether the test set is another one."""
    lost = [
        (pairs.only_base, "of the base only"),
        (pairs.only_head, "of this change only"),
        (pairs.moved, "with another truth"),
    ]
    told = [f"{number:,} {where}" for number, where in lost if number]
    if not told:
        return
    yield f"Compared row by row: {len(pairs):,} rows that both sides have. Left out: {', '.join(told)}."
    most = len(pairs) + max(pairs.only_base, pairs.only_head) + pairs.moved
    if 1 - len(pairs) / most > WIDELY:
        yield (
            "The test set has changed between base and head: the metrics files are of different rows, and only the "
            "rows that both have say which model is better."
        )
