"""Judge the gates and nothing more: the verdicts of a report without its causes, curves and history."""

from dataclasses import replace

from mltool.commands import bound, test_set
from mltool.commands.compare import Comparison
from mltool.commands.evidence import load_config, look, stale_stages, verdicts
from mltool.commands.report import with_tests
from mltool.report.build import Evidence, build
from mltool.report.model import Report, Revision
from mltool.report.page import Page, page

SECTIONS = ("problems", "stale", "metrics", "groups", "notes", "rest", "decided")


def judge(compared: Comparison, *, committed: bool) -> Report:
    """Return a report that holds the verdicts; raises UserError where the configuration cannot be understood.

    `committed` says that the pipeline was reproduced here, so that dvc.lock is compared with the commit. Model tests
    count where they were run here, on this head.
    """
    config = load_config(compared.head_tree)
    stale = stale_stages(compared, committed=committed)
    grounds = look(compared, config)
    judged = verdicts(compared, config, stale, grounds=grounds)
    lived = test_set.life(compared, config, judged)
    evidence = Evidence(
        config=config,
        head=Revision(sha=compared.head_sha),
        base=Revision(sha=compared.base_sha, ref=compared.base_ref) if compared.base_sha else None,
        base_note=compared.base_note,
        behind=compared.behind,
        before=compared.base,
        after=compared.head,
        bound=bound.of(compared, config),
        stale=stale,
        verdicts=(*judged, *lived.verdicts),
        notes=(*grounds.notes, *lived.notes),
        test_set=lived.life,
    )
    return build(with_tests(evidence, compared))


def words(report: Report) -> Page:
    """Return the page of the verdicts alone, each section open."""
    whole = page(report)
    kept = (section for section in whole.sections if section.name in SECTIONS)
    return replace(whole, sections=tuple(replace(section, folded=False) for section in kept))
