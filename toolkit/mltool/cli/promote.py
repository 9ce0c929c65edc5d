"""`mltool promote`, `approve`, `hold` and `unhold`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mltool.cli import output
from mltool.cli.options import AsJson, DryRun, Project, Push, Reason, Remote

if TYPE_CHECKING:
    from mltool.commands.ledger import Written

Model = Annotated[str, typer.Argument(help="The model, as the ledger names it.")]
Version = Annotated[str, typer.Argument(help="A version that is registered, for example 1.4.0.")]
Environment = Annotated[str, typer.Argument(help="The environment, as mltool.toml names it.")]


def promote(
    model: Model,
    version: Version,
    environment: Environment,
    reason: Reason = "",
    remote: Remote = "origin",
    push: Push = True,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    project: Project = Path(),
) -> None:
    """Say in the ledger that an environment is to run a version. `mltool deploy` does it.

    Exits 1 when approvals or evidence are missing, when the version is on hold,
    and when it is older than what is there: that is `mltool rollback`.
    """
    from mltool import git
    from mltool.commands import forge
    from mltool.commands import promote as verb

    found = git.find(project)
    done = verb.promote(
        found,
        model,
        version,
        environment,
        reason=reason,
        remote=remote if push else None,
        forge=forge.connect(found),
        dry_run=dry_run,
    )
    _put(done, as_json=as_json)


def approve(
    model: Model,
    version: Version,
    environment: Environment,
    reason: Reason = "",
    remote: Remote = "origin",
    push: Push = True,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    project: Project = Path(),
) -> None:
    """Approve a version for an environment, as a tag: signed where Git is set up to sign.

    It names the digest of what was registered, so that any change voids it. Says so where it does not count: an
    author's own, or one without a signature that the policy knows.
    """
    from mltool import git
    from mltool.commands import promote as verb

    target = remote if push else None
    done = verb.approve(git.find(project), model, version, environment, reason=reason, remote=target, dry_run=dry_run)
    _put(done, as_json=as_json)


def hold(
    model: Model,
    version: Version,
    reason: Reason = "",
    remote: Remote = "origin",
    push: Push = True,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    project: Project = Path(),
) -> None:
    """Put a version on hold: nothing promotes, deploys or goes back to it until `mltool unhold`."""
    from mltool import git
    from mltool.commands import hold as verb

    target = remote if push else None
    done = verb.hold(git.repository(project), model, version, reason=reason, remote=target, dry_run=dry_run)
    _put(done, as_json=as_json)


def unhold(
    model: Model,
    version: Version,
    reason: Reason = "",
    remote: Remote = "origin",
    push: Push = True,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    project: Project = Path(),
) -> None:
    """End a hold."""
    from mltool import git
    from mltool.commands import hold as verb

    target = remote if push else None
    done = verb.unhold(git.repository(project), model, version, reason=reason, remote=target, dry_run=dry_run)
    _put(done, as_json=as_json)


def _put(done: "Written", *, as_json: bool) -> None:
    import os

    from mltool.commands import ledger_json, ledger_words

    output.put(ledger_json.written(done) if as_json else ledger_words.written(done))
    unheard = ledger_words.unheard(done, in_a_job=os.environ.get("GITHUB_ACTIONS") == "true")
    for note in (*done.notes, *([unheard] if unheard else [])):
        typer.echo(f"mltool: {note}", err=True)
