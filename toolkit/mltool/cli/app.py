"""The command line: which verbs there are, and where. The help lists them in this order."""

from typing import Final

import typer

from mltool import __version__
from mltool.cli.lazy import Forwarding, Group, Passing, group_class

PANELS: Final[dict[str, dict[str, str | Group]]] = {
    "Set up": {
        "init": "init:init",
        "ci": Group(
            help="Write the CI workflows, check that they are current, run the pipeline in CI.",
            verbs={"generate": "ci:generate", "check": "ci:check", "run": "ci:run", "release": "ci:release"},
        ),
        "doctor": "doctor:doctor",
        "score": "score:score",
        "demo": "demo:demo",
    },
    "Pull requests": {
        "report": "report:report",
        "diff": "diff:diff",
        "gate": "gate:gate",
        "accept": "accept:accept",
        "test": Forwarding("test:run"),
    },
    "In the pipeline": {
        "measure": Group(
            help="Measure a model inside a pipeline stage and leave small facts for the report.",
            verbs={
                "export": "measure_export:export",
                "leakage": "measure_leakage:leakage",
                "base": "measure_base:base",
                "profile": "data_drift:profile",
                "evaluate": "measure:evaluate",
                "split": "measure:split",
                "cost": Passing("measure:cost"),
            },
        ),
        "data": Group(
            help="Check tables: by contracts, for drift, between revisions.",
            verbs={
                "infer": "data_contract:infer",
                "check": "data_contract:check",
                "convert": "data_contract:convert",
                "drift": "data_drift:drift",
                "diff": "data_diff:diff",
            },
        ),
    },
    "Releases": {
        "release": Group(
            help="Plan, package and publish a release of a model.",
            verbs={
                "lock": "release_lock:lock",
                "plan": "release_plan:plan",
                "package": "release_package:package",
                "publish": "release_publish:publish",
                "reproduce": "release_reproduce:reproduce",
            },
        ),
        "register": "register:register",
        "approve": "promote:approve",
        "promote": "promote:promote",
        "hold": "promote:hold",
        "unhold": "promote:unhold",
        "log": "registry:log",
        "registry": Group(
            help="Look back into the ledger, and check that it is whole.",
            verbs={"at": "registry:at", "verify": "registry:verify", "fetch": "registry:fetch"},
        ),
        "verify": "verify:verify",
    },
    "Running": {
        "deploy": "deploy:deploy",
        "rollback": "rollback:rollback",
        "status": "status:status",
        "serve": "serve:serve",
    },
}

app = typer.Typer(
    name="mltool",
    help="Pull requests that tell the truth about your model, and releases that can be checked and taken back.",
    cls=group_class(PANELS),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"mltool {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Take the flags that stand before a verb."""
