"""`mltool score`."""

from pathlib import Path
from typing import Annotated

import typer

from mltool.cli import output
from mltool.cli.options import AsJson, Project


def score(
    as_json: AsJson = False,
    badge: Annotated[Path | None, typer.Option("--badge", help="Also write the score as SVG to this file.")] = None,
    project: Project = Path(),
) -> None:
    """Say how ready for production this repository is: the 28 items of the ML Test Score (Breck et al. 2017).

    Each is answered by what the repository has: files, gates, tests, stages, tags. Nothing is run and nobody is asked;
    what cannot be seen from here never counts as met.
    """
    from mltool.commands import score as verb

    found = verb.measure(project)
    if badge is not None:
        verb.write_badge(found, badge)
    output.put(verb.document(found) if as_json else verb.words(found, width=output.width()))
