"""`mltool data`: what a table must be, and whether it is."""

import typer

from mltool.cli import data_contract

app = typer.Typer(help="Check tables by their contracts.", no_args_is_help=True)

app.command()(data_contract.infer)
app.command()(data_contract.check)
