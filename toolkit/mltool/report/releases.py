"""What tagging the head would release: a section of the report."""

from collections.abc import Iterator
from typing import Final

from mltool.report import figures
from mltool.report.blocks import Block, Bullets, Code, Line, Paragraph, Section, Strong, prose
from mltool.report.model import PlannedRelease, Report

MOST: Final = 8
AGAIN: Final = "Registering judges it again: against what is live then, row by row where the predictions are."
SHOWN: Final = 12
"""Hexadecimal digits of a digest that tell two releases apart for a reader."""


def section(report: Report) -> list[Section]:
    """Return what tagging this head would release, a paragraph a model and what stands in its way."""
    if not report.releases:
        return []
    blocks = tuple(block for planned in report.releases[:MOST] for block in _planned(planned, dirty=report.head.dirty))
    left = len(report.releases) - MOST
    more = (Paragraph((f"… and {figures.count(left, 'more model')}.",)),) if left > 0 else ()
    return [Section(name="releases", title="Release", blocks=(*blocks, *more), importance=75)]


def short(digest: str) -> str:
    """Return the beginning of a digest, with its algorithm."""
    algorithm, colon, value = digest.partition(":")
    return f"{algorithm}{colon}{value[:SHOWN]}"


def _planned(planned: PlannedRelease, *, dirty: bool) -> Iterator[Block]:
    if planned.problem:
        line: Line = (Code(planned.model), " cannot be released from this commit: ", *prose(planned.problem))
        yield Paragraph(line, tone="warn")
        return
    commit = " Changes that are not committed do not count." if dirty else ""
    again = "" if planned.registered else f" {AGAIN}"
    yield Paragraph((*_becomes(planned), " in ", Code(planned.environment), f".{commit}{again}"))
    size = figures.size(planned.size)
    content: Line = (f"{figures.count(planned.files, 'file')}, {size}, manifest ", Code(short(planned.digest)))
    yield Bullets((*((Strong("Missing: "), *prose(sentence)) for sentence in planned.missing[:MOST]), content))


def _becomes(planned: PlannedRelease) -> Line:
    named: Line = (Code(planned.model), " ", Strong(f"v{planned.version}"))
    before = Strong(f"v{planned.replaces}")
    if planned.registered:
        return ("This commit is ", *named, *((", to replace ", before) if planned.replaces else (", to be the first",)))
    then: Line = (" and replace ", before) if planned.replaces else (" and be the first",)
    return ("If merged and tagged, this would become ", *named, *then)
