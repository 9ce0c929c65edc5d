"""`mltool register`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from mltool.cli import output
from mltool.cli.options import AsJson, DryRun, Project, Push, Reason, Remote


def register(
    model: Annotated[str, typer.Argument(help="The model, as dvc.yaml or mltool.toml names it.")],
    version: Annotated[str, typer.Argument(help="The version, for example 1.4.0. Or give --bump.")] = "",
    bump: Annotated[
        Literal["major", "minor", "patch"] | None, typer.Option("--bump", help="Take the next version.")
    ] = None,
    commit: Annotated[str, typer.Option("--commit", help="The commit that has the model.")] = "HEAD",
    reason: Reason = "",
    backport: Annotated[
        bool, typer.Option("--backport", help="Allow a version below the highest, in an older minor line.")
    ] = False,
    failing: Annotated[
        bool, typer.Option("--allow-failing", help="Register it although its gates fail; the event names them.")
    ] = False,
    remote: Remote = "origin",
    push: Push = True,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    project: Project = Path(),
) -> None:
    """Register a version of a model: an annotated tag with the digest of all that it consists of.

    \b
    mltool register delay 1.4.0      this version, at HEAD
    mltool register delay --bump minor

    Exits 1 where the gates fail: a version is never used twice, and this one could go nowhere.
    Signed where Git is set up to sign. Nobody else's event is ever overwritten.
    """
    import os

    from mltool import git
    from mltool.commands import ledger_json, ledger_words
    from mltool.commands import register as verb

    wish = verb.Wish(
        model=model, version=version, part=bump, revision=commit, reason=reason, backport=backport, failing=failing
    )
    done = verb.register(git.find(project), wish, remote=remote if push else None, dry_run=dry_run)
    output.put(ledger_json.written(done) if as_json else ledger_words.written(done))
    unheard = ledger_words.unheard(done, in_a_job=os.environ.get("GITHUB_ACTIONS") == "true")
    for note in (*done.notes, *([unheard] if unheard else [])):
        typer.echo(f"mltool: {note}", err=True)
