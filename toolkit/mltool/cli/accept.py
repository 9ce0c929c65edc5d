"""`mltool accept`."""

from pathlib import Path
from typing import Annotated

import typer

from mltool.cli import output
from mltool.cli.options import Project


def accept(
    metric: Annotated[str, typer.Argument(help="The gate, or its metric: `recall`, `metrics.json:recall`.")],
    reason: Annotated[str, typer.Option("--reason", "-m", help="Why; it stands in the report and the release notes.")],
    where: Annotated[str, typer.Option("--slice", help="Accept it on this slice: `carrier=B6`.")] = "",
    until: Annotated[str, typer.Option(help="The last day on which it holds: 2026-12-31.")] = "",
    days: Annotated[int | None, typer.Option(help="For how many days it holds. Default: 30.")] = None,
    base: Annotated[
        str | None, typer.Option(help="Compare with this revision. Default: where this branch left its target.")
    ] = None,
    project: Project = Path(),
) -> None:
    """Accept a regression for a time: an entry in mltool.toml, reviewed with the change.

    The gate then passes as "accepted", and says so, until that day, and as long as
    the metric does not fall further. Commit the file.
    """
    from mltool.commands import accept as verb
    from mltool.commands.compare import compare

    compared = compare(project, base=base)
    done = verb.accept(compared, metric, reason=reason, slice_=where, until=until, days=days)
    output.put(f"Added to {done}")
