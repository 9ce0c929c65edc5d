"""Where each metric stands: its row, its gravest verdict, and the words for both."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from mltool.gates.verdict import Outcome, Verdict
from mltool.report.blocks import Tone
from mltool.report.model import MetricRow, Report


class Rank(IntEnum):
    """How soon a reader must see it."""

    FAIL = 0
    UNDECIDED = 1
    WARN = 2
    WORSE = 3
    BETTER = 4
    JUDGED = 5
    MOVED = 6
    PART = 7
    STILL = 8


ICONS: Final = {
    Rank.FAIL: "❌",
    Rank.UNDECIDED: "❓",
    Rank.WARN: "⚠️",
    Rank.WORSE: "🟠",
    Rank.BETTER: "✅",
    Rank.JUDGED: "✅",
    Rank.MOVED: "➖",
    Rank.PART: "➖",
    Rank.STILL: "➖",
}
TONES: Final[dict[Rank, Tone]] = {
    Rank.FAIL: "bad",
    Rank.UNDECIDED: "doubt",
    Rank.WARN: "warn",
    Rank.WORSE: "warn",
    Rank.BETTER: "good",
    Rank.JUDGED: "good",
    Rank.MOVED: "quiet",
    Rank.PART: "quiet",
    Rank.STILL: "quiet",
}


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One metric as the table shows it."""

    row: MetricRow
    verdict: Verdict | None
    rank: Rank
    icon: str
    words: str

    @property
    def tone(self) -> Tone:
        """Return the colour that goes with the words."""
        return TONES[self.rank]


def standings(report: Report) -> tuple[Standing, ...]:
    """Return every metric, gravest first, those of equal gravity in the order of their files.

    A verdict on a metric that neither side has gets a row too: a gate may not vanish with its metric.
    """
    judged = _gravest(verdict for verdict in report.verdicts if verdict.metric and not verdict.slice)
    rows = {f"{row.path}:{row.key}": row for row in report.metrics}
    for name, verdict in judged.items():
        if name not in rows:
            path, _, key = name.partition(":")
            rows[name] = MetricRow(path=path, key=key or path, base=verdict.base, head=verdict.head)
    whole = [_instances(name) for name in judged if "*" in name]
    found = [
        _standing(row, judged.get(name), part=any(pattern.fullmatch(name) for pattern in whole))
        for name, row in rows.items()
    ]
    return tuple(sorted(found, key=lambda item: item.rank))


def rank(verdict: Verdict) -> Rank:
    """Return how soon a reader must see a verdict."""
    if verdict.outcome is Outcome.FAIL:
        return Rank.FAIL if verdict.level == "fail" else Rank.WARN
    if verdict.outcome is Outcome.UNDECIDED:
        return Rank.UNDECIDED
    if verdict.outcome is Outcome.PASS and (verdict.accepted or verdict.suspicious):
        return Rank.WARN
    if verdict.outcome is Outcome.PASS:
        return Rank.BETTER if verdict.trend == "better" and (verdict.low is None or _surely(verdict)) else Rank.JUDGED
    return {"better": Rank.BETTER, "worse": Rank.WORSE}.get(verdict.trend, Rank.MOVED)


def _surely(verdict: Verdict) -> bool:
    """Return whether all of the interval lies on one side of no difference."""
    return None not in (verdict.low, verdict.high) and (verdict.low or 0.0) * (verdict.high or 0.0) > 0


def holds(verdict: Verdict) -> bool:
    """Return whether the interval, if there is one, holds the difference of the metrics files."""
    low, delta, high = verdict.low, verdict.delta, verdict.high
    if low is None or delta is None or high is None:
        return True
    # Bounds have six digits, and so may the metrics files.
    room = 1e-5 * max(abs(low), abs(high), abs(delta))
    return low - room <= delta <= high + room


def words(verdict: Verdict) -> str:
    """Return the verdict in two or three words."""
    if verdict.accepted:
        return "worse, accepted"
    if verdict.limit is not None and verdict.head is not None:
        beyond = "below its floor" if verdict.head < verdict.limit else "above its ceiling"
        return beyond if verdict.level == "fail" else f"warning: {beyond}"
    if verdict.alpha is not None:
        return _sure(verdict)
    if verdict.outcome is Outcome.FAIL:
        worse = "worse than allowed" if verdict.trend == "worse" and verdict.allowed is not None else "fails"
        if verdict.head is None and verdict.metric:
            worse = "no number"
        return worse if verdict.level == "fail" else f"warning: {worse}"
    if verdict.outcome is Outcome.UNDECIDED:
        return "undecided"
    if verdict.outcome is Outcome.PASS:
        passed = {"better": "better", "worse": "worse, within tolerance", "same": "unchanged"}
        return passed.get(verdict.trend, "within its limit")
    if verdict.trend in ("better", "worse"):
        return f"{verdict.trend}, not judged"
    return "no baseline yet" if verdict.declared else "not judged"


def _sure(verdict: Verdict) -> str:
    """Return the verdict of an interval."""
    if verdict.outcome is Outcome.FAIL:
        far = abs(verdict.measured or 0.0) > (verdict.allowed or 0.0)
        shown = "worse than allowed" if far else "surely worse"
        shown = shown if _surely(verdict) else "undecided, which fails here"
        return shown if verdict.level == "fail" else f"warning: {shown}"
    if verdict.outcome is Outcome.UNDECIDED:
        return "undecided: too few rows" if verdict.rows_needed else _undecided(verdict)
    if verdict.suspicious:
        return "better, suspiciously so"
    if not _surely(verdict):
        return "unchanged" if verdict.trend == "same" else "not worse"
    return "better" if verdict.trend == "better" else "worse, within tolerance"


def _undecided(verdict: Verdict) -> str:
    return "undecided" if verdict.lost is None else "undecided: rows left out"


def _gravest(verdicts: Iterable[Verdict]) -> dict[str, Verdict]:
    found: dict[str, Verdict] = {}
    for verdict in verdicts:
        if verdict.metric not in found or rank(verdict) < rank(found[verdict.metric]):
            found[verdict.metric] = verdict
    return found


def _instances(name: str) -> re.Pattern[str]:
    """Return what tells the seeds of a metric that is judged by their mean, such as `metrics/seed-*.json:accuracy`."""
    return re.compile(".+".join(map(re.escape, name.split("*"))))


def _standing(row: MetricRow, verdict: Verdict | None, *, part: bool) -> Standing:
    if part and "*" not in f"{row.path}{row.key}" and (verdict is None or not verdict.declared):
        return Standing(row=row, verdict=None, rank=Rank.PART, icon=ICONS[Rank.PART], words="judged by the mean")
    if verdict is None:
        place = Rank.STILL if row.base == row.head else Rank.MOVED
        return Standing(row=row, verdict=None, rank=place, icon=ICONS[place], words=_moved(row))
    place = rank(verdict)
    unjudged_better = place is Rank.BETTER and verdict.outcome is Outcome.SKIP
    icon = "🟢" if unjudged_better else ICONS[place]
    return Standing(row=row, verdict=verdict, rank=place, icon=icon, words=words(verdict))


def _moved(row: MetricRow) -> str:
    if row.head is None:
        return "removed"
    if row.base is None:
        return "new"
    return "unchanged" if row.base == row.head else "changed"
