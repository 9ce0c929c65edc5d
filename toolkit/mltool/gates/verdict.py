"""What a gate answers: an outcome and the sentence that explains it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

Level = Literal["fail", "warn"]
Direction = Literal["higher", "lower"]
Trend = Literal["better", "worse", "same", "unknown"]
TESTS: Final = "tests"
"""The `test` of the verdict on a run of the model tests."""


class Outcome(StrEnum):
    """The four answers. Undecided is never a pass."""

    PASS = "pass"
    FAIL = "fail"
    UNDECIDED = "undecided"
    SKIP = "skip"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One gate's answer about one metric (`metric` is `path:key`; empty for a gate on the pipeline itself).

    `base`, `head` and `delta` (head − base) are in the metric's own unit, None when absent or not a number.
    `allowed` is how much worse than the base still passes, in that unit too. `test` names the kind of comparison that
    decided, `why` why no better one did.

    `limit` is the floor or ceiling that the head is beyond: it fails, whatever the interval beside it says.

    Where an interval was found, `measured` is head − base over the rows that were compared, and `low` and `high` are
    its bounds, each at confidence 1 − `alpha`; `delta` is that of the metrics files, which may be of other rows. The
    outcome is that of `measured`. `lost` is the share of the base's rows that were not compared, where it is too large
    for a pass. `p_worse` is the one-sided p-value of "the head is not worse", by Holm where several were asked
    together. `rows` counts pairs, `groups` their clusters, `repeats` the trainings of the side that has fewer; `method`
    says what was done and `source` where that is described. `smallest_drop` would be seen in 4 of 5 cases,
    `rows_needed` (about) would decide. `slice` is `column=value`, empty for all rows. `blind` says that a slice has too
    few rows to show a drop as large as is allowed, `accepted` why people live with a regression, and until when.
    `recorded` is what the base's own metrics file says, where `base` is what its model scores on the head's test set.
    """

    gate: str
    metric: str
    outcome: Outcome
    level: Level
    sentence: str
    trend: Trend = "unknown"
    direction: Direction | None = None
    base: float | None = None
    head: float | None = None
    delta: float | None = None
    allowed: float | None = None
    rule: str = ""
    test: str = "tolerance"
    declared: bool = True
    slice: str = ""
    low: float | None = None
    high: float | None = None
    alpha: float | None = None
    p_worse: float | None = None
    rows: int | None = None
    groups: int | None = None
    repeats: int | None = None
    method: str = ""
    source: str = ""
    why: str = ""
    smallest_drop: float | None = None
    rows_needed: int | None = None
    suspicious: bool = False
    accepted: str = ""
    recorded: float | None = None
    limit: float | None = None
    measured: float | None = None
    lost: float | None = None
    blind: bool = False

    @property
    def blocks(self) -> bool:
        """Return whether this verdict alone stops the pull request."""
        return self.outcome is Outcome.FAIL and self.level == "fail"


def overall(verdicts: Iterable[Verdict]) -> Outcome:
    """Return fail if any verdict blocks, else undecided if any is, else pass; skip when no model was judged.

    A pipeline whose dvc.lock is in order says nothing about the model: without a judged metric, or model tests that
    ran, there is no pass. Blind slices leave the outcome as it is: they are as blind for every change, and `strictly`
    counts them.
    """
    judged = [verdict for verdict in verdicts if verdict.outcome is not Outcome.SKIP]
    if any(verdict.blocks for verdict in judged):
        return Outcome.FAIL
    if any(_open(verdict) and not verdict.blind for verdict in judged):
        return Outcome.UNDECIDED
    answered = (verdict for verdict in judged if verdict.outcome is not Outcome.UNDECIDED)
    return Outcome.PASS if any(map(_of_model, answered)) else Outcome.SKIP


def strictly(outcome: Outcome, verdicts: Iterable[Verdict]) -> Outcome:
    """Return the outcome for whoever wants no doubt left: beside a slice that cannot be seen nothing has passed."""
    if outcome is Outcome.FAIL or not any(_open(verdict) for verdict in verdicts):
        return outcome
    return Outcome.UNDECIDED


def _of_model(verdict: Verdict) -> bool:
    return verdict.declared and (verdict.metric != "" or verdict.test == TESTS)


def _open(verdict: Verdict) -> bool:
    return verdict.outcome is Outcome.UNDECIDED and verdict.level == "fail"
