"""What a comparison of two models on the same rows answers: the difference, and how sure one can be of it."""

import math
from dataclasses import dataclass

SAME = 5e-5
"""How far a value of the metrics file may lie from what the predictions give, of its size: files round."""
NEWS = 1e-6
"""Two values that lie no farther apart, of their size, and print the same to six digits, are one."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Head against base of one metric, turned so that more is better; `base` and `head` are in the metric's own unit.

    `metric` is `path:key`; `slice` is `column=value`, or empty for all rows. `low` and `high` are one-sided bounds of
    `delta`, each at confidence 1 − α; `error` is its standard error (None where the method has none) and `p_worse` the
    one-sided p-value of "the head is not worse". `rows` counts pairs, `groups` the clusters they come in (None: rows
    are independent), `repeats` the trainings on the side that has fewer (None: it was not asked). `lost` is the share
    of the base's rows that the head has not, or with another truth, so that they are not compared. `method` says what
    was done and `source` where that is described; `why` says why no better method was taken. `smallest_drop` is the
    drop that these rows would show in 4 of 5 cases. `notes` are sentences that the verdict says too.
    """

    metric: str
    slice: str = ""
    base: float
    head: float
    delta: float
    low: float
    high: float
    error: float | None = None
    p_worse: float | None = None
    rows: int
    groups: int | None = None
    repeats: int | None = None
    lost: float = 0.0
    method: str
    source: str
    why: str = ""
    smallest_drop: float | None = None
    notes: tuple[str, ...] = ()


def same(computed: float, written: float) -> bool:
    """Return whether a metric is what a file says, which may be rounded."""
    return math.isclose(computed, written, rel_tol=SAME, abs_tol=SAME / 10)


def alike(was: float, value: float) -> bool:
    """Return whether two values of metrics files are the same but for their last digits; counts are so or not."""
    if was == value or (was.is_integer() and value.is_integer()):
        return was == value
    return f"{was:.6g}" == f"{value:.6g}" and math.isclose(was, value, rel_tol=NEWS)
