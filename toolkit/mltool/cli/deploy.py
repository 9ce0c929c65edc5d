"""`mltool deploy`."""

from pathlib import Path
from typing import Annotated

import typer

from mltool.cli import output
from mltool.cli.options import AsJson, DryDeploy, LedgerRemote, NoPush, Project


def deploy(
    model: Annotated[str, typer.Argument(help="The model, as in mltool.toml.")],
    environment: Annotated[str, typer.Argument(help="Where to: an environment of mltool.toml.")],
    version: Annotated[
        str, typer.Option("--version", help="Promote this version first. Default: carry out the newest promotion.")
    ] = "",
    reason: Annotated[str, typer.Option(help="Why, for the ledger; only with --version.")] = "",
    bundle: Annotated[
        Path | None, typer.Option(help="Take the bundle from this file or folder instead of the store.")
    ] = None,
    dry_run: DryDeploy = False,
    allow_unmeasured: Annotated[
        bool, typer.Option("--allow-unmeasured", help="Go on where the target cannot measure a budget.")
    ] = False,
    wait: Annotated[float, typer.Option(help="Seconds until the address must answer with the new version.")] = 60.0,
    remote: LedgerRemote = "origin",
    no_push: NoPush = False,
    as_json: AsJson = False,
    project: Project = Path(),
) -> None:
    """Put a version where the ledger says it belongs, and see that it answers as it should.

    \b
    1. approvals and evidence are complete, the version is not on hold, nothing newer is asked for
    2. the published bundle is what was registered
    3. its budgets hold where it is to run
    4. the target switches to it
    5. its golden rows come back as expected through the address
    6. the ledger says so

    A version that fails 5 is taken out again, and put on hold. Exits 0 when it is live, 1 when it was refused or
    failed, 3 when a budget could not be measured, 4 when the target did not answer.
    """
    from mltool.commands import deploy as verb

    say = None if as_json or dry_run else typer.echo
    job = verb.job(
        project, model, environment, bundle=bundle, remote=None if no_push else remote, unmeasured=allow_unmeasured,
        wait=wait, say=say,
    )  # fmt: skip
    done = verb.deploy(job, version=version, reason=reason, dry_run=dry_run)
    output.put(verb.document(done) if as_json else verb.words(done))
    raise typer.Exit(done.exit)
