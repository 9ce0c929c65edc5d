"""`mltool release package`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from mltool.cli import output
from mltool.cli.options import Project


class Sign(StrEnum):
    """How a bundle is signed."""

    OFF = "off"
    SSH = "ssh"
    DSSE = "dsse"


def package(
    model: Annotated[str, typer.Argument(help="The model, as mltool.toml names it.")],
    version: Annotated[str, typer.Argument(help="A version that is registered, for example 1.3.0.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder that the bundle is put in.")] = Path("dist"),
    revision: Annotated[
        str | None, typer.Option("--rev", help="Rehearse the version for this commit, registered or not.")
    ] = None,
    sign: Annotated[
        Sign | None,
        typer.Option("--sign", help="How to sign. Default: what mltool.toml says."),
    ] = None,
    key: Annotated[str, typer.Option("--key", help="The SSH key to sign with. Default: Git's user.signingKey.")] = "",
    replay: Annotated[
        bool, typer.Option("--replay/--no-replay", help="Predict the golden rows in a clean environment first.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was made as JSON.")] = False,
    project: Project = Path(),
) -> None:
    """Make the bundle of a version: model, schema, golden rows, server, card, checksums.

    Every byte is compared with Git or dvc.lock, and the same release gives the
    same file. Exits 1 where a file or a prediction is not what it should be.
    """
    from mltool import git
    from mltool.commands import bundle_words
    from mltool.commands import package as verb

    made = verb.package(
        git.find(project),
        model,
        version,
        out=project / out,
        revision=revision,
        sign=sign.value if sign else None,
        key=key,
        replay=replay,
        say=lambda line: typer.echo(line, err=as_json),
    )
    output.put(bundle_words.packaged_json(made) if as_json else bundle_words.packaged(made))
