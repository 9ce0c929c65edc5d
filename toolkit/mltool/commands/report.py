"""Make the report of one head, or read one that was made earlier."""

from dataclasses import replace
from pathlib import Path
from typing import Protocol

from mltool import git
from mltool.ci.build import Build
from mltool.commands.compare import Comparison
from mltool.commands.evidence import gather
from mltool.config import Config
from mltool.errors import Exit, UserError
from mltool.gates.verdict import Outcome, strictly
from mltool.report import json
from mltool.report.build import build as assemble
from mltool.report.model import PlannedRelease, Report, Revision


class Foresee(Protocol):
    """Say what tagging a commit would release of the models in the configuration."""

    def __call__(self, project: git.Project, config: Config, commit: str) -> tuple[PlannedRelease, ...]:
        """Return one entry a model; what cannot be planned says why."""


def make(compared: Comparison, *, build: Build | None, key: str, foresee: Foresee | None = None) -> Report:
    """Return the report on what was compared; `build` is the CI run that asks, None on a laptop.

    Releases are planned by `foresee`, and only where the configuration names models: that takes more than the rest.
    """
    sha = build.sha if build else compared.head_sha
    ref = (build.head_ref if build else git.branch(compared.project)) or ""
    dirty = build is None and compared.head_is_work_tree and git.is_dirty(compared.project)
    head = Revision(sha=sha, ref=ref, subject=git.subject(compared.project, compared.head_sha), dirty=dirty)
    evidence = gather(compared, head=head, committed=build is not None)
    models = evidence.config.models
    planned = foresee(compared.project, evidence.config, compared.head_sha) if foresee and models else ()
    return assemble(replace(evidence, releases=planned), key=key)


def load(path: Path) -> Report:
    """Return the report in a file; raises UserError where there is none or it is not one."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"Cannot read {path}: {error.strerror}.", "`mltool report --output DIR` writes one.") from error
    return json.loads(content)


def exit_code(report: Report, *, fail_undecided: bool) -> Exit:
    """Return the exit code for a report; undecided is its own code, and only where it was asked to fail.

    A slice that cannot be seen counts as undecided there.
    """
    if report.outcome is Outcome.FAIL:
        return Exit.FAILED
    undecided = fail_undecided and strictly(report.outcome, report.verdicts) is Outcome.UNDECIDED
    return Exit.UNDECIDED if undecided else Exit.GOOD
