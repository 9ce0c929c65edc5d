"""Verdicts as JUnit XML, which every CI system shows."""

from collections import Counter
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from mltool.gates.verdict import Outcome, Verdict
from mltool.report.inert import visible
from mltool.report.model import Report

NAMED: Final = (
    "outcome", "level", "base", "head", "delta", "allowed", "limit", "measured", "low", "high", "alpha", "p_worse",
    "rows", "groups", "lost", "smallest_drop", "rows_needed", "test", "method", "source", "why", "accepted",
)  # fmt: skip


def render(report: Report) -> str:
    """Return one test case for each declared verdict.

    A gate that blocks fails. What only warns, what was not judged and what is undecided is skipped and says so: a test
    case that passes here is a gate that passes.
    """
    cases = [item for item in report.verdicts if item.declared]
    kinds = Counter(map(_kind, cases))
    counts = f'tests="{len(cases)}" failures="{kinds["failure"]}" errors="0" skipped="{kinds["skipped"]}"'
    body = "\n".join(map(_case, cases))
    suite = f'<testsuite name="mltool gate" {counts}>\n{body}\n</testsuite>' if cases else f"<testsuite {counts}/>"
    return f'<?xml version="1.0" encoding="utf-8"?>\n<testsuites>\n{suite}\n</testsuites>\n'


def _kind(item: Verdict) -> str:
    if item.blocks:
        return "failure"
    return "" if item.outcome is Outcome.PASS else "skipped"


def _case(item: Verdict) -> str:
    name = f"{item.gate} [{item.slice}]" if item.slice else item.gate
    opening = f"<testcase classname={_value(item.metric or 'pipeline')} name={_value(name)}"
    said, kind = visible(item.sentence), _kind(item)
    result = f"<{kind} message={_value(f'{item.outcome}: {said}')}/>" if kind else ""
    out = "" if kind else f"<system-out>{escape(said)}</system-out>"
    return f"{opening}>{_properties(item)}{result}{out}</testcase>"


def _properties(item: Verdict) -> str:
    """Return what was found, each number by its name in the report's JSON."""
    known = ((name, getattr(item, name)) for name in NAMED)
    listed = (
        f"<property name={_value(name)} value={_value(str(value))}/>"
        for name, value in known
        if value not in (None, "")
    )
    return f"<properties>{''.join(listed)}</properties>"


def _value(text: str) -> str:
    return quoteattr(visible(text))
