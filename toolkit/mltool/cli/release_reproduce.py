"""`mltool release reproduce`."""

from pathlib import Path
from typing import Annotated

import typer

from mltool.cli import output
from mltool.cli.options import Project


def reproduce(
    tag: Annotated[str, typer.Argument(help="The tag that registered the version, for example delay@v1.3.0.")],
    keep: Annotated[bool, typer.Option("--keep", help="Leave the clone, to look into it.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
    project: Project = Path(),
) -> None:
    """Run the pipeline of a release again, and compare what it makes.

    In a clean clone of the tag's commit, with this environment. Says byte-equal,
    prediction-equal or different, and the likely cause. Exits 1 when different.
    """
    from mltool import git
    from mltool.commands import bundle_words
    from mltool.commands import release_reproduce as verb

    found = verb.reproduce(git.find(project), tag, keep=keep, say=lambda line: typer.echo(line, err=True))
    output.put(bundle_words.reproduced_json(tag, found) if as_json else bundle_words.reproduced(tag, found))
    raise typer.Exit(1 if found.outcome == "different" else 0)
