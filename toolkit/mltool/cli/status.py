"""`mltool status`."""

from pathlib import Path
from typing import Annotated

import typer

from mltool.cli import output
from mltool.cli.options import AsJson, Project


def status(
    model: Annotated[str | None, typer.Argument(help="One model. Default: all of them.")] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Ask each environment what it runs; exit 1 where that is something else.")
    ] = False,
    as_json: AsJson = False,
    project: Project = Path(),
) -> None:
    """Say which version is where, since when, by whom, and what is on hold: the ledger's word for it."""
    from mltool import git
    from mltool.commands import ledger, registry

    found = registry.only(ledger.read(git.repository(project)), model)
    if live:
        from mltool.commands import live as verb

        seen = verb.compare(git.find(project), found)
        output.put(verb.document(seen) if as_json else verb.words(seen))
        raise typer.Exit(verb.exit_code(seen))
    if as_json:
        from mltool.commands import ledger_json

        output.put(ledger_json.status(found))
    else:
        from mltool.commands import ledger_words

        output.sections(ledger_words.status(found))
