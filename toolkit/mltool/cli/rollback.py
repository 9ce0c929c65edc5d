"""`mltool rollback`."""

from pathlib import Path
from typing import Annotated

import typer

from mltool.cli import output


def rollback(
    model: Annotated[str, typer.Argument(help="The model, as in mltool.toml.")],
    environment: Annotated[
        str | None, typer.Argument(help=r"Where. Default: `environment` of \[release] in mltool.toml.")
    ] = None,
    to: Annotated[
        str, typer.Option(help="A version, or `previous-good`: the last that was live there and is not on hold.")
    ] = "previous-good",
    reason: Annotated[str, typer.Option(help="Why, for whoever reads the ledger.")] = "",
    bundle: Annotated[
        Path | None, typer.Option(help="Take the bundle from this file or folder instead of the store.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be done, and do nothing.")] = False,
    wait: Annotated[float, typer.Option(help="Seconds until the address must answer with the old version.")] = 60.0,
    remote: Annotated[str, typer.Option(help="The Git remote that keeps the ledger.")] = "origin",
    no_push: Annotated[bool, typer.Option("--no-push", help="Record in this clone only.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    project: Annotated[Path, typer.Option("--project", "-C", help="Run as if started in this folder.")] = Path(),
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
