"""Regressions that people decided to live with for a time, each a line in the configuration."""

import math
from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from mltool.config import Accepted
from mltool.gates.verdict import Outcome, Verdict


def apply(verdict: Verdict, accepted: Iterable[Accepted], *, today: date) -> Verdict:
    """Return the verdict, as a pass that says why where its regression was accepted and that still holds `today`.

    What broke a limit, or fell further than what was accepted, fails all the same.
    """
    if verdict.outcome is not Outcome.FAIL or not regressed(verdict):
        return verdict
    found = [item for item in accepted if (item.metric, item.slice) == (verdict.metric, verdict.slice)]
    held = next((item for item in found if item.until >= today and _covers(item, verdict)), None)
    if held is not None:
        told = f"until {held.until}: {held.reason}"
        sentence = f"{verdict.sentence} Accepted {told.rstrip('.')}."
        return replace(verdict, outcome=Outcome.PASS, accepted=told, sentence=sentence)
    return replace(verdict, sentence=f"{verdict.sentence} {_over(found[-1], today)}") if found else verdict


def regressed(verdict: Verdict) -> bool:
    """Return whether the verdict is about a fall against the base, not about a limit or a missing number."""
    return verdict.limit is None and None not in (verdict.allowed, verdict.base, verdict.head)


def _covers(item: Accepted, verdict: Verdict) -> bool:
    if verdict.head is None or math.isclose(verdict.head, item.value, rel_tol=1e-6, abs_tol=1e-9):
        return True
    return verdict.head > item.value if verdict.direction == "higher" else verdict.head < item.value


def _over(item: Accepted, today: date) -> str:
    if item.until < today:
        return f"That it was accepted held until {item.until}."
    return f"What was accepted is {item.value:.6g}, and this is worse."
