"""How a table drifted from a stored profile: found, told, and the exit code that says so."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

from mltool import disk
from mltool.data import drift, profile
from mltool.data.drift import Drift, Finding, Margins
from mltool.data.profile_source import opened
from mltool.errors import Exit, UserError
from mltool.report import figures
from mltool.report.blocks import Block, Code, Column, Line, Paragraph, Row, Section, Table
from mltool.report.data import DriftChange, Effect, Other
from mltool.report.tables import EFFECTS, SIGNS, sentence

SCHEMA: Final = "mltool.drift/1"
MOST = 40
MOST_TOLD, MOST_PAIRS = 60, 20
"""Columns of a table that a report holds, and pairs of them."""


def write(table: Path, out: Path, *, without: tuple[str, ...] = ()) -> profile.Profile:
    """Write the profile of a table, and return it. Raises UserError for what is no table, and an unknown column."""
    with opened(table) as source:
        found = profile.make(source, without=without)
    disk.write(out, profile.write(found))
    return found


def judge(stored: Path, table: Path, *, alpha: float, margins: Margins) -> Drift:
    """Return how a table drifted. Raises UserError for a file that cannot be read, and a level that is none."""
    if not 0 < alpha < 1:
        raise UserError(f"--alpha {alpha:g} is no chance of a false alarm.", "Say one between 0 and 1, such as 0.05.")
    known = profile.read(stored)
    with opened(table) as source:
        return drift.judge(known, source, alpha=alpha, margins=margins)


def exit_code(found: Drift, *, fail_undecided: bool) -> Exit:
    """Return 1 for drift, and where asked 3 where the table is too small to tell."""
    if found.state == "drifted":
        return Exit.FAILED
    return Exit.UNDECIDED if found.state == "undecided" and fail_undecided else Exit.GOOD


def document(found: Drift) -> str:
    """Return the check as one JSON object."""
    return json.dumps({"schema": SCHEMA, **content(found)}, indent=2, allow_nan=False) + "\n"


def content(found: Drift) -> dict[str, object]:
    """Return the check as JSON has it."""
    return {
        "state": found.state,
        "rows": found.rows,
        "profile_rows": found.old_rows,
        "findings": [asdict(finding) | {"state": finding.state} for finding in found.findings],
        "changed": [asdict(item) for item in found.changed],
        "new": list(found.new),
    }


def words(found: Drift) -> tuple[Section, ...]:
    """Return the check as a reader wants it: what drifted, what could not be decided, and how much was steady."""
    title = f"{SIGNS[found.state][0]} {sentence(told(found))}"
    compared = f"{figures.count(found.rows, 'row')}, compared with a profile of {found.old_rows:,}."
    blocks: tuple[Block, ...] = (Paragraph(line=(compared,)), *table(found), *_rest(found))
    return (Section(name="drift", title=title, blocks=blocks, importance=0),)


def told(found: Drift) -> DriftChange:
    """Return the check as the report tells it: what is grave of the gravest columns, the gravest pairs, and counts."""
    kept, grave = set(gravest(found)[:MOST_TOLD]), _grave(found)
    single = [item for item in grave if len(item.columns) == 1 and item.columns[0] in kept]
    pairs = [item for item in grave if len(item.columns) > 1]
    return DriftChange(
        state=found.state,
        base_rows=found.old_rows,
        rows=found.rows,
        drifted=len(
            {name for item in found.findings if item.state == "drifted" for name in item.columns}
            | {item.column for item in found.changed}
        ),
        effects=tuple(Effect(**asdict(item), state=item.state) for item in (*single, *pairs[:MOST_PAIRS])),
        others=tuple(
            Other(column=item.column, sentence=item.sentence) for item in found.changed if item.column in kept
        ),
        steady=sum(item.state == "steady" for item in found.findings),
        undecided=sum(item.state == "undecided" for item in found.findings),
        new=found.new[:MOST_TOLD],
    )


def gravest(found: Drift) -> tuple[str, ...]:
    """Return the columns that are not what they were, that drifted, and that are undecided, in this order."""
    single = (item.columns[0] for item in _grave(found) if len(item.columns) == 1)
    return tuple(dict.fromkeys((*(item.column for item in found.changed), *single)))


def _grave(found: Drift) -> list[Finding]:
    """Return what is not steady: what drifted furthest first."""
    unsteady = (item for item in found.findings if item.state != "steady")
    return sorted(unsteady, key=lambda item: (item.state != "drifted", item.margin - item.low))


def table(found: Drift) -> tuple[Table, ...]:
    """Return what drifted, then what is undecided but for correlations, of which there are too many to read."""
    rows = [*_changed(found), *_findings(found, "drifted"), *_findings(found, "undecided")]
    if not rows:
        return ()
    columns = (
        Column(""),
        Column("Column"),
        Column("What"),
        Column("Change", "right"),
        Column("Bounds", "right"),
        Column("Margin", "right"),
    )
    more = f"{len(rows) - MOST:,} more: --json has all." if len(rows) > MOST else ""
    return (Table(columns=columns, rows=tuple(rows[:MOST]), more=more),)


def _changed(found: Drift) -> Iterator[Row]:
    for item in found.changed:
        sign, tone = SIGNS["drifted"]
        yield Row(cells=((sign,), (Code(item.column),), (item.sentence,), ("",), ("",), ("",)), tone=tone)


def _findings(found: Drift, state: drift.State) -> Iterator[Row]:
    sign, tone = SIGNS[state]
    kept = [item for item in found.findings if item.effect != "correlation" or state == "drifted"]
    chosen = [finding for finding in kept if finding.state == state]
    for finding in sorted(chosen, key=lambda item: item.margin - item.low):
        yield Row(cells=((sign,), _names(finding), (EFFECTS[finding.effect],), *_numbers(finding)), tone=tone)


def _names(finding: Finding) -> Line:
    first, *rest = (Code(name) for name in finding.columns)
    return (first, " × ", *rest) if rest else (first,)


def _numbers(finding: Finding) -> tuple[Line, ...]:
    if finding.effect in ("nulls", "unseen"):
        low, high = f"{finding.low:.2%}", f"{finding.high:.2%}"
        return (f"{finding.value:.2%}",), (f"{low} to {high}",), (f"{finding.margin:.1%}",)
    return (f"{finding.value:.3f}",), (f"{finding.low:.3f} to {finding.high:.3f}",), (f"{finding.margin:g}",)


def _rest(found: Drift) -> Iterator[Paragraph]:
    steady = sum(finding.state == "steady" for finding in found.findings)
    undecided = sum(finding.state == "undecided" for finding in found.findings)
    if undecided:
        said = figures.count(undecided, "comparison is", "comparisons are")
        yield Paragraph(line=(f"{said} undecided: with these rows the truth may be beyond the margin.",), tone="doubt")
    if steady:
        yield Paragraph(line=(f"{figures.count(steady, 'comparison')} within the margin.",), tone="quiet")
    if found.new:
        yield Paragraph(line=(f"Not in the profile: {', '.join(found.new)}.",), tone="quiet")
