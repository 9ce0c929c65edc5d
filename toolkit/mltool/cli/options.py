"""Flags that several verbs take, each written once."""

from pathlib import Path
from typing import Annotated

import typer

Project = Annotated[Path, typer.Option("--project", "-C", help="Run as if started in this folder.")]
PolicyOf = Annotated[
    Path, typer.Option("--project", "-C", help="The project whose policy counts, if there is one here.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]

Base = Annotated[
    str | None, typer.Argument(help="Compare with this revision. Default: where this branch left its target.")
]
FailUndecided = Annotated[bool, typer.Option("--fail-undecided", help="Exit 3 where no verdict was possible.")]

Reason = Annotated[str, typer.Option("--reason", help="Why, for whoever reads the ledger.")]
Remote = Annotated[str, typer.Option("--remote", help="Push to this remote.")]
Push = Annotated[bool, typer.Option("--push/--no-push", help="Push, or keep it in this clone.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be written; write nothing.")]

LedgerRemote = Annotated[str, typer.Option(help="The Git remote that keeps the ledger.")]
NoPush = Annotated[bool, typer.Option("--no-push", help="Record in this clone only.")]
DryDeploy = Annotated[bool, typer.Option("--dry-run", help="Print what would be done, and do nothing.")]
Signers = Annotated[
    Path | None, typer.Option("--signers", help="Who may sign (see man ssh-keygen). Default: in mltool.toml.")
]
