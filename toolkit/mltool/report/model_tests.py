"""Model tests as the report tells them: what failed or is undecided first, with what was claimed and measured."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from mltool.gates.model_tests import Claim, ModelTest, ModelTests, Result, Unit, command, short
from mltool.report import figures
from mltool.report.blocks import Block, Code, Column, Line, Paragraph, Row, Section, Table, Tone
from mltool.report.model import Report

MOST, MOST_CLAIMS = 30, 5
BAD: Final = ("failed", "error", "undecided")
SIGNS: Final[dict[Result, tuple[str, Tone, str]]] = {
    "failed": ("❌", "bad", "fails"),
    "error": ("❌", "bad", "breaks"),
    "undecided": ("❓", "doubt", "undecided"),
    "passed": ("✅", "good", "passes"),
    "skipped": ("➖", "quiet", "skipped"),
}
COLUMNS: Final = (Column("Test"), Column("Claim"), Column("Measured"), Column("Allowed", "right"), Column("Answer"))


def section(report: Report) -> list[Section]:
    """Return the tests that failed or could not tell; those that pass are counted, and listed behind a fold."""
    found = report.tests
    if found is None:
        return []
    bad = sorted((item for item in found.tests if item.result in BAD), key=lambda item: item.result == "undecided")
    good = [item for item in found.tests if item.result == "passed" and item.model]
    told = [] if found.finished and not bad else [_grave(found, bad)]
    title = "Model tests that pass" if told else "Model tests"
    summary = figures.count(len(good), "test") if told else counted(found)
    blocks: tuple[Block, ...] = (*((_table(good, count=len(good)),) if good else ()), *(() if told else _rest(found)))
    if not good and told:
        return told
    return [
        *told,
        Section(name="passing", title=title, blocks=blocks, importance=32, folded=True, summary=summary),
    ]


def counted(found: ModelTests) -> str:
    """Return how many tests passed and did not: `1 fails, 2 undecided, 12 pass`."""
    counts = (
        (found.failed, "fails" if found.failed == 1 else "fail"),
        (found.undecided, "undecided"),
        (found.passed, "passes" if found.passed == 1 else "pass"),
        (found.skipped, "skipped"),
    )
    return ", ".join(f"{number:,} {word}" for number, word in counts if number) or "none ran"


def _grave(found: ModelTests, bad: Sequence[ModelTest]) -> Section:
    blocks: list[Block] = [_table(bad, count=max(found.failed + found.undecided, len(bad)))] if bad else []
    return Section(
        name="tests", title="Model tests", blocks=(*blocks, *_rest(found)), importance=92, summary=counted(found)
    )


def _rest(found: ModelTests) -> Iterator[Paragraph]:
    if not found.finished:
        yield Paragraph(("The run broke off before its end: what is not here was not tested.",), tone="bad")
    else:
        yield Paragraph((f"Of all tests: {counted(found)}, in {figures.duration(found.seconds)}.",), tone="quiet")
    if found.arguments:
        yield Paragraph(("Run as ", Code(command(found)), "."), tone="quiet")


def _table(tests: Sequence[ModelTest], *, count: int) -> Table:
    """Return the first of `count` tests, of which a record does not hold all."""
    left = count - min(len(tests), MOST)
    more = f"… and {left:,} more." if left > 0 else ""
    named = Counter(short(item.name) for item in tests[:MOST])
    told = ((item, short(item.name)) for item in tests[:MOST])
    rows = (row for item, name in told for row in _rows(item, name if named[name] == 1 else item.name))
    return Table(COLUMNS, tuple(rows), more=more)


def _rows(item: ModelTest, told: str) -> Iterator[Row]:
    """Yield a row for each claim; of a test that did not pass only for what spoke against it."""
    wanted = {"failed": "fail", "undecided": "undecided", "passed": "pass"}.get(item.result)
    claims = [claim for claim in item.claims if claim.answer == wanted]
    icon, tone, word = SIGNS[item.result]
    name: Line = (f"{icon}\u00a0", Code(told))
    if not claims:
        yield Row((name, (item.said,), ("",), ("",), (word,)), tone=tone)
    for claim in tuple(dict.fromkeys(claims))[:MOST_CLAIMS]:
        needed = f": about {claim.needed:,} rows would tell" if claim.needed else ""
        yield Row((name, (claim.statement,), (measured(claim),), (allowed(claim),), (f"{word}{needed}",)), tone=tone)


def measured(claim: Claim) -> str:
    """Return what was measured, with its bounds where it has some: `6 of 8 rows (75 %)`, `3.8 ms [3.7, 3.9]`."""
    if claim.failed is not None and claim.rows:
        most = f", at most {_share(claim.high)}" if claim.high is not None and claim.answer != "fail" else ""
        least = f", at least {_share(claim.low)}" if claim.low is not None and claim.answer == "fail" else ""
        share = f" ({_share(claim.failed / claim.rows)})" if claim.failed else ""
        return f"{claim.failed:,} of {figures.count(claim.rows, 'row')}{share}{most}{least}"
    if claim.measured is None:
        return ""
    value = _amount(claim.measured, claim.unit)
    if claim.low is not None and claim.high is not None:
        scale = 100 if claim.unit == "share" else 1
        bounds = (figures.measured("", bound * scale) for bound in (claim.low, claim.high))
        return f"{value} [{', '.join(bounds)}]"
    return f"{value}, at most {_amount(claim.high, claim.unit)}" if claim.high is not None else value


def allowed(claim: Claim) -> str:
    """Return how much may be."""
    if claim.allowed is None:
        return ""
    return "none" if claim.allowed == 0 and claim.unit == "share" else f"≤ {_amount(claim.allowed, claim.unit)}"


def _amount(number: float, unit: Unit) -> str:
    if unit == "share":
        return _share(number)
    text = figures.measured("", abs(number))
    return f"{text}\u00a0{unit}" if unit else text


def _share(number: float) -> str:
    return f"{figures.measured('', number * 100)}\u00a0%"
