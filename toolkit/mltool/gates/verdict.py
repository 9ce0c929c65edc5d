"""What a gate answers: an outcome and the sentence that explains it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Level = Literal["fail", "warn"]
Direction = Literal["higher", "lower"]
Trend = Literal["better", "worse", "same", "unknown"]


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
    `allowed` is how much worse than the base still passes, in that unit too. `test` names the method that decided.
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

    @property
    def blocks(self) -> bool:
        """Return whether this verdict alone stops the pull request."""
        return self.outcome is Outcome.FAIL and self.level == "fail"


def overall(verdicts: Iterable[Verdict]) -> Outcome:
    """Return fail if any verdict blocks, else undecided if any is, else pass; skip when no metric was judged.

    A pipeline whose dvc.lock is in order says nothing about the model: without a judged metric there is no pass.
    """
    judged = [verdict for verdict in verdicts if verdict.outcome is not Outcome.SKIP]
    if any(verdict.blocks for verdict in judged):
        return Outcome.FAIL
    if any(verdict.outcome is Outcome.UNDECIDED and verdict.level == "fail" for verdict in judged):
        return Outcome.UNDECIDED
    answered = (verdict for verdict in judged if verdict.outcome is not Outcome.UNDECIDED)
    return Outcome.PASS if any(verdict.metric and verdict.declared for verdict in answered) else Outcome.SKIP
