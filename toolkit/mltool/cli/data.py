"""`mltool data`: what a table must be, whether it is, and how it changed."""

import typer

from mltool.cli import data_contract, data_diff, data_drift

app = typer.Typer(help="Check tables: by contracts, for drift, between revisions.", no_args_is_help=True)

app.command()(data_contract.infer)
app.command()(data_contract.check)
app.command()(data_contract.convert)
app.command()(data_drift.drift)
app.command()(data_diff.diff)
