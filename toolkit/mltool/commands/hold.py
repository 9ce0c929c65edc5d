"""`mltool hold` and `unhold`: keep a version out of every environment, or let it in again."""

from mltool import git
from mltool.commands import ledger
from mltool.commands.ledger import Written
from mltool.release import record


def hold(
    project: git.Project, model: str, version: str, *, reason: str, remote: str | None, dry_run: bool = False
) -> Written:
    """Keep a version out of every environment until `unhold`; raises UserError for an unknown version or no reason."""
    return ledger.write(
        project,
        lambda now: record.hold(record.state(now, model), version, reason=reason),
        remote=remote,
        dry_run=dry_run,
    )


def unhold(
    project: git.Project, model: str, version: str, *, reason: str, remote: str | None, dry_run: bool = False
) -> Written:
    """End a hold; raises UserError for an unknown version or no reason."""
    return ledger.write(
        project,
        lambda now: record.unhold(record.state(now, model), version, reason=reason),
        remote=remote,
        dry_run=dry_run,
    )
