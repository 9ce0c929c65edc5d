"""A verdict from a difference and its interval: a regression, not worse, or undecided.

A drop fails where it is certain (the whole interval lies below zero) and measured to be more than is allowed: of models
that are equally good, or worse by less than is allowed, this blocks fewer (benchmarks/experiment). A model is not worse
where the whole interval lies above the margin. In between nobody knows.
"""

import math
from dataclasses import replace

from mltool.gates import repeats
from mltool.gates.difference import Difference
from mltool.gates.grounds import SAME_ROWS
from mltool.gates.rules import Settings
from mltool.gates.verdict import Outcome, Trend, Verdict

FEWEST = 30
"""Of fewer rows a slice is not judged."""
LEAKED = 0.5
"""An improvement that leaves less than this share of what was wrong is more often leakage than skill."""
LOST = 0.01
"""A head that leaves out, or relabels, more of the base's rows may leave out what it made worse."""
_DIGITS = 6


def judge(
    rule: Settings, found: Difference, start: Verdict, *, p_worse: float | None = None, unseen: str = SAME_ROWS
) -> Verdict:
    """Return `start`, which has both values, with the outcome that the interval gives and the sentence that says why.

    `p_worse` is the p-value where several were asked together; alone, the interval decides. `unseen` is what to say of
    rows that only the base has.
    """
    margin = rule.allowed(found.base)
    outcome = _outcome(rule, found, margin, p_worse)
    # Of several repeats it is not the rows alone that decide, and where some were left out not their number.
    by_rows = start.test == "paired" and found.repeats is None and (_short(found) or found.lost <= LOST)
    needed = _rows_needed(found, margin) if outcome is Outcome.UNDECIDED and by_rows else None
    suspicious = found.low > 0 and _leaks(found, higher=rule.direction == "higher")
    low, high = (found.low, found.high) if rule.direction == "higher" else (-found.high, -found.low)
    trend: Trend = "same" if found.delta == 0 else "better" if found.delta > 0 else "worse"
    judged = replace(
        start,
        outcome=outcome,
        trend=trend,
        allowed=margin,
        measured=_plain(found.delta if rule.direction == "higher" else -found.delta),
        low=_plain(low),
        high=_plain(high),
        alpha=rule.alpha,
        p_worse=_plain(found.p_worse if p_worse is None else p_worse),
        rows=found.rows,
        groups=found.groups,
        repeats=found.repeats,
        method=found.method,
        source=found.source,
        smallest_drop=_plain(found.smallest_drop),
        rows_needed=needed,
        suspicious=suspicious,
        lost=_plain(found.lost) if found.lost > LOST else None,
    )
    return replace(judged, sentence=_sentence(judged, found, margin, unseen))


