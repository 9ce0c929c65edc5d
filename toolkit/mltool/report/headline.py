"""The verdict as a colleague would say it, and what was compared with what."""

from collections.abc import Sequence
from typing import Final

from mltool.gates.model_tests import NAME, ModelTests
from mltool.gates.verdict import Outcome, Verdict
from mltool.report import figures
from mltool.report.blocks import Code, Line, Link, Span, Strong, Tone, prose
from mltool.report.links import Links
from mltool.report.model import Report, Revision
from mltool.report.standing import Rank, Standing, holds, rank

MOST_SENTENCES = 3
SHORT = 7

MARKS: Final[dict[Outcome, tuple[str, Tone, str]]] = {
    Outcome.FAIL: ("❌", "bad", "Failed"),
    Outcome.UNDECIDED: ("❓", "doubt", "Undecided"),
    Outcome.PASS: ("✅", "good", "Passed"),
    Outcome.SKIP: ("➖", "plain", "Not judged"),
}


def mark(report: Report, table: Sequence[Standing]) -> tuple[str, Tone, str]:
    """Return icon, tone and word of the verdict. A pass that leaves doubts does not wear the green mark."""
    unseen = any(item.slice and item.declared and rank(item) is Rank.UNDECIDED for item in report.verdicts)
    untold = report.tests is not None and report.tests.undecided
    doubts = report.problems or unseen or untold or any(item.tone in ("doubt", "warn") for item in table)
    if report.outcome is Outcome.PASS and doubts:
        return "⚠️", "warn", "Passed, with doubts"
    return MARKS[report.outcome]


def title(report: Report, table: Sequence[Standing]) -> str:
    """Return the verdict in one line: `Failed: 1 regression, 2 improvements`."""
    if report.outcome is Outcome.SKIP and report.base is None and table:
        return "First run: nothing to compare with yet"
    word = mark(report, table)[2]
    counts = ", ".join(_counts(report, table))
    return f"{word}: {counts}" if counts else word


def sentences(report: Report) -> tuple[Line, ...]:
    """Return why: the gravest verdicts, at most MOST_SENTENCES of them, the first in bold."""
    grave = [verdict for verdict in report.verdicts if rank(verdict) in (Rank.FAIL, Rank.UNDECIDED) and _heard(verdict)]
    grave.sort(key=rank)
    if not grave:
        return (_calm(report),)
    # One file that cannot be read fails every gate on it, for one reason.
    reasons = list(dict.fromkeys(map(_said, grave)))
    said: list[Line] = [prose(reason, strong=True) for reason in reasons[:MOST_SENTENCES]]
    if len(reasons) > MOST_SENTENCES:
        said.append((f"… and {figures.count(len(reasons) - MOST_SENTENCES, 'more verdict')} like these, below.",))
    return tuple(said)


def _heard(verdict: Verdict) -> bool:
    """Return whether a verdict is for the first lines: slices that are too small to see anything are many."""
    return not (verdict.slice and verdict.outcome is Outcome.UNDECIDED and (verdict.blind or verdict.level == "warn"))


def compared(report: Report, links: Links) -> tuple[Line, ...]:
    """Return what was compared with what, and how far the target branch has moved on."""
    head = (*_revision(report.head, links), *((" with uncommitted changes",) if report.head.dirty else ()))
    if report.base is None:
        note = report.base_note or "There is no base to compare with."
        return ((*head, " has nothing to be compared with yet. ", *prose(_dot(note))),)
    lines: list[Line] = [(*head, " compared with ", *_revision(report.base, links), *_behind(report))]
    if report.base_note:
        lines.append(prose(_dot(report.base_note)))
    return tuple(lines)


def revision(found: Revision, links: Links) -> Span:
    """Return the short SHA, linked where the forge is known."""
    url = links.commit_url(found.sha)
    return Link(found.sha[:SHORT], url, code=True) if url else Code(found.sha[:SHORT] or found.ref or "work tree")


def _revision(found: Revision, links: Links) -> Line:
    named = (" (", Code(found.ref), ")") if found.ref and found.sha and found.ref != found.sha else ()
    return (revision(found, links), *named)


def _behind(report: Report) -> Line:
    if not report.behind or report.base is None:
        return (".",)
    branch = Code(report.base.ref) if report.base.ref else "The target branch"
    return ("; ", branch, f" has moved on by {figures.count(report.behind, 'commit')} since.")


def _counts(report: Report, table: Sequence[Standing]) -> list[str]:
    ranks = [item.rank for item in table]
    tests = report.tests or ModelTests(commit="", finished=True)
    pipeline = [
        rank(verdict)
        for verdict in report.verdicts
        if not verdict.metric and (verdict.gate != NAME or not tests.finished)
    ]
    regressions = sum(item.rank is Rank.FAIL and _fell(item) for item in table)
    failures = ranks.count(Rank.FAIL) - regressions + pipeline.count(Rank.FAIL)
    slices = [verdict for verdict in report.verdicts if verdict.slice and verdict.declared]
    fell = sum(verdict.outcome is Outcome.FAIL for verdict in slices)
    blind = sum(verdict.blind for verdict in slices)
    unseen = sum(verdict.outcome is Outcome.UNDECIDED for verdict in slices) - blind
    counted = (
        (regressions, "regression", ""),
        (fell, "slice worse", "slices worse"),
        (failures, "failure", ""),
        (tests.failed, "test fails", "tests fail"),
        (ranks.count(Rank.UNDECIDED) + pipeline.count(Rank.UNDECIDED), *_open(report)),
        (unseen, "slice undecided", "slices undecided"),
        (tests.undecided, "test undecided", "tests undecided"),
        (blind, "slice too small to see", "slices too small to see"),
        (ranks.count(Rank.WARN) + pipeline.count(Rank.WARN), "warning", ""),
        (ranks.count(Rank.BETTER), "improvement", ""),
        (ranks.count(Rank.WORSE), "worse but not judged", "worse but not judged"),
        (len(report.problems), "file not read", "files not read"),
    )
    return [figures.count(number, one, many) for number, one, many in counted if number]


