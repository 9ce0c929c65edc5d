"""One simulated pull request: a test set drawn from a pool, both models on it, and what each rule says."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy import special

from benchmarks.experiment.pools import Array, Model, Pool
from mltool.config import Config, Gate
from mltool.gates import pipeline
from mltool.gates.difference import Difference
from mltool.gates.grounds import Grounds
from mltool.gates.verdict import Outcome
from mltool.paired import by_cells, by_rows, cells, compare, metrics
from mltool.paired.interval import INDEPENDENT, Asked, Dependence
from mltool.paired.join import Pairs
from mltool.snapshot.model import Values

ALPHA: Final = 0.05
TOLERANCE: Final = "1%"
"""What `mltool init` writes for a gate."""
NONE: Final = "none"
GATE, STRICT = "mltool", "mltool, no tolerance"
DROPPED, FIXED, ALONE = "fail if it dropped", "fixed tolerance", "paired test alone"
RULES: Final = (GATE, STRICT, DROPPED, FIXED, ALONE)
PATH, COLUMN = "metrics.json", "group"
DRAWS: Final = 1000
LOWER: Final = ("rmse",)
"""Keys of which less is better."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a rule made of one pull request; `slice_blocked` where it was a slice that it failed."""

    blocked: bool
    undecided: bool = False
    slice_blocked: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Test:
    """The rows of one test set; `slices` are the same rows cut in groups."""

    pairs: Pairs
    dependence: Dependence
    slices: Mapping[str, Pairs]


def draw(
    pool: Pool, change: str, rows: int, random: np.random.Generator, *, clustered: bool = False, sliced: bool = False
) -> Test:
    """Return a test set of `rows` rows, or about as many in whole clusters.

    Without a change, a coin decides for each row (or cluster) which of two models is the head: neither is better. In
    clusters the two are not alike, so that the rows of one cluster go up or down together.
    """
    places, groups = _clusters(pool, rows, random) if clustered else (random.integers(len(pool.truth), size=rows), None)
    other = pool.worse[change] if change != NONE else pool.worse["small"] if clustered else pool.twin
    coin = np.zeros(len(places), bool)
    if change == NONE:
        coin = random.random(len(places)) < 0.5 if groups is None else (random.random(groups[-1] + 1) < 0.5)[groups]
    base, head = _at(pool.base, places), _at(other, places)
    pairs = paired(pool, places, _mixed(base, head, coin), _mixed(head, base, coin))
    slices = {}
    if sliced:
        code = pool.group[places]
        slices = {f"{COLUMN}={name}": pairs.at(np.flatnonzero(code == name)) for name in np.unique(code)}
    return Test(pairs=pairs, dependence=INDEPENDENT if groups is None else Dependence(groups=groups), slices=slices)


def judge(test: Test, metric: metrics.Metric, *, key: str, random: np.random.Generator) -> dict[str, Said]:
    """Return what every rule says of one metric, whose key in the metrics file is `key`."""
    higher = key not in LOWER
    asked = Asked(alpha=ALPHA, sign=1.0 if higher else -1.0, random=random, dependence=test.dependence)
    name = f"{PATH}:{key}"
    whole = compare.measure(metric, test.pairs, asked, name=name)
    if not isinstance(whole, Difference):
        return {rule: Said(blocked=False, undecided=True) for rule in RULES}
    found: dict[str, Difference | str] = {"": whole}
    for where, pairs in test.slices.items():
        part = compare.measure(metric, pairs, asked, name=name, where=where)
        found[where] = part if isinstance(part, Difference) else part.why
    drops = [part for part in found.values() if isinstance(part, Difference)]
    plain = replace(asked, dependence=INDEPENDENT)
    p = [_alone(metric, pairs, plain) for pairs in (test.pairs, *test.slices.values())]
    return {
        GATE: _gate(found, key, TOLERANCE),
        STRICT: _gate(found, key, 0.0),
        DROPPED: _any([part.delta < 0 for part in drops]),
        FIXED: _any([-part.delta > 0.01 * abs(part.base) for part in drops]),
        ALONE: _any([value <= ALPHA for value in p]),
    }


