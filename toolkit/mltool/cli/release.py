"""`mltool release`: from a commit to a published bundle; one file a verb."""

import typer

from mltool.cli import release_lock, release_package, release_plan, release_publish, release_reproduce

app = typer.Typer(help="Plan, package and publish a release of a model.", no_args_is_help=True)

app.command()(release_lock.lock)
app.command()(release_plan.plan)
app.command()(release_package.package)
app.command()(release_publish.publish)
app.command()(release_reproduce.reproduce)
