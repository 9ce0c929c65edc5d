"""`mltool measure profile` and `mltool data drift`."""

from pathlib import Path

import typer

from mltool.cli import extra, output
from mltool.cli.options import AsJson


def profile(
    table: Path = typer.Argument(..., help="The table a model is trained on, .parquet or .csv."),
    out: Path = typer.Option(..., help="Where the profile goes, as JSON."),
    without: list[str] = typer.Option([], help="Column to leave out: a row id, a name. Repeatable."),
) -> None:
    """Write what a drift check needs to know of a table: quantiles, counts and correlations, no rows.

    Example stage:  mltool measure profile data/train.parquet --out eval/profile.json
    """
    found = extra.load("mltool.commands.data_drift", doing="Reading tables").write(table, out, without=tuple(without))
    typer.echo(f"Wrote {out}: {found.rows:,} rows, {len(found.columns)} columns")


def drift(
    stored: Path = typer.Argument(..., metavar="PROFILE", help="What `mltool measure profile` wrote."),
    table: Path = typer.Argument(..., help="The new table, .parquet or .csv."),
    margin: float = typer.Option(
        0.1, min=0, max=1, help="Change of a distribution or rank correlation that does not matter."
    ),
    nulls: float = typer.Option(0.01, min=0, max=1, help="Change of the share of nulls that does not matter."),
    unseen: float = typer.Option(0.001, min=0, max=1, help="Share of unseen categories that does not matter."),
    alpha: float = typer.Option(0.05, help="Chance of one false alarm or more, over all columns."),
    fail_undecided: bool = typer.Option(False, "--fail-undecided", help="Exit 3 where there are too few rows to tell."),
    as_json: AsJson = False,
) -> None:
    """Say whether a table drifted from a profile: beyond a margin that matters, and beyond chance.

    Exits 0 when nothing did, 1 when something did, 3 with --fail-undecided when that cannot be ruled out.
    """
    verb = extra.load("mltool.commands.data_drift", doing="Reading tables")
    margins = verb.Margins(distance=margin, nulls=nulls, unseen=unseen)
    found = verb.judge(stored, table, alpha=alpha, margins=margins)
    if as_json:
        output.put(verb.document(found))
    else:
        output.sections(verb.words(found))
    raise typer.Exit(verb.exit_code(found, fail_undecided=fail_undecided))
