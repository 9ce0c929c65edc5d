"""`mltool doctor`."""

from pathlib import Path
from typing import Annotated

import typer

from mltool.cli import output
from mltool.cli.options import Project


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
    project: Project = Path(),
) -> None:
    """Say what anybody who may push can do to a release, and which setting stops it.

    Reads mltool.toml, the workflow, and with GITHUB_TOKEN the settings of the
    repository on GitHub: environments, tags, branches, Actions, releases.
    Exits 1 when something is open, 4 when something could not be seen.
    """
    from mltool import git
    from mltool.commands import doctor as verb
    from mltool.commands import forge

    here = git.find(project)
    found = verb.examine(here, forge.connect(here))
    if as_json:
        import dataclasses
        import json

        output.put(json.dumps([dataclasses.asdict(finding) for finding in found], indent=2) + "\n")
    else:
        output.put(verb.words(found))
    raise typer.Exit(verb.exit_code(found))
