"""Two models on the same rows, made from a seed."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mltool.paired.interval import INDEPENDENT, Asked, Dependence
from mltool.paired.join import Pairs


def asked(seed: int = 0, *, alpha: float = 0.05, sign: float = 1.0, dependence: Dependence = INDEPENDENT) -> Asked:
    """Ask with a generator of its own, so that the same seed gives the same answer."""
    return Asked(alpha=alpha, sign=sign, random=np.random.default_rng(seed), dependence=dependence)


def binary(random: np.random.Generator, rows: int, *, loss: float = 0.0, ties: bool = False) -> Pairs:
    """Two classifiers with scores; the head's score is noisier by `loss`. With ties, scores have one digit."""
    truth = (random.random(rows) < 0.4).astype(np.intp)
    shared = truth * 1.4 - 0.7 + random.normal(size=rows)
    logits = [shared + random.normal(size=rows) * noise for noise in (0.5, 0.5 + loss)]
    scores = [1.0 / (1.0 + np.exp(-each)) for each in logits]
    if ties:
        scores = [np.round(each, 1) for each in scores]
    labels = [(each > 0.5).astype(np.intp) for each in scores]
    return Pairs(
        classes=("no", "yes"),
        truth=truth,
        base=labels[0],
        head=labels[1],
        base_scores={"": scores[0]},
        head_scores={"": scores[1]},
    )


def several(random: np.random.Generator, rows: int, *, classes: int = 4) -> Pairs:
    """Two classifiers of several classes, each right in about seven of ten rows, with probabilities."""
    truth = random.integers(classes, size=rows)
    labels = [np.where(random.random(rows) < 0.7, truth, random.integers(classes, size=rows)) for _ in range(2)]
    names = tuple(f"c{code}" for code in range(classes))
    chances = [random.dirichlet(np.ones(classes), size=rows) for _ in range(2)]
    columns = [{name: each[:, code] for code, name in enumerate(names)} for each in chances]
    return Pairs(
        classes=names, truth=truth, base=labels[0], head=labels[1], base_scores=columns[0], head_scores=columns[1]
    )


def amounts(random: np.random.Generator, rows: int, *, loss: float = 0.0) -> Pairs:
    """Two regressions whose errors are skewed."""
    truth = random.gamma(2.0, 10.0, rows)
    shared = random.normal(size=rows) * truth / 5
    base, head = (truth + shared + random.normal(size=rows) * noise for noise in (2.0, 2.0 + loss))
    return Pairs(classes=(), truth=truth, base=base, head=head)


def swapped(pairs: Pairs, coin: NDArray[np.bool_]) -> Pairs:
    """Change the sides of the rows with a coin: neither is better then."""

    def mixed(one: Any, other: Any) -> Any:
        return np.where(coin, other, one)

    scores = {
        side: {name: mixed(mine[name], other[name]) for name in mine}
        for side, mine, other in (
            ("base_scores", pairs.base_scores, pairs.head_scores),
            ("head_scores", pairs.head_scores, pairs.base_scores),
        )
    }
    return Pairs(
        classes=pairs.classes,
        truth=pairs.truth,
        base=mixed(pairs.base, pairs.head),
        head=mixed(pairs.head, pairs.base),
        **scores,
    )
