"""The command line: flags and help. A verb imports its work when it runs, because start-up is our job."""

import sys
import traceback

import typer

from mltool import __version__
from mltool.cli import ci, demo, diff, gate, init, measure, report
from mltool.errors import Exit, MltoolError

ISSUES = "https://github.com/mltool/mltool/issues"

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
app.command()(report.report)
app.add_typer(ci.app, name="ci")
app.add_typer(measure.app, name="measure")
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


def main() -> None:
    """Run the command line and exit with one of the codes of `mltool.errors.Exit`."""
    stdout = sys.stdout
    try:
        app()
    except SystemExit as stop:
        if stop.code == Exit.INTERRUPTED:
            _say("mltool: interrupted; nothing is left half-written.")
        # Typer exits 1 when the reader of a pipe goes away (`mltool diff | head`), which would read as a failed gate.
        if sys.stdout is not stdout:
            sys.exit(Exit.GOOD)
        raise
    except MltoolError as error:
        _say(f"mltool: {error.what}")
        if error.remedy:
            _say(f"  → {error.remedy}")
        sys.exit(error.code)
    except Exception:  # noqa: BLE001 - the last line of defence, so that a crash never exits 1
        _say(traceback.format_exc())
        _say(f"mltool {__version__}: this is a bug in mltool, not in your project. Please report it: {ISSUES}")
        sys.exit(Exit.BUG)


def _say(text: str) -> None:
    typer.echo(text, err=True)
