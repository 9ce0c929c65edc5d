"""`mltool gate`."""

from pathlib import Path
from typing import Annotated

import typer

from mltool.cli import output
from mltool.cli.options import Base, FailUndecided, Project


def gate(
    base: Base = None,
    head: Annotated[str | None, typer.Argument(help="Judge this revision. Default: the work tree.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdicts as report JSON.")] = False,
    file: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Also write them there, as gate.json.")
    ] = None,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write them there, as JUnit XML.")] = None,
    fail_undecided: FailUndecided = False,
    project: Project = Path(),
) -> None:
    """Judge the metrics by the gates of mltool.toml, dvc.lock by the commit, and model tests that ran here.

    Exits 0 when all gates pass, 1 when one fails, 3 with --fail-undecided when one could not decide.
    """
    from mltool import disk
    from mltool.commands import gate as verb
    from mltool.commands.compare import compare
    from mltool.commands.report import exit_code
    from mltool.report import json, terminal
    from mltool.report import junit as xml

    found = verb.judge(compare(project, base=base, head=head), committed=False)
    if file:
        disk.write(file, json.dumps(found))
    if junit:
        disk.write(junit, xml.render(found))
    if as_json:
        output.put(json.dumps(found))
    else:
        output.put(terminal.render(verb.words(found), width=output.width(), color=output.colored()))
    raise typer.Exit(exit_code(found, fail_undecided=fail_undecided))
