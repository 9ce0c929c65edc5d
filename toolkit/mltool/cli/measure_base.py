"""`mltool measure base`."""

from pathlib import Path
from typing import Annotated

import typer


def base(
    base: Annotated[
        str | None,
        typer.Argument(help="Test the model of this revision. Default: where this branch left its target."),
    ] = None,
    project: Annotated[Path, typer.Option("--project", "-C", help="Run as if started in this folder.")] = Path(),
) -> None:
    """Evaluate the base's model on the test set of this change, where it is another one; `mltool ci run` does so too.

    The base's own code runs in a checkout of its own, from the test set that mltool.toml names to the predictions;
    nothing is trained. `mltool gate` and `mltool report` then compare both models on the same rows.
    """
    from mltool.commands import test_set_base
    from mltool.commands.compare import compare

    typer.echo(test_set_base.measure(compare(project, base), say=lambda line: typer.echo(line, err=True)))
