"""`mltool log`, `mltool status` and `mltool registry`: what the ledger says."""

from pathlib import Path
from typing import Annotated

import typer

from mltool.cli import output
from mltool.cli.options import AsJson, Project

SOME = 20

Only = Annotated[str | None, typer.Argument(help="One model. Default: all of them.", metavar="[MODEL]")]


def log(
    model: Only = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", "-n", min=1, help="The newest N of each model. Default: 20, of one model all."),
    ] = None,
    as_json: AsJson = False,
    project: Project = Path(),
) -> None:
    """Say who did what to a model, when, why and on which evidence; the newest event first."""
    from mltool import git
    from mltool.commands import ledger, registry

    found = registry.only(ledger.read(git.repository(project)), model)
    if limit is None and model is None and not as_json:
        limit = SOME
    events = registry.newest_first(found, limit)
    if as_json:
        from mltool.commands import ledger_json

        output.put(ledger_json.log(events, found.foreign))
    else:
        from mltool.commands import ledger_words

        output.sections(ledger_words.log(found, events))


def at(
    moment: Annotated[str, typer.Argument(help="A date (2026-03-01, 2026-03-01T09:30+01:00) or a commit.")],
    model: Only = None,
    as_json: AsJson = False,
    project: Project = Path(),
) -> None:
    """Say what was live where at a date, or when a commit was made.

    A day is meant to its end, in UTC. An event counts from its own date, and
    never before the event that it follows. For a commit, also what was ever said
    about it.
    """
    from mltool import git
    from mltool.commands import registry

    found = registry.at(git.repository(project), moment, model)
    if as_json:
        from mltool.commands import ledger_json

        output.put(ledger_json.then(found))
    else:
        from mltool.commands import ledger_words

        output.sections(ledger_words.then(found))


def verify(
    remote: Annotated[str | None, typer.Option("--remote", help="Compare with this remote too.")] = None,
    allowed_signers: Annotated[
        Path | None, typer.Option("--allowed-signers", help="Who may sign. Default: what mltool.toml names.")
    ] = None,
    as_json: AsJson = False,
    project: Project = Path(),
) -> None:
    """Check the chain of every model, and every signature where a file says who may sign.

    Tags that were moved, deleted, forked or back-dated are named, and those that
    are lightweight, unsigned or none of ours. Exits 1 when there is any.
    """
    from mltool import git
    from mltool.commands import registry_verify
    from mltool.errors import Exit

    found = registry_verify.check(git.repository(project), remote=remote, allowed_signers=allowed_signers)
    if as_json:
        from mltool.commands import ledger_json

        output.put(ledger_json.findings(found.findings, events=found.events))
    else:
        from mltool.commands import ledger_words

        output.sections(ledger_words.findings(found.findings, events=found.events, models=found.models))
    raise typer.Exit(Exit.FAILED if found.findings else Exit.GOOD)


def fetch(
    remote: Annotated[str, typer.Argument(help="The remote.")] = "origin",
    project: Project = Path(),
) -> None:
    """Bring the remote's events here, which `git fetch --tags` does not do as a whole."""
    from mltool import git
    from mltool.git.ledger import fetch_ledger

    fetch_ledger(git.repository(project), remote)
