"""`mltool test`."""

from pathlib import Path

import typer


def run(
    words: list[str] | None = typer.Argument(None, metavar="[PYTEST ARGUMENTS…]", help="What pytest is asked for."),
    fail_undecided: bool = typer.Option(
        False, "--fail-undecided", help="Exit 3 for an undecided test, also where the repository skips it."
    ),
    project: Path = typer.Option(Path(), "--project", "-C", help="Run as if started in this folder."),
) -> None:
    """Run the project's tests with pytest, and record the model tests for the report.

    What each check claimed and measured goes into the next `mltool report` of the same commit and files; rows of data
    stay in the log. Exits 0 when all tests pass, 1 when one fails, 2 when there are none or pytest breaks off, 3 when
    all that failed are undecided.

    Flags that are not listed here are pytest's; after `--` all are.

    Example:  mltool test tests/test_model.py -k carrier
    """
    import os

    from mltool.commands import test as verb

    raise typer.Exit(verb.run(project, words or [], environ=os.environ, fail_undecided=fail_undecided))
