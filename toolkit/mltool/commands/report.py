"""Make the report of one head, or read one that was made earlier."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from mltool import git
from mltool.ci.build import Build
from mltool.commands import data_tables, model_tests
from mltool.commands.compare import Comparison
from mltool.commands.data_tables import Changed
from mltool.commands.evidence import gather
from mltool.config import Config, Data
from mltool.errors import Exit, UserError
from mltool.gates.model_tests import judge, unreadable
from mltool.gates.verdict import Outcome, strictly
from mltool.report import json
from mltool.report.build import Evidence
from mltool.report.build import build as assemble
from mltool.report.data import TableChange
from mltool.report.model import PlannedRelease, Report, Revision


class Foresee(Protocol):
    """Say what tagging a commit would release of the models in the configuration."""

    def __call__(self, project: git.Project, config: Config, commit: str) -> tuple[PlannedRelease, ...]:
        """Return one entry a model; what cannot be planned says why."""


class Inspect(Protocol):
    """Say what changed inside tables."""

    def __call__(self, compared: Comparison, tables: Sequence[Changed], settings: Data) -> tuple[TableChange, ...]:
        """Return one entry a table; raises UserError where what reads tables is not installed."""


def make(
    compared: Comparison,
    *,
    build: Build | None,
    key: str,
    foresee: Foresee | None = None,
    inspect: Inspect | None = None,
) -> Report:
    """Return the report on what was compared; `build` is the CI run that asks, None on a laptop.

    Releases are planned by `foresee` only where the configuration names models, and tables are read by `inspect` only
    where some changed: either takes more than the rest.
    """
    sha = build.sha if build else compared.head_sha
    ref = (build.head_ref if build else git.branch(compared.project)) or ""
    dirty = build is None and compared.head_is_work_tree and git.is_dirty(compared.project)
    head = Revision(sha=sha, ref=ref, subject=git.subject(compared.project, compared.head_sha), dirty=dirty)
    evidence = gather(compared, head=head, committed=build is not None)
    models = evidence.config.models
    planned = foresee(compared.project, evidence.config, compared.head_sha) if foresee and models else ()
    evidence = with_tables(with_tests(evidence, compared), compared, inspect)
    return assemble(replace(evidence, releases=planned), key=key)


def with_tests(evidence: Evidence, compared: Comparison) -> Evidence:
    """Return the evidence with what the last run of the model tests says of this head, and a verdict on it."""
    try:
        found, note = model_tests.read(compared)
    except UserError as error:
        return replace(evidence, verdicts=(*evidence.verdicts, unreadable(str(error))))
    judged = (*evidence.verdicts, *((judge(found),) if found else ()))
    return replace(evidence, tests=found, verdicts=judged, notes=(*evidence.notes, *((note,) if note else ())))


def with_tables(evidence: Evidence, compared: Comparison, inspect: Inspect | None) -> Evidence:
    """Return the evidence with what changed inside the tables that the configuration wants compared."""
    if inspect is None or compared.base_sha is None:
        return evidence
    settings = evidence.config.data
    wanted, left, note = data_tables.wanted(compared, settings)
    try:
        found = inspect(compared, wanted, settings) if wanted else ()
    except UserError as error:
        found = data_tables.unread(wanted, str(error))
    notes = (*evidence.notes, *((note,) if note else ()))
    return replace(evidence, tables=(*found, *left), notes=notes)


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
