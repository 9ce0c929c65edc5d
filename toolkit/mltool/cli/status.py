"""`mltool status`."""

from pathlib import Path
from typing import Annotated

import typer

from mltool.cli import output


def status(
    model: Annotated[str | None, typer.Argument(help="One model. Default: all of them.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    project: Annotated[Path, typer.Option("--project", "-C", help="Run as if started in this folder.")] = Path(),
) -> None:
    """Say which version is where, since when, by whom, and what is on hold: the ledger's word for it."""
    from mltool import git
    from mltool.commands import ledger, ledger_json, ledger_words, registry
    from mltool.report import terminal

    found = registry.only(ledger.read(git.repository(project)), model)
    if as_json:
        output.put(ledger_json.status(found))
    else:
        output.put(terminal.sections(ledger_words.status(found), width=output.width(), color=output.colored()))
