"""`mltool diff`."""

from pathlib import Path
from typing import Annotated

import typer

from mltool.cli import output
from mltool.cli.options import AsJson, Base, Project
from mltool.errors import UserError


def diff(
    base: Base = None,
    head: Annotated[str | None, typer.Argument(help="What to compare. Default: the work tree.")] = None,
    as_json: AsJson = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown tables.")] = False,
    project: Project = Path(),
) -> None:
    """Say what changed: metrics, params, stages, data, artifacts, packages.

    \b
    mltool diff              this branch and its work tree
    mltool diff v1.0         the work tree since a revision
    mltool diff v1.0 HEAD    any two revisions

    Nothing is checked out, run or written. Exits 0 when all could be read, also when much changed.
    """
    from mltool.commands import diff as verb
    from mltool.commands.compare import compare

    if as_json and as_markdown:
        raise UserError("--json and --markdown exclude each other.", "Choose one.")
    compared = compare(project, base, head)
    if as_json:
        out = verb.document(compared)
    else:
        from mltool.commands import tables

        out = tables.page(compared) if as_markdown else tables.text(compared, color=output.colored())
    output.put(out)
    for sentence in verb.warnings(compared):
        typer.echo(f"mltool: {sentence}", err=True)
    raise typer.Exit(verb.exit_code(compared))
