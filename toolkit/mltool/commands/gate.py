"""Judge the gates and nothing more: the verdicts of a report without its causes, curves and history."""

from dataclasses import replace

from mltool import git
from mltool.commands import bound, test_set
from mltool.commands.compare import Comparison
from mltool.commands.evidence import base_revision, load_config, look, stale_stages, verdicts
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
        head=_head(compared, committed=committed),
        base=base_revision(compared),
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


def _head(compared: Comparison, *, committed: bool) -> Revision:
    """Return the head as the report names it: what is on disk differs from its commit, unless CI reproduced it here."""
    project, here = compared.project, compared.head_is_work_tree
    return Revision(
        sha=compared.head_sha,
        ref=(git.branch(project) or "") if here else "",
        subject=git.subject(project, compared.head_sha),
        dirty=here and not committed and git.is_dirty(project),
    )


def words(report: Report) -> Page:
    """Return the page of the verdicts alone, each section open."""
    whole = page(report)
    kept = (section for section in whole.sections if section.name in SECTIONS)
    return replace(whole, sections=tuple(replace(section, folded=False) for section in kept))
