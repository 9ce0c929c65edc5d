"""`mltool release publish`."""

from pathlib import Path
from typing import Annotated

import typer

from mltool.cli import output
from mltool.cli.options import Project


def publish(
    model: Annotated[str, typer.Argument(help="The model, as mltool.toml names it.")],
    version: Annotated[str, typer.Argument(help="A version that is registered, for example 1.3.0.")],
    bundle: Annotated[
        Path | None, typer.Option("--bundle", help="The archive. Default: what `mltool release package` left.")
    ] = None,
    rehearse: Annotated[
        bool, typer.Option("--rehearse", help="Do it all on a draft that is removed again; publish nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was done as JSON.")] = False,
    project: Project = Path(),
) -> None:
    """Publish a bundle: draft, upload, verify by downloading, publish.

    Killed at any point, it goes on from there when it is run again. What is
    published is never changed; a second run downloads it and compares.
    """
    import os

    from mltool import disk, git
    from mltool.commands import publish as verb
    from mltool.report.escape import escape

    found = verb.publish(
        git.find(project),
        model,
        version,
        bundle=bundle,
        rehearse=rehearse,
        say=lambda line: typer.echo(line, err=as_json),
    )
    if as_json:
        import json

        words = {
            "tag": found.tag,
            "digest": found.digest,
            "url": found.url,
            "changed": found.changed,
            "rehearsed": found.rehearsed,
            "steps": [str(step) for step in found.steps],
        }
        output.put(json.dumps(words, indent=2) + "\n")
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary and not found.rehearsed:
        disk.append(Path(summary), f"{escape(found.tag)} is published: [release]({found.url})\n\n")
