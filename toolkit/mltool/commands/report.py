"""Make the report of one head, or read one that was made earlier."""

from pathlib import Path

from mltool import git
from mltool.ci.build import Build
from mltool.commands.compare import Comparison
from mltool.commands.evidence import gather
from mltool.errors import Exit, UserError
from mltool.gates.verdict import Outcome
from mltool.report import json
from mltool.report.build import build as assemble
from mltool.report.model import Report, Revision


def make(compared: Comparison, *, build: Build | None, key: str) -> Report:
    """Return the report on what was compared; `build` is the CI run that asks, None on a laptop."""
    sha = build.sha if build else compared.head_sha
    ref = (build.head_ref if build else git.branch(compared.project)) or ""
    dirty = build is None and compared.head_is_work_tree and git.is_dirty(compared.project)
    head = Revision(sha=sha, ref=ref, subject=git.subject(compared.project, compared.head_sha), dirty=dirty)
    return assemble(gather(compared, head=head, committed=build is not None), key=key)


def load(path: Path) -> Report:
    """Return the report in a file; raises UserError where there is none or it is not one."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"Cannot read {path}: {error.strerror}.", "`mltool report --output DIR` writes one.") from error
    return json.loads(content)


def exit_code(outcome: Outcome, *, fail_undecided: bool) -> Exit:
    """Return the exit code for a verdict; undecided is its own code, and only where it was asked to fail."""
    if outcome is Outcome.FAIL:
        return Exit.FAILED
    return Exit.UNDECIDED if outcome is Outcome.UNDECIDED and fail_undecided else Exit.GOOD