def span(low: float, high: float) -> str:
    """Return an interval of an improvement in words, the nearer end first."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return "anything"
    if high < 0:
        return f"{-high:.3g} to {-low:.3g} worse"
    return f"{low:.3g} to {high:.3g} better" if low > 0 else f"{abs(low):.3g} worse to {high:.3g} better"


def blind(verdict: Verdict) -> bool:
    """Return whether the rows of an undecided verdict are too few to show a drop as large as its margin."""
    if verdict.outcome is not Outcome.UNDECIDED:
        return False
    rows, smallest = verdict.rows or 0, verdict.smallest_drop
    return rows < FEWEST or smallest is None or smallest > (verdict.allowed or 0.0)


def _outcome(rule: Settings, found: Difference, margin: float, p_worse: float | None) -> Outcome:
    if _short(found):
        return Outcome.UNDECIDED
    certain = found.high < 0 and (p_worse is None or p_worse <= rule.alpha)
    if certain and found.delta < -margin:
        return Outcome.FAIL
    # Where the two agree on every row there is nothing to estimate; elsewhere equal values may be luck.
    steady = found.delta == 0 and found.error == 0
    no_worse = steady or found.low > -margin or found.low == margin == 0
    doubted = found.lost > LOST or _too_few(found)
    return Outcome.PASS if no_worse and not doubted else Outcome.UNDECIDED


def _short(found: Difference) -> bool:
    return found.slice != "" and found.rows < FEWEST


def _too_few(found: Difference) -> bool:
    """Return whether no row differs, and there are so few that this says nothing of others."""
    return found.error == 0 and found.rows < FEWEST


def _rows_needed(found: Difference, margin: float) -> int | None:
    """Return about how many rows would show that an equally good model is within the margin, to two digits."""
    smallest = found.smallest_drop
    if not smallest or not math.isfinite(smallest) or margin <= 0 or smallest <= margin:
        return None
    needed = found.rows * (smallest / margin) ** 2
    if needed > 1e12:
        return None
    step = 10 ** (math.floor(math.log10(needed)) - 1)
    return int(math.ceil(needed / step) * step)


def _leaks(found: Difference, *, higher: bool) -> bool:
    """Return whether the improvement surely takes away more than half of what was wrong, where that can be told."""
    if higher:
        return 0 <= found.base < 1 and 0 <= found.head <= 1 and 1 - found.base - found.low < LEAKED * (1 - found.base)
    return found.base > 0 and found.head >= 0 and found.base - found.low < LEAKED * found.base


def _sentence(judged: Verdict, found: Difference, margin: float, unseen: str) -> str:
    key = judged.metric.partition(":")[2] + (f" where {judged.slice.replace('=', ' = ')}" if judged.slice else "")
    parts = [f"{_moved(key, found)}: {_how_sure(judged, found)}.", *_further(judged, found, margin, unseen)]
    return " ".join(parts)


def _moved(key: str, found: Difference) -> str:
    if found.head == found.base:
        return f"{key} is unchanged at {found.head:.6g}"
    return f"{key} {'rose' if found.head > found.base else 'fell'} to {found.head:.6g} from {found.base:.6g}"


def _how_sure(judged: Verdict, found: Difference) -> str:
    counted = f"{found.rows:,} {'row' if found.rows == 1 else 'rows'}"
    if judged.test == "history":
        counted = f"{found.rows} past moves"
    if found.repeats is not None:
        counted = (
            f"{found.repeats} repeats" if judged.method in repeats.ALONE else f"{counted}, {_repeats(found.repeats)}"
        )
    if found.groups is not None:
        counted += f" in {found.groups:,} {'cluster' if found.groups == 1 else 'clusters'}"
    sure = f"{100 - 200 * (judged.alpha or 0.0):g} %"
    allowed = f"; {judged.allowed:.3g} is allowed" if judged.allowed else ""
    if found.delta == 0 and found.error == 0:
        return f"both models do equally well on each of {counted}"
    return f"{span(found.low, found.high)} ({sure} interval, {counted}, {found.method}){allowed}"


def _repeats(count: int) -> str:
    return f"{count} {'repeat' if count == 1 else 'repeats'}"


def _further(judged: Verdict, found: Difference, margin: float, unseen: str) -> list[str]:
    if judged.suspicious:
        return ["So large an improvement is often leakage: look at what the model can see of the answer."]
    if judged.outcome is not Outcome.UNDECIDED:
        return []
    if _short(found):
        return [f"A slice of fewer than {FEWEST} rows is not judged."]
    if found.lost > LOST:
        return [_gone(found.lost), unseen]
    if _too_few(found):
        return [f"Fewer than {FEWEST} rows that are alike say nothing of others."]
    return _undecided(judged, found, margin)


def _undecided(judged: Verdict, found: Difference, margin: float) -> list[str]:
    worse = "rise" if judged.direction == "lower" else "drop"
    if not margin:
        return [f"With a tolerance of 0 only what is surely better is not worse: say which {worse} would matter."]
    if found.high < 0:
        return [f"The {worse} is certain and measured to be within what is allowed; it may be more."]
    smallest = found.smallest_drop
    if not math.isfinite(found.low):
        return ["So few rows, or clusters, say nothing of what chance does."]
    if smallest is None or not math.isfinite(smallest) or smallest <= margin:
        return [f"The {worse} lies too near to what is allowed to tell."]
    said = [f"The smallest {worse} that can be seen here is {smallest:.3g}."]
    return [*said, f"About {judged.rows_needed:,} rows would decide."] if judged.rows_needed else said


def _gone(lost: float) -> str:
    return f"{lost * 100:.2g} % of the base's rows are not here or have another truth, and may be those that got worse."


def _plain(value: float | None) -> float | None:
    """Return a number to six digits, beyond which machines differ; None for what is not finite."""
    return float(f"{value:.{_DIGITS}g}") if value is not None and math.isfinite(value) else None
