"""`mltool data diff`."""

from pathlib import Path
from types import ModuleType

import typer

from mltool.cli import output
from mltool.errors import UserError

_EXTRA = {"numpy", "pyarrow", "scipy"}


def diff(
    base: str | None = typer.Argument(None, help="Compare with this revision. Default: as `mltool diff` has it."),
    head: str | None = typer.Argument(None, help="What to compare. Default: the work tree."),
    key: list[str] = typer.Option([], help="Column that names a row. Repeatable. Default: whole rows are compared."),
    paths: list[str] = typer.Option([], "--path", help="Only this table. Repeatable."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object."),
    project: Path = typer.Option(Path(), "--project", "-C", help="Run as if started in this folder."),
) -> None:
    """Say what changed inside the tables that DVC tracks: rows, columns, nulls, ranges, categories, drift.

    Parquet and CSV, alone or in folders, fetched by their hash; nothing is checked out or written. Exits 0 when all
    could be compared, also when much changed.

    Example:  mltool data diff main --key order_id
    """
    verb = _verb()
    from mltool.commands.compare import compare

    found = verb.find(compare(project, base, head), paths=paths, key=key)
    if as_json:
        output.put(verb.document(found))
    else:
        output.sections(verb.words(found))
    raise typer.Exit(verb.exit_code(found))


def _verb() -> ModuleType:
    try:
        from mltool.commands import data_diff
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _EXTRA:
            raise
        raise UserError(f"Reading tables needs {error.name}.", "pip install 'mltool-ci[measure]'") from error
    return data_diff
