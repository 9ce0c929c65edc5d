"""What a version may cost where it is to run, against what it was measured to cost there."""

from dataclasses import dataclass, fields
from typing import Final

from mltool.config import Budget
from mltool.gates.verdict import Outcome, Verdict

UNITS: Final = {"start_seconds": "s until ready", "memory_mb": "MB of memory", "p99_ms": "ms at p99"}


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What a version cost where it is to run: seconds until ready, MB (10⁶ bytes) of memory at most, and the time that
    99 of 100 requests of one row stayed below, in ms; None: not measured.
    """

    start_seconds: float | None = None
    memory_mb: float | None = None
    p99_ms: float | None = None


def judge(budget: Budget, measured: Measured, *, target: str) -> tuple[Verdict, ...]:
    """Return a verdict for each budget that is set; one that could not be measured is undecided, never passed."""
    limits = {item.name: getattr(budget, item.name) for item in fields(Budget)}
    return tuple(
        _verdict(name, limit, getattr(measured, name), target=target)
        for name, limit in limits.items()
        if limit is not None
    )


def outcome(verdicts: tuple[Verdict, ...]) -> Outcome:
    """Return fail before undecided before pass; skip where no budget is set."""
    found = {verdict.outcome for verdict in verdicts}
    return next((each for each in (Outcome.FAIL, Outcome.UNDECIDED, Outcome.PASS) if each in found), Outcome.SKIP)


def _verdict(name: str, limit: float, value: float | None, *, target: str) -> Verdict:
    unit = UNITS[name]
    if value is None:
        decided, said = (
            Outcome.UNDECIDED,
            f"not measured: the target {target} cannot, and the budget is {limit:g} {unit}.",
        )
    elif value > limit:
        decided, said = Outcome.FAIL, f"{value:g} {unit}; the budget is {limit:g}."
    else:
        decided, said = Outcome.PASS, f"{value:g} {unit}, within {limit:g}."
    return Verdict(
        gate=f"budget.{name}", metric="", outcome=decided, level="fail", sentence=f"{name}: {said}",
        direction="lower", head=value, allowed=limit, rule=f"at most {limit:g} {unit}", test="measured",
    )  # fmt: skip
