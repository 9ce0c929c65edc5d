"""`mltool measure leakage`."""

from pathlib import Path

import typer

from mltool.cli import extra
from mltool.errors import UserError


def leakage(
    train: Path = typer.Argument(..., help="The table a model learns from, .parquet or .csv, of any size."),
    test: Path = typer.Argument(..., help="The table it is tested on."),
    out: Path = typer.Option(Path("eval/leakage.json"), help="Where the counts go, as JSON; no row goes there."),
    ignore: list[str] = typer.Option([], help="Column that says nothing about a row, such as its id. Repeatable."),
    key: list[str] = typer.Option([], help="Column that tells who or what a row is of: a customer. Repeatable."),
    label: str = typer.Option("", help="Column of what is predicted: also count rows that are the same but for it."),
) -> None:
    """Count the test rows that stand in the training table too: equal in all columns, or of the same --key.

    Example stage:  mltool measure leakage data/train.parquet data/test.parquet --ignore row_id
    """
    if key and (label or ignore):
        raise UserError("--key alone says which rows are the same.", "Leave --label and --ignore out.")
    if label in ignore:
        raise UserError(f"`{label}` cannot be both ignored and the label.")
    verb = extra.load("mltool.commands.leakage", doing="Reading tables")
    found = verb.write(train, test, out, ignore=tuple(ignore), key=tuple(key), label=label)
    typer.echo(verb.words(found))
    typer.echo(f"Wrote {out}")
