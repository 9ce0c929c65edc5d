"""How sure one can be of a difference: its bounds, its standard error, and by which method."""

import math
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from mltool.gates import distributions

Floats = NDArray[np.float64]

FISHER = "Fisher 1935, section 21"
"""Where a permutation test is described."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Dependence:
    """Which rows hang together: those of one cluster (`groups`, codes from 0, shape (n,)), or `block` neighbours, where
    the rows are in the order of time. Neither: rows are independent.
    """

    groups: NDArray[np.intp] | None = None
    block: int | None = None


INDEPENDENT = Dependence()


@dataclass(frozen=True, kw_only=True, eq=False)
class Asked:
    """How to answer: bounds at confidence 1 − `alpha` each, `sign` −1 where lower is better, chance from `random`."""

    alpha: float
    sign: float
    random: np.random.Generator
    dependence: Dependence = field(default=INDEPENDENT)


@dataclass(frozen=True, kw_only=True)
class Interval:
    """One-sided bounds of a difference, turned so that more is better, with the p-value of "the head is not worse".

    `notes` are sentences that whoever reads the bounds must know.
    """

    low: float
    high: float
    error: float
    p_worse: float
    method: str
    source: str
    notes: tuple[str, ...] = ()


def student(delta: float, error: float, freedom: float, *, alpha: float, method: str, source: str) -> Interval:
    """Return the t interval; `freedom` is infinite for the normal one. No error at all: the difference is certain."""
    if not freedom >= 1 or not math.isfinite(error):
        return Interval(low=-math.inf, high=math.inf, error=math.inf, p_worse=1.0, method=method, source=source)
    reach = -quantile(alpha, freedom) * error
    certain = 0.0 if delta < 0 else 1.0
    p = distributions.student(delta / error, freedom) if error > 0 else certain
    return Interval(low=delta - reach, high=delta + reach, error=error, p_worse=p, method=method, source=source)


def agreed(
    found: Interval, *, p_worse: float, alpha: float, p_better: float | None = None, method: str = "", source: str = ""
) -> Interval:
    """Return the interval with the p-value of another test, and zero in it where that test does not reject zero;
    `p_better` is its p-value of "the head is no better", where that is not the rest of the other one.
    """
    p_better = 1.0 - p_worse if p_better is None else p_better
    return replace(
        found,
        low=found.low if p_better <= alpha else min(found.low, 0.0),
        high=found.high if p_worse <= alpha else max(found.high, 0.0),
        p_worse=p_worse,
        method=method or found.method,
        source=source or found.source,
    )


def permuted(found: Interval, p: float, *, alpha: float, source: str, fewer: str = "") -> Interval:
    """Return the interval that a permutation test, whose mid-p value of "the head is not worse" is `p`, has to agree
    with; `source` says where the test is described, `fewer` how many draws were made where not all were.
    """
    return agreed(
        found,
        p_worse=max(p, found.p_worse),
        p_better=max(1.0 - p, 1.0 - found.p_worse),
        alpha=alpha,
        method=f"{found.method} and permutation{fewer}",
        source=f"{found.source}; {source}",
    )


def tested(found: Interval, delta: float, *, p_worse: float, alpha: float, method: str, source: str) -> Interval:
    """Return the interval of which zero is a part where an exact test does not reject it, and nowhere else: ends that
    are too wide are those of Miettinen 1976 (doi:10.1093/oxfordjournals.aje.a112223), drawn from the test itself.
    """
    answer = agreed(found, p_worse=p_worse, alpha=alpha, method=method, source=source)
    p = min(p_worse, 1.0 - p_worse)
    if p > alpha or delta == 0:
        return answer
    end = delta * (1.0 - quantile(alpha) / quantile(max(p, 1e-300)))
    return replace(answer, high=min(answer.high, end)) if delta < 0 else replace(answer, low=max(answer.low, end))


def quantile(share: float, freedom: float = math.inf) -> float:
    """Return the value of Student's distribution below which `share` of it lies; infinite freedom is the normal one."""
    return distributions.student_quantile(share, freedom)


def drawn(draws: Floats, *, delta: float, alpha: float, method: str, source: str) -> Interval:
    """Return the percentile interval of bootstrap differences, shape (draws,), around the observed `delta`.

    The p-value counts draws on the other side of zero (Efron and Tibshirani 1993, section 15.4), never as none.
    Raises ValueError where the metric was not defined in more than one draw of twenty: the rest would be biased.
    """
    found = draws[np.isfinite(draws)]
    if len(found) < 0.95 * len(draws):
        raise ValueError("too few rows: in some samples the metric is not defined")
    low, high = np.quantile(found, [alpha, 1 - alpha])
    error = float(found.std(ddof=1))
    above = float(np.count_nonzero(found > 0) + 0.5 * np.count_nonzero(found == 0))
    p = (above + 1) / (len(found) + 1) if error > 0 or delta else 1.0
    return Interval(low=float(low), high=float(high), error=error, p_worse=p, method=method, source=source)
