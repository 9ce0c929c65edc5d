"""`mltool promote` and `approve`: which version an environment is to run, and who agrees."""

from dataclasses import replace

from mltool import git
from mltool.commands import approvals, ledger, proofs, release_manifest
from mltool.commands.evidence import load_config
from mltool.commands.forge import Forge
from mltool.commands.ledger import Written
from mltool.errors import RefusedError, UserError
from mltool.registry.model import Event, Ledger, NewEvent
from mltool.release import json, record
from mltool.release.model import Manifest


def promote(
    project: git.Project,
    model: str,
    version: str,
    environment: str,
    *,
    reason: str,
    remote: str | None,
    forge: Forge | None = None,
    dry_run: bool = False,
) -> Written:
    """Say that `environment` is to run the version. Without a `forge` only approvals in the ledger count.

    Raises UserError where the version or the environment is unknown, RefusedError where the version is held, older than
    what is there, or lacks approvals or evidence.
    """
    _want_environment(project, environment)

    def plan(now: Ledger) -> tuple[NewEvent, ...]:
        known = record.state(now, model)
        events = record.promote(known, version, environment, reason=reason)
        return tuple(_allowed(project, event, now, forge) for event in events)

    return ledger.write(project, plan, remote=remote, dry_run=dry_run)


def approve(
    project: git.Project,
    model: str,
    version: str,
    environment: str,
    *,
    reason: str,
    remote: str | None,
    dry_run: bool = False,
) -> Written:
    """Say yes to exactly what was registered, for one environment; any change of it voids the yes.

    A yes that does not count, by the policy that `promote` asks, is written all the same, and the notes say why.
    """
    _want_environment(project, environment)
    who = git.identity(project)
    approved: list[Manifest] = []

    def plan(now: Ledger) -> tuple[NewEvent, ...]:
        event = record.approve(record.state(now, model), version, environment, reason=reason, who=who)
        approved[:] = [_manifest(project, event, now)]
        return (replace(event, manifest=json.digest(approved[0])),)

    done = ledger.write(project, plan, remote=remote, dry_run=dry_run)
    return done if dry_run else replace(done, notes=_void(project, approved[0], environment, done))


def _void(project: git.Project, made: Manifest, environment: str, done: Written) -> tuple[str, ...]:
    """Return why the approval that was just written does not count; empty where it does, or nobody is asked."""
    commit = next(event.tag.commit for event in done.events if isinstance(event, Event))
    standing = approvals.standing(project, made, environment, commit=commit, ledger=ledger.read(project))
    return tuple(
        f"It is written, and does not count: {refused.reason}"
        for refused in standing.refused
        if refused.approval.about in done.tags
    )


def _want_environment(project: git.Project, environment: str) -> None:
    config = load_config(git.GitTree(project, git.resolve(project, "HEAD")))
    record.known_environment(environment, config.environments)


def _allowed(project: git.Project, event: NewEvent, now: Ledger, forge: Forge | None) -> NewEvent:
    """Return the promotion with its evidence; raises RefusedError where something is missing."""
    made = _manifest(project, event, now)
    shown = proofs.gather(project, made, event.stage)
    standing = approvals.standing(
        project, made, event.stage, commit=event.commit, ledger=now, forge=forge, proofs=shown
    )
    if standing.missing:
        approve = f"Approve it with `mltool approve {event.model} {event.version} {event.stage}`, or on the forge."
        raise RefusedError(
            f"{event.model} {event.version} may not go into {event.stage}: {' '.join(standing.objections)}",
            approve
            if len(standing.given) < standing.needed
            else f"See `mltool release plan {event.model} {event.version}`.",
        )
    people = tuple(approval.person for approval in standing.given)
    return replace(event, manifest=json.digest(made), approvers=people)


def _manifest(project: git.Project, event: NewEvent, now: Ledger) -> Manifest:
    """Return what the version consists of; raises UserError where it is not what was registered."""
    made = release_manifest.manifest(project, event.model, event.version, revision=event.commit, ledger=now)
    digest = json.digest(made)
    if event.manifest not in ("", digest):
        raise UserError(
            f"{event.model} {event.version} was registered as {event.manifest[:19]}…, and this mltool makes "
            f"{digest[:19]}… of {event.commit[:7]}.",
            "Use the version of mltool that registered it, or register a new version.",
        )
    return made
