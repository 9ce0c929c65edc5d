"""A function of the repository as a metric: hand it rows in a process of its own, and take what it answers."""

import os
import signal
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from mltool import shell
from mltool.paired.interval import Floats
from mltool.paired.join import Pairs
from mltool.paired.plan import Answer, PartAnswer, PartPlan, Plan

PATIENCE = 2.0
"""So many times the seconds of the plan are waited for: imports and the first calls are not in them."""


Values = NDArray[Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """Rows on which a metric is asked for; rows of one unit (codes from 0, shape (n,)) change sides together."""

    pairs: Pairs
    units: NDArray[np.intp]
    seed: int = 0
    block: int | None = None
    drawn: bool = True


def call(function: str, folder: Path, parts: Iterable[Part], *, seconds: float) -> tuple[PartAnswer, ...] | str:
    """Return what `function` (`path:name`, in `folder`) gives on each part, or, as a clause, why it gives nothing.

    The process has none of the job's tokens, may take twice `seconds`, and leaves nothing running.
    """
    path, _, name = function.partition(":")
    if problem := _outside(folder, path):
        return problem
    asked = tuple(parts)
    plan = Plan(
        folder=str(folder.resolve()),
        file=path,
        name=name,
        seconds=seconds,
        parts=tuple(
            PartPlan(
                seed=part.seed,
                scores=(tuple(part.pairs.base_scores), tuple(part.pairs.head_scores)),
                block=part.block,
                drawn=part.drawn,
            )
            for part in asked
        ),
    )
    with tempfile.TemporaryDirectory(prefix="mltool-") as place:
        plan_path, arrays, answer = (Path(place, file) for file in ("plan.json", "rows.npz", "answer.json"))
        plan_path.write_bytes(msgspec.json.encode(plan))
        np.savez(
            arrays,
            allow_pickle=False,
            **{key: each for at, part in enumerate(asked) for key, each in _arrays(at, part).items()},
        )
        # -P and -B: nothing of the repository shadows a library, and nothing is written into it.
        command = (sys.executable, "-P", "-B", "-m", "mltool.paired.calling", plan_path, arrays, answer)
        code = shell.confined(command, cwd=folder, environ=shell.untrusted(os.environ), timeout=PATIENCE * seconds)
        if code is None:
            return f"{path}: `{name}` did not come to an end within {PATIENCE * seconds:g} s"
        return _answer(answer, code, f"{path}: `{name}`", len(asked))


def _outside(folder: Path, path: str) -> str:
    """Return why a file is none of this repository; empty where it is one."""
    place = folder / path
    if not place.is_file():
        return f"{path} is not there"
    return "" if place.resolve().is_relative_to(folder.resolve()) else f"{path} leads out of the repository"


def _arrays(at: int, part: Part) -> Mapping[str, Values]:
    pairs = part.pairs
    sides: tuple[tuple[str, Values, Mapping[str, Floats]], ...] = (
        ("base", pairs.base, pairs.base_scores),
        ("head", pairs.head, pairs.head_scores),
    )
    found = {f"{at}.truth": _words(pairs, pairs.truth), f"{at}.units": part.units}
    for side, labels, scores in sides:
        found[f"{at}.{side}"] = _words(pairs, labels)
        found |= {f"{at}.{side}.{place}": values for place, values in enumerate(scores.values())}
    return found


def _words(pairs: Pairs, codes: Values) -> Values:
    """Return classes as the file has them: numbers, truths or text; amounts as they are."""
    return np.asarray(pairs.written[codes]) if pairs.classes else codes


def _answer(place: Path, code: int, said: str, parts: int) -> tuple[PartAnswer, ...] | str:
    try:
        found = msgspec.json.decode(place.read_bytes(), type=Answer)
    except (OSError, msgspec.DecodeError):
        how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
        return f"{said} ended its process {how}, without a number"
    if found.why or len(found.parts) != parts:
        return found.why or f"{said} left no answer"
    return found.parts
