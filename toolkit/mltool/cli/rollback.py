"""`mltool rollback`."""

from pathlib import Path
from typing import Annotated

import typer

from mltool.cli import output
from mltool.cli.options import AsJson, DryDeploy, LedgerRemote, NoPush, Project, Reason


def rollback(
    model: Annotated[str, typer.Argument(help="The model, as in mltool.toml.")],
    environment: Annotated[
        str | None, typer.Argument(help=r"Where. Default: `environment` of \[release] in mltool.toml.")
    ] = None,
    to: Annotated[
        str, typer.Option(help="A version, or `previous-good`: the last that was live there and is not on hold.")
    ] = "previous-good",
    reason: Reason = "",
    bundle: Annotated[
        Path | None, typer.Option(help="Take the bundle from this file or folder instead of the store.")
    ] = None,
    dry_run: DryDeploy = False,
    wait: Annotated[float, typer.Option(help="Seconds until the address must answer with the old version.")] = 60.0,
    remote: LedgerRemote = "origin",
    no_push: NoPush = False,
    as_json: AsJson = False,
    project: Project = Path(),
) -> None:
    """Go back to a version that was live, now: its published bundle runs again, nothing is built.

    The version that is there is put on hold, so that nothing promotes it again before somebody says
    `mltool unhold`. Both are recorded, with the reason. Exits 0 when the old version is live, 1 when it does not answer
    as it should, 4 when the target did not answer.
    """
    from mltool.commands import deploy as verb

    say = None if as_json or dry_run else typer.echo
    job = verb.job(
        project, model, environment, bundle=bundle, remote=None if no_push else remote, wait=wait, say=say
    )  # fmt: skip
    done = verb.rollback(job, to=to, reason=reason, dry_run=dry_run)
    output.put(verb.document(done) if as_json else verb.words(done))
    raise typer.Exit(done.exit)
