"""The command line: flags and help. A verb imports its work when it runs, because start-up is our job."""

import typer

from mltool import __version__
from mltool.cli import (
    accept,
    ci,
    demo,
    deploy,
    diff,
    doctor,
    gate,
    init,
    measure,
    promote,
    register,
    registry,
    release,
    report,
    rollback,
    serve,
    status,
    verify,
)

app = typer.Typer(
    name="mltool",
    help="Pull requests that tell the truth about your model.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.command()(init.init)
app.command()(diff.diff)
app.command()(gate.gate)
app.command()(accept.accept)
app.command()(report.report)
app.add_typer(ci.app, name="ci")
app.add_typer(measure.app, name="measure")
app.add_typer(release.app, name="release")
app.command()(deploy.deploy)
app.command()(doctor.doctor)
app.command()(rollback.rollback)
app.command()(register.register)
app.command()(promote.promote)
app.command()(promote.approve)
app.command()(promote.hold)
app.command()(promote.unhold)
app.command()(registry.log)
app.command()(status.status)
app.add_typer(registry.app, name="registry")
app.command()(serve.serve)
app.command()(verify.verify)
app.command()(demo.demo)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"mltool {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Take the flags that stand before a verb."""