def _open(report: Report) -> tuple[str, str]:
    """Name gates without an answer; where the whole is undecided the word stands there already."""
    return ("gate", "gates") if report.outcome is Outcome.UNDECIDED else ("undecided", "undecided")


def _fell(item: Standing) -> bool:
    return item.verdict is not None and item.verdict.trend == "worse"


def _calm(report: Report) -> Line:
    """Say what is good news, without claiming more than was judged."""
    judged = [
        verdict
        for verdict in report.verdicts
        if verdict.outcome is not Outcome.SKIP and verdict.declared and not verdict.slice
    ]
    passed = sum(verdict.outcome is Outcome.PASS for verdict in judged)
    told = _news(report)
    if not judged and report.base is None and report.metrics:
        return (Strong("Once this is merged, the next change has a baseline."),)
    if not any(verdict.metric for verdict in judged):
        tested = next((_dot(verdict.sentence)[:-1] for verdict in judged if verdict.gate == NAME), "")
        start = f"{tested}; no gate judged a metric." if tested else "No gate judged a metric."
    elif passed == len(judged):
        start = {1: "The one gate passes.", 2: "Both gates pass."}.get(passed, f"All {passed} gates pass.")
    else:
        start = f"{passed} of {len(judged)} gates pass; the others warn."
    if not told:
        return prose(start, strong=True)
    if ". " in told:
        return (*prose(start, strong=True), " ", *prose(told))
    return (*prose(f"{start[:-1]}:", strong=True), " ", *prose(_dot(told)))


def _news(report: Report) -> str:
    """Return the first warnings, else what moved most among the judged, else among the rest."""
    warned = [verdict for verdict in report.verdicts if rank(verdict) is Rank.WARN]
    moved = [v for v in report.verdicts if v.trend in ("better", "worse") and rank(v) is not Rank.WARN and not v.slice]
    moved.sort(key=lambda verdict: (not verdict.declared, verdict.trend == "better"))
    said = [_said(verdict) for verdict in (warned or moved)[:2]]
    return " ".join(said) if any(". " in text for text in said) else "; ".join(text.rstrip(".") for text in said)


def _said(verdict: Verdict) -> str:
    """Return one verdict as a sentence; ours where numbers can be put plainly, else the gate's own."""
    if verdict.base is None or verdict.head is None or verdict.trend not in ("better", "worse"):
        return _dot(verdict.sentence)
    if _own(verdict):
        return _dot(verdict.sentence)
    key = verdict.metric.partition(":")[2] or verdict.metric
    was, now = figures.beside(key, (verdict.base, verdict.head))
    moved = "rose" if verdict.head > verdict.base else "fell"
    where = f" where {verdict.slice.replace('=', ' = ')}" if verdict.slice else ""
    text = f"{key}{where} {moved} {figures.amount(key, verdict.base, verdict.head)} ({was} → {now})"
    if verdict.low is not None and verdict.high is not None:
        return f"{text}{_by_interval(verdict, key)}."
    return f"{text}{_against_tolerance(verdict, key)}."


def _own(verdict: Verdict) -> bool:
    """Return whether only the gate's own sentence says it: a limit, or an interval without ends or of other rows."""
    endless = verdict.alpha is not None and None in (verdict.low, verdict.high)
    stops = verdict.outcome in (Outcome.FAIL, Outcome.UNDECIDED)
    return endless or verdict.limit is not None or not holds(verdict) or (stops and verdict.allowed is None)


def _by_interval(verdict: Verdict, key: str) -> str:
    """Say how sure it is, and what would make it sure."""
    kind = figures.unit(key, (verdict.base, verdict.head))
    near, far = sorted((abs(verdict.low or 0.0), abs(verdict.high or 0.0)))
    allowed = f", and {_bare(kind, verdict.allowed)} is allowed" if verdict.allowed else ""
    if verdict.accepted:
        return f". Accepted {verdict.accepted.rstrip('.')}"
    if verdict.suspicious:
        return ", which is more often leakage than skill: look at what the model can see of the answer"
    if verdict.outcome is Outcome.FAIL and (verdict.low or 0.0) * (verdict.high or 0.0) > 0:
        return f": by {_bare(kind, near)} to {figures.measured(kind, far)}{allowed}"
    if verdict.outcome in (Outcome.FAIL, Outcome.UNDECIDED):
        worst = -verdict.low if verdict.direction == "higher" and verdict.low is not None else verdict.high or 0.0
        could = f", and may be worse by up to {figures.measured(kind, max(worst, 0.0))}{allowed.replace(', and', ';')}"
        needed = f"; about {verdict.rows_needed:,} rows would tell" if verdict.rows_needed else ""
        return f"{could}{needed}"
    return _against_tolerance(verdict, key)


def _bare(kind: figures.Unit, distance: float) -> str:
    return figures.measured(kind, distance).removesuffix(" points").removesuffix(" point")


def _against_tolerance(verdict: Verdict, key: str) -> str:
    if verdict.trend != "worse" or verdict.allowed is None:
        return ""
    kind = figures.unit(key, (verdict.base, verdict.head))
    allowed = _bare(kind, verdict.allowed)
    if verdict.outcome is Outcome.FAIL:
        return f", more than the {allowed} allowed" if verdict.allowed else ", and it may not get worse"
    return f", within the {allowed} allowed" if verdict.allowed else ""


def _dot(sentence: str) -> str:
    text = sentence.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."