def _gate(found: Mapping[str, Difference | str], key: str, tolerance: float | str) -> Said:
    """Return what the gate says, asked as `mltool gate` asks it."""
    whole = found[""]
    sides = (whole.base, whole.head) if isinstance(whole, Difference) else (0.0, 0.0)
    gate = Gate(
        metric=f"{PATH}:{key}",
        direction="lower" if key in LOWER else "higher",
        tolerance=tolerance,
        alpha=ALPHA,
        slices=(COLUMN,) if len(found) > 1 else (),
    )
    before, after = ((Values(path=PATH, values={key: value}),) for value in sides)
    grounds = Grounds(paired={(key, where): part for where, part in found.items()})
    verdicts = pipeline.judge(Config(gates={key: gate}), base=before, head=after, has_base=True, grounds=grounds)
    failed = [verdict for verdict in verdicts if verdict.outcome is Outcome.FAIL and verdict.level == "fail"]
    return Said(
        blocked=bool(failed),
        undecided=not failed and verdicts[0].outcome is Outcome.UNDECIDED,
        slice_blocked=any(verdict.slice for verdict in failed),
    )


def _any(failed: list[bool]) -> Said:
    return Said(blocked=any(failed), slice_blocked=any(failed[1:]))


def _alone(metric: metrics.Metric, pairs: Pairs, asked: Asked) -> float:
    """Return the one-sided p-value of a paired test and nothing else: exact for accuracy, by permutation of the two
    models for F1, in its normal form for what has an influence a row.
    """
    if isinstance(metric, metrics.Cells):
        table = cells.count(by_cells.codes(pairs), classes=len(pairs.classes))
        both, counts = cells.swapped(table, draws=DRAWS, random=asked.random)
        sides = (cells.matrices(of, many) for of, many in ((table, table.counts[None]), (both, counts)))
        observed, drawn = (metric.of(after) - metric.of(before) for before, after in sides)
        return float((np.count_nonzero(drawn <= observed + 1e-12) + 1) / (DRAWS + 1))
    if not isinstance(metric, metrics.Rows):
        raise TypeError(metric.name)
    try:
        delta, moved = by_rows.differences(metric, pairs, asked.sign)
    except ValueError:
        return 1.0
    if metric.kind == "right":
        lost, won = np.count_nonzero(moved < 0), np.count_nonzero(moved > 0)
        return float(special.bdtrc(lost - 1, lost + won, 0.5))
    error = float(np.sqrt(np.sum((moved - moved.mean() + delta) ** 2))) / len(moved)
    return float(special.ndtr(delta / error)) if error else 1.0


def _clusters(pool: Pool, rows: int, random: np.random.Generator) -> tuple[Array, Array]:
    """Return the rows of whole clusters, each drawn with replacement, and the cluster of each row."""
    order, starts, sizes = pool.clusters
    drawn = random.integers(len(sizes), size=max(2, round(rows / sizes.mean())))
    places = np.concatenate([order[starts[one] : starts[one] + sizes[one]] for one in drawn])
    return places, np.repeat(np.arange(len(drawn)), sizes[drawn])


def _at(model: Model, places: Array) -> Model:
    return Model(label=model.label[places], score=None if model.score is None else model.score[places])


def _mixed(one: Model, other: Model, coin: Array) -> Model:
    score = None if one.score is None or other.score is None else np.where(coin, other.score, one.score)
    return Model(label=np.where(coin, other.label, one.label), score=score)


def paired(pool: Pool, places: Array, base: Model, head: Model) -> Pairs:
    """Return what two models say of the rows at `places`."""
    scores: Iterator[dict[str, Array]] = ({} if side.score is None else {"": side.score} for side in (base, head))
    return Pairs(
        classes=pool.classes,
        truth=pool.truth[places],
        base=base.label,
        head=head.label,
        base_scores=next(scores),
        head_scores=next(scores),
    )
