"""`mltool demo`."""

import os
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from mltool.errors import UserError


def demo(
    report: Annotated[Path, typer.Option("--output", "-o", help="Folder that the last report is left in.")] = Path(
        "mltool-demo-report"
    ),
) -> None:
    """Play a pull request and a release on a temporary copy of the starter project, in about a minute.

    An empty folder, a first model, a branch that changes a parameter, a second push that makes the model worse, each
    with its report; then two versions go live on this machine, and the second is taken back. With the real commands;
    nothing is sent anywhere.
    """
    for module in ("dvc", "sklearn", "pandas", "skl2onnx", "pytest"):
        if find_spec(module) is None:
            raise UserError(
                f"The demo runs a pipeline and needs {module}.", "pip install 'mltool-ci[dvc,measure,onnx]' pytest"
            )
    from mltool.commands import demo as verb

    folder = Path(tempfile.mkdtemp(prefix="mltool-demo-"))
    verb.play(folder, report.resolve(), say=typer.echo, environ=os.environ, clock=verb.now)
