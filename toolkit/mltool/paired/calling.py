"""The process in which a function of the repository computes a metric: here it may raise, exit, hang or fill memory.

Run as `python -m mltool.paired.calling PLAN ARRAYS ANSWER`. Nothing is unpickled, on neither side.
"""

import importlib.util
import math
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from mltool.paired import resampling
from mltool.paired.plan import DRAWS, SWAPS, Answer, PartAnswer, PartPlan, Plan

SHARES = (1.0, 0.5, 0.2, 0.1)
"""So much of the draws is made where all of them would take too long."""
MEMORY = 8 << 30
"""Bytes that the function may ask for."""

Values = NDArray[Any]
Score = Values | dict[str, Values] | None


@dataclass(frozen=True, kw_only=True, eq=False)
class _Rows:
    """The rows of one part; `labels` and `scores` are of base and head, `units` codes from 0, shape (n,)."""

    truth: Values
    labels: tuple[Values, Values]
    scores: tuple[Score, Score]
    units: Values


class _RefusedError(Exception):
    """The function gave no number, and why."""


@dataclass(frozen=True, kw_only=True)
class _Function:
    """The repository's function; `place` is its file on disk, `said` how to name both in a sentence."""

    of: Callable[[Values, Values, Score], object]
    place: str
    said: str

    def value(self, truth: Values, label: Values, score: Score) -> float:
        """Return what the function gives, on copies that it may change; raises _RefusedError for no finite number."""
        try:
            found = self.of(truth, label, score)
        except BaseException as error:  # sys.exit and Ctrl-C of the function too are its own
            raise _RefusedError(f"{self.said} raises {_named(error, self.place)}") from error
        if isinstance(found, bool | np.bool_) or not isinstance(found, int | float | np.integer | np.floating):
            raise _RefusedError(f"{self.said} returns {_article(type(found).__name__)}, not a number")
        try:
            value = float(found)
        except OverflowError as error:
            raise _RefusedError(f"{self.said} returns a number that is too large") from error
        if not math.isfinite(value):
            raise _RefusedError(f"{self.said} returns {value}, not a finite number")
        return value


def main(plan_path: str, arrays_path: str, answer_path: str) -> None:
    """Compute, and write the answer as JSON where the plan's maker looks for it."""
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    plan = msgspec.json.decode(Path(plan_path).read_bytes(), type=Plan)
    # Where whoever started this is gone, nobody else ends it.
    signal.alarm(math.ceil(3 * plan.seconds))
    with np.load(arrays_path, allow_pickle=False) as arrays:
        rows = [_rows(arrays, place, part) for place, part in enumerate(plan.parts)]
    try:
        answer = Answer(parts=tuple(_answers(plan, rows, _load(plan))))
    except _RefusedError as error:
        answer = Answer(why=str(error))
    Path(answer_path).write_bytes(msgspec.json.encode(answer))


def _rows(arrays: Any, place: int, part: PartPlan) -> _Rows:
    def score(side: str, names: tuple[str, ...]) -> Score:
        found = {name: arrays[f"{place}.{side}.{at}"] for at, name in enumerate(names)}
        return found.get("", found or None)

    return _Rows(
        truth=arrays[f"{place}.truth"],
        labels=(arrays[f"{place}.base"], arrays[f"{place}.head"]),
        scores=(score("base", part.scores[0]), score("head", part.scores[1])),
        units=arrays[f"{place}.units"],
    )


