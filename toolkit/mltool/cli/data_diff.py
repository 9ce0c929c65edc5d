"""`mltool data diff`."""

from pathlib import Path

import typer

from mltool.cli import extra, output
from mltool.cli.options import AsJson, Project


def diff(
    base: str | None = typer.Argument(None, help="Compare with this revision. Default: as `mltool diff` has it."),
    head: str | None = typer.Argument(None, help="What to compare. Default: the work tree."),
    key: list[str] = typer.Option([], help="Column that names a row. Repeatable. Default: whole rows are compared."),
    paths: list[str] = typer.Option([], "--path", help="Only this table. Repeatable."),
    as_json: AsJson = False,
    project: Project = Path(),
) -> None:
    """Say what changed inside the tables that DVC tracks: rows, columns, nulls, ranges, categories, drift.

    Parquet and CSV, alone or in folders, fetched by their hash; nothing is checked out or written. Exits 0 when all
    could be compared, also when much changed.

    Example:  mltool data diff main --key order_id
    """
    verb = extra.load("mltool.commands.data_diff", doing="Reading tables")
    from mltool.commands.compare import compare

    found = verb.find(compare(project, base, head), paths=paths, key=key)
    if as_json:
        output.put(verb.document(found))
    else:
        output.sections(verb.words(found))
    raise typer.Exit(verb.exit_code(found))
