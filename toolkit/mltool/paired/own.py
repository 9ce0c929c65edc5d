"""A metric of the repository's own, a function of rows: permuted and drawn again, in a process that runs it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mltool.gates.difference import Difference, same
from mltool.gates.grounds import Wish
from mltool.paired import compare as paired
from mltool.paired import functions, resampling
from mltool.paired.compare import POWER
from mltool.paired.functions import Part
from mltool.paired.interval import FISHER, Asked, Dependence, Interval, permuted, quantile, student
from mltool.paired.join import Pairs
from mltool.paired.plan import SWAPS, PartAnswer

ROWS = "bootstrap"
ROWS_SOURCE = "Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 6"

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Question:
    """What is asked of a function: `pairs` are all rows that both sides have, `base` and `head` each side with itself,
    `parts` the slices (or why a column is none). `asking` returns how, for rows and a slice. `anew` says that the
    base's metrics file is not of its predictions.
    """

    wish: Wish
    pairs: Pairs
    base: Pairs
    head: Pairs
    parts: Mapping[str, Pairs | str]
    asking: Callable[[Pairs, str], Asked]
    anew: bool = False


@dataclass(frozen=True, kw_only=True)
class Answered:
    """The differences by slice (empty: all rows) or why there is none; `broken` says that nothing less may decide."""

    found: Mapping[str, Difference | str]
    broken: str = ""


def compare(question: Question, folder: Path | None) -> Answered:
    """Return what the function of the wish says of base and head.

    It runs in `folder`, the checked-out head; None where the head is not checked out, and nothing of it runs.
    """
    rule = question.wish.rule
    if folder is None:
        path, _, name = rule.function.partition(":")
        return _none(question, f"{path}: `{name}` runs only where this change is checked out and no commit is named")
    parts = {where: pairs for where, pairs in question.parts.items() if not isinstance(pairs, str)}
    asked = {where: question.asking(pairs, where) for where, pairs in (("", question.pairs), *parts.items())}
    drawn = [_part(pairs, asked[where]) for where, pairs in (("", question.pairs), *parts.items())]
    alone = [Part(pairs=pairs, units=np.arange(len(pairs)), drawn=False) for pairs in (question.base, question.head)]
    answers = functions.call(rule.function, folder, (*drawn, *alone), seconds=rule.seconds)
    if isinstance(answers, str):
        return _none(question, answers, broken=True)
    *known, base, head = answers
    if base.why or head.why:
        return _none(question, base.why or head.why, broken=True)
    if answer := _unlike(question, base.base, head.head):
        return answer
    found: dict[str, Difference | str] = {where: why for where, why in question.parts.items() if isinstance(why, str)}
    for (where, ask), part, answer_ in zip(asked.items(), drawn, known, strict=True):
        found[where] = _difference(question, where, part, ask, answer_)
    whole = found[""]
    return Answered(found=found, broken=whole if isinstance(whole, str) else "")


def _none(question: Question, why: str, *, broken: bool = False) -> Answered:
    return Answered(found=dict.fromkeys(("", *question.parts), why), broken=why if broken else "")


def _unlike(question: Question, base: float, head: float) -> Answered | None:
    """Return that the function does not give the values of the metrics files, where it does not."""
    wish = question.wish
    before = wish.base if not question.anew else base
    if same(base, before) and same(head, wish.head):
        return None
    if not question.anew and (denied := paired.denies((base, head), (wish.base, wish.head))):
        return _none(question, denied, broken=True)
    return _none(
        question,
        f"{wish.rule.function.partition(':')[0]} gives {base:.6g} at the base and {head:.6g} here, "
        f"the metrics files {before:.6g} and {wish.head:.6g}",
    )


def _part(pairs: Pairs, asked: Asked) -> Part:
    return Part(
        pairs=pairs,
        units=_units(len(pairs), asked.dependence),
        seed=int(asked.random.integers(2**62)),
        block=asked.dependence.block,
    )


def _units(rows: int, dependence: Dependence) -> NDArray[np.intp]:
    """Return what changes sides together: clusters, blocks side by side, or rows."""
    if dependence.groups is not None:
        return np.unique(dependence.groups, return_inverse=True)[1].astype(np.intp)
    return np.arange(rows) // (dependence.block or 1)


def _difference(question: Question, where: str, part: Part, asked: Asked, answer: PartAnswer) -> Difference | str:
    if answer.why:
        return answer.why
    delta = asked.sign * (answer.head - answer.base)
    units = int(part.units.max()) + 1
    swaps, draws = (asked.sign * np.array(each, dtype=np.float64) for each in (answer.swaps, answer.draws))
    try:
        found = interval(delta, swaps, draws, asked, units=units)
    except ValueError as error:
        return str(error)
    return Difference(
        metric=question.wish.rule.metric,
        slice=where,
        base=answer.base,
        head=answer.head,
        delta=delta,
        low=found.low,
        high=found.high,
        error=found.error,
        p_worse=found.p_worse,
        rows=len(part.pairs),
        groups=None if asked.dependence.groups is None else units,
        lost=question.pairs.lost,
        method=found.method,
        source=found.source,
        smallest_drop=(quantile(POWER) - quantile(asked.alpha)) * found.error,
    )


def interval(delta: float, swaps: Floats, draws: Floats, asked: Asked, *, units: int) -> Interval:
    """Return the t interval with the error of the differences that drawing units gave, shape (draws,), and zero in it
    where the permutation test does not reject zero: `swaps`, shape (swaps,), are those where units changed sides.

    Raises ValueError where the function had no value in more than one draw of twenty.
    """
    found, turned = (each[np.isfinite(each)] for each in (draws, swaps))
    if len(found) < 0.95 * len(draws) or len(turned) < 0.95 * len(swaps):
        raise ValueError("too few rows: in some samples the function raises or returns no number")
    method, source = _method(asked.dependence)
    # Units that are drawn vary by (units − 1) / units of what they do; and the error of few draws is itself unsure.
    error = float(found.std(ddof=1)) * (units / (units - 1)) ** 0.5 if units > 1 else float("inf")
    freedom = min(units, len(found)) - 1
    fewer = f" of {len(draws)} and {len(swaps)} draws" if len(swaps) < SWAPS else ""
    answer = student(delta, error, freedom, alpha=asked.alpha, method=method, source=source)
    return permuted(answer, _p_worse(turned, delta, error), alpha=asked.alpha, source=FISHER, fewer=fewer)


def _p_worse(swaps: Floats, delta: float, error: float) -> float:
    """Return the mid-p value of "the head is not worse", never 0: what was measured is one of the ways to choose sides.

    An amount may be large, and the order of summing shows in its last digits.
    """
    alike = np.isclose(swaps, delta, rtol=1e-9, atol=1e-12)
    p = (np.count_nonzero((swaps < delta) & ~alike) + 0.5 * np.count_nonzero(alike) + 0.5) / (len(swaps) + 1)
    return 1.0 if delta == 0 and error == 0 else float(p)


def _method(dependence: Dependence) -> tuple[str, str]:
    if dependence.groups is not None:
        return resampling.CLUSTER, resampling.CLUSTER_SOURCE
    if dependence.block is not None:
        return resampling.BLOCK, resampling.BLOCK_SOURCE
    return ROWS, ROWS_SOURCE
