"""`mltool release`: from a commit to a published bundle; one file a verb."""

import typer

app = typer.Typer(help="Plan, package and publish a release of a model.", no_args_is_help=True)
