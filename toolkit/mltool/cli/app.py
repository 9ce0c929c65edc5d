"""The command line: flags and help. A verb imports its work when it runs, because start-up is our job."""

from collections.abc import Callable
from inspect import cleandoc
from typing import Final

import typer
from typer.core import TyperGroup

from mltool import __version__
from mltool.cli import (
    accept,
    ci,
    data,
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
    score,
    serve,
    status,
    verify,
)

Verb = Callable[..., None] | typer.Typer

PANELS: Final[dict[str, dict[str, Verb]]] = {
    "Set up": {"init": init.init, "ci": ci.app, "doctor": doctor.doctor, "score": score.score, "demo": demo.demo},
    "Pull requests": {"report": report.report, "diff": diff.diff, "gate": gate.gate, "accept": accept.accept},
    "In the pipeline": {"measure": measure.app, "data": data.app},
    "Releases": {
        "release": release.app,
        "register": register.register,
        "approve": promote.approve,
        "promote": promote.promote,
        "hold": promote.hold,
        "unhold": promote.unhold,
        "log": registry.log,
        "registry": registry.app,
        "verify": verify.verify,
    },
    "Running": {
        "deploy": deploy.deploy,
        "rollback": rollback.rollback,
        "status": status.status,
        "serve": serve.serve,
    },
}


class _Order(TyperGroup):
    """Lists the verbs as `PANELS` does: Typer would put those that have verbs of their own last."""

    def list_commands(self, *_: object, **__: object) -> list[str]:
        """Return the names of the verbs."""
        return [name for verbs in PANELS.values() for name in verbs]


def flowing(text: str) -> str:
    """Return a docstring as help that fills the terminal: Typer keeps the lines of all paragraphs but the first.

    A paragraph that begins with a line of `\\b` alone keeps its lines, and a bracket is a bracket, not markup.
    """
    paragraphs = cleandoc(text).replace("[", r"\[").split("\n\n")
    return "\n\n".join(
        paragraph.removeprefix("\b\n") if paragraph.startswith("\b\n") else paragraph.replace("\n", " ")
        for paragraph in paragraphs
    )


def _flow(group: typer.Typer) -> None:
    for command in group.registered_commands:
        command.help = flowing(command.help or (command.callback.__doc__ if command.callback else "") or "")


app = typer.Typer(
    name="mltool",
    help="Pull requests that tell the truth about your model, and releases that can be checked and taken back.",
    cls=_Order,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

for _panel, _verbs in PANELS.items():
    for _name, _verb in _verbs.items():
        if isinstance(_verb, typer.Typer):
            _flow(_verb)
            app.add_typer(_verb, name=_name, rich_help_panel=_panel)
        else:
            app.command(_name, rich_help_panel=_panel)(_verb)
_flow(app)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"mltool {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Take the flags that stand before a verb."""
