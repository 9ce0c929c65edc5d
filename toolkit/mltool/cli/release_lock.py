"""`mltool release lock`."""

from pathlib import Path
from typing import Annotated

import typer

from mltool.cli.options import Project


def lock(
    model: Annotated[str, typer.Argument(help="The model, as mltool.toml names it.")],
    project: Project = Path(),
) -> None:
    """Lock what serving a model installs: versions as exported, and the hash of every file.

    Writes release/MODEL/requirements.txt, which belongs into Git. Needs uv and the package index.
    """
    from mltool.commands import release_lock

    done = release_lock.lock(project, model)
    state = "Wrote" if done.changed else "Nothing to do for"
    typer.echo(f"{state} {done.path}: " + ", ".join(f"{name} {version}" for name, version in done.versions.items()))
