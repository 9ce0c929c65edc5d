"""`mltool release plan`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from mltool.cli import output
from mltool.cli.options import Project


def plan(
    model: Annotated[str, typer.Argument(help="The model, as dvc.yaml or mltool.toml names it.")],
    version: Annotated[str, typer.Argument(help="The version. Default: the commit's own, else the next patch.")] = "",
    bump: Annotated[
        Literal["major", "minor", "patch"] | None, typer.Option("--bump", help="Take the next version of this kind.")
    ] = None,
    revision: Annotated[
        str | None, typer.Option("--rev", help="Plan this commit. Default: the version's own, else HEAD.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print release.json and nothing else.")] = False,
    file: Annotated[Path | None, typer.Option("--output", "-o", help="Also write release.json into this file.")] = None,
    full: Annotated[bool, typer.Option("--full", help="Every section, not only the first lines of some.")] = False,
    project: Project = Path(),
) -> None:
    """Say what a release of a model would consist of, replace, and still lacks.

    \b
    mltool release plan delay                what HEAD would be released as
    mltool release plan delay --bump minor   as the next minor version
    mltool release plan delay 1.3.0 --json   the manifest of a version

    Read from Git alone: nothing is made, written or tagged, and changes on
    disk do not count. The same commit gives the same bytes everywhere.
    Exits 1 when a gate fails, that on the card among them.
    """
    from mltool import disk, git
    from mltool.commands import forge
    from mltool.commands import release_plan as verb
    from mltool.errors import Exit
    from mltool.gates.verdict import Outcome
    from mltool.release import json

    place = git.find(project)
    found = verb.plan(place, model, version, bump or "", revision, forge=None if as_json else forge.connect(place))
    text = json.dumps(found.manifest)
    if file:
        disk.write(file, text)
    if as_json:
        output.put(text.encode())
    else:
        from mltool.report import plan as words
        from mltool.report import terminal

        output.put(terminal.render(words.page(found), width=output.width(), color=output.colored(), full=full))
    raise typer.Exit(Exit.FAILED if found.outcome is Outcome.FAIL else Exit.GOOD)
