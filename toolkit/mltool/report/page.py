"""The report → a page: all of its words, in the order a reader needs them. Renderers only draw."""

from collections.abc import Sequence

from mltool.gates import lock
from mltool.report import causes, details, drawings, groups, headline, model_tests, releases, results, tables
from mltool.report.blocks import Bullets, Code, Line, Link, Page, Paragraph, Section, Strong, prose
from mltool.report.links import Links
from mltool.report.model import Report
from mltool.report.standing import Standing, standings
from mltool.snapshot.model import Problem

__all__ = ["Links", "Page", "page"]


def page(report: Report, *, links: Links | None = None) -> Page:
    """Return the page of a report: verdict, what was compared, then sections with the most useful first."""
    known = links or Links()
    table = standings(report)
    icon, tone, _ = headline.mark(report, table)
    return Page(
        key=report.key,
        outcome=report.outcome,
        tone=tone,
        icon=icon,
        title=headline.title(report, table),
        sentences=headline.sentences(report),
        compared=headline.compared(report, known),
        sections=tuple(_sections(report, table)),
        footer=_footer(report, known),
    )


def _sections(report: Report, table: tuple[Standing, ...]) -> list[Section]:
    return [
        *_problems(report),
        *results.section(report, table),
        *groups.section(report.verdicts),
        *model_tests.section(report),
        *_stale(report),
        *releases.section(report),
        *_notes(report),
        *causes.section(report),
        *tables.section(report),
        *details.slices(report),
        *drawings.curves(report),
        *drawings.matrices(report),
        *drawings.stages(report),
        *details.cost(report),
        *details.history(report),
        *results.rest(report, table),
        *details.decided(report),
    ]


def _problems(report: Report) -> list[Section]:
    if not report.problems:
        return []
    items: list[Line] = [
        (Strong(f"{item.kind}:"), " ", *_where(item), *prose(item.sentence)) for item in report.problems
    ]
    most = 20
    more = f"… and {len(items) - most:,} more." if len(items) > most else ""
    blocks = (Bullets(tuple(items[:most]), more=more),)
    title = "⚠️ This could not be read, so what follows may not be all"
    return [Section(name="problems", title=title, blocks=blocks, importance=95)]


def _where(problem: Problem) -> Line:
    """Name the file and line, unless the sentence does."""
    if problem.path in problem.sentence:
        return ()
    return (Code(problem.path), f" line {problem.line}: " if problem.line else ": ")


def _stale(report: Report) -> list[Section]:
    if not report.stale:
        return []
    items = [(*_named(names), ": ", *prose(reason)) for reason, names in lock.by_reason(report.stale).items()]
    most = 10
    more = f"… and {len(items) - most:,} more." if len(items) > most else ""
    told = "Some numbers here were not made by this commit. Run "
    first: Line = (told, Code("dvc repro"), " and commit ", Code("dvc.lock"), ".")
    blocks = (Paragraph(first), Bullets(tuple(items[:most]), more=more))
    return [Section(name="stale", title="⚠️ dvc.lock is out of date", blocks=blocks, importance=90)]


def _named(names: Sequence[str]) -> Line:
    listed = [span for name in names[:3] for span in (", ", Code(name))][1:]
    return (*listed, f" and {len(names) - 3:,} more") if len(names) > 3 else tuple(listed)


def _notes(report: Report) -> list[Section]:
    if not report.notes:
        return []
    blocks = (Bullets(tuple(prose(note) for note in report.notes[:20])),)
    return [Section(name="notes", title="Notes", blocks=blocks, importance=60)]


def _footer(report: Report, links: Links) -> Line:
    line: Line = (f"mltool {report.tool}".strip(),)
    if links.full:
        line = (*line, " · ", Link("full report", links.full))
    return (*line, " · ", Link("CI run", links.run)) if links.run else line