def _load(plan: Plan) -> _Function:
    """Return the function; raises _RefusedError where its file cannot be imported or has none of that name."""
    place = Path(plan.folder, plan.file)
    said = f"{plan.file}: `{plan.name}`"
    sys.path[:0] = [str(place.parent), plan.folder]
    spec = importlib.util.spec_from_file_location(place.stem, place)
    if spec is None or spec.loader is None:
        raise _RefusedError(f"{plan.file} is no file of Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[place.stem] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        raise _RefusedError(f"{said} cannot be imported: the file raises {_named(error, str(place))}") from error
    found = getattr(module, plan.name, None)
    if not callable(found):
        raise _RefusedError(f"{plan.file} has no function `{plan.name}`")
    return _Function(of=found, place=str(place), said=said)


def _answers(plan: Plan, rows: list[_Rows], function: _Function) -> Iterator[PartAnswer]:
    """Yield the answers; raises _RefusedError where all rows have no value, or one call takes too long."""
    measured = [_measured(function, part, whole=not place) for place, part in enumerate(rows)]
    asked = [part.drawn and not answer.why for part, (answer, _) in zip(plan.parts, measured, strict=True)]
    cost = sum(took for wanted, (_, took) in zip(asked, measured, strict=True) if wanted) * (SWAPS + DRAWS)
    share = next((share for share in SHARES if share * cost <= plan.seconds), None)
    if share is None:
        slowest = max(took for _, took in measured) / 2
        raise _RefusedError(
            f"{function.said} takes {slowest:.2g} s a call, so that {SHARES[-1] * (SWAPS + DRAWS):.0f} draws take more "
            f"than {plan.seconds:g} s (`seconds` of the gate)"
        )
    for part, here, wanted, (answer, _) in zip(plan.parts, rows, asked, measured, strict=True):
        yield _drawn(function, part, here, answer, share) if wanted else answer


def _measured(function: _Function, rows: _Rows, *, whole: bool) -> tuple[PartAnswer, float]:
    """Return the metric of both sides, and how many seconds that takes: twice, since the first call may load things."""
    every = np.arange(len(rows.truth))
    try:
        first = _both(function, rows, every)
        begun = time.perf_counter()
        again = _both(function, rows, every)
        took = time.perf_counter() - begun
    except _RefusedError as error:
        if whole:
            raise
        return PartAnswer(why=str(error)), 0.0
    if not np.allclose(first, again, rtol=1e-9, atol=0):
        raise _RefusedError(f"{function.said} returns another number for the same rows when it is called again")
    return PartAnswer(base=first[0], head=first[1]), took


def _drawn(function: _Function, part: PartPlan, rows: _Rows, answer: PartAnswer, share: float) -> PartAnswer:
    random = np.random.default_rng(part.seed)
    count, units = len(rows.truth), int(rows.units.max()) + 1
    every = np.arange(count)
    coins = (random.random(units)[rows.units] < 0.5 for _ in range(round(SWAPS * share)))
    swaps = tuple(_moved(function, rows, every, coin) for coin in coins)
    number = round(DRAWS * share)
    weights = (
        resampling.block_weights(count, length=part.block, draws=number, random=random)
        if part.block
        else resampling.cluster_weights(rows.units, draws=number, random=random)
    )
    draws = tuple(_moved(function, rows, np.repeat(every, weight.astype(np.intp))) for weight in weights)
    return PartAnswer(base=answer.base, head=answer.head, swaps=swaps, draws=draws)


def _moved(function: _Function, rows: _Rows, taken: Values, coin: Values | None = None) -> float | None:
    try:
        base, head = _both(function, rows, taken, coin)
    except _RefusedError:
        return None
    return head - base


def _both(function: _Function, rows: _Rows, taken: Values, coin: Values | None = None) -> tuple[float, float]:
    """Return the metric of base and head on the rows at `taken`; those flagged by `coin` change sides."""
    labels, scores = rows.labels, rows.scores
    if coin is not None:
        labels = np.where(coin, labels[1], labels[0]), np.where(coin, labels[0], labels[1])
        scores = _swapped(scores[0], scores[1], coin), _swapped(scores[1], scores[0], coin)
    base, head = (
        function.value(rows.truth[taken], label[taken], _taken(score, taken))
        for label, score in zip(labels, scores, strict=True)
    )
    return base, head


def _swapped(own: Score, other: Score, coin: Values) -> Score:
    if isinstance(own, dict) and isinstance(other, dict):
        return {name: np.where(coin, other[name], own[name]) for name in own if name in other}
    if isinstance(own, np.ndarray) and isinstance(other, np.ndarray):
        return np.where(coin, other, own)
    return None


def _taken(score: Score, taken: Values) -> Score:
    if isinstance(score, dict):
        return {name: values[taken] for name, values in score.items()}
    return None if score is None else score[taken]


def _named(error: BaseException, place: str) -> str:
    """Return the type of an exception, with the last line of the function's file that it went through."""
    line = error.lineno if isinstance(error, SyntaxError) and error.filename == place else None
    step = error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename == place:
            line = step.tb_lineno
        step = step.tb_next
    at = f" at line {line}" if line else " when it is called with truth, label and score"
    return f"{type(error).__name__}{at}"


def _article(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


if __name__ == "__main__":
    main(*sys.argv[1:])
