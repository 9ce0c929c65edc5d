"""`mltool ci`: the workflows."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mltool.cli import output
from mltool.cli.options import Project

if TYPE_CHECKING:
    from mltool.commands.ci import Desk


def generate(
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that were edited by hand.")] = False,
    project: Project = Path(),
) -> None:
    """Write the workflows that the table `ci` of mltool.toml asks for.

    A workflow that was edited by hand is never overwritten without --force. Newer pins of actions are kept.
    """
    from mltool.commands import ci

    raise typer.Exit(ci.generate(_desk(project), force=force))


def check(project: Project = Path()) -> None:
    """Exit 1 with a diff when a workflow is not what the table `ci` of mltool.toml makes."""
    from mltool.commands import ci

    raise typer.Exit(ci.check(_desk(project)))


def run(project: Project = Path()) -> None:
    """Reproduce the pipeline in CI, with what it needs from the DVC remote.

    Where the test set is not the base's, the base's model is evaluated on the new one: see `mltool measure base`.

    Exits 2 when a stage fails or data was never pushed, 4 when the remote does not answer.
    """
    import os

    from mltool import git, shell
    from mltool.ci import github_actions
    from mltool.commands import ci, reproduce, test_set_base

    edges = reproduce.Edges(
        tee=lambda command, folder: shell.tee(command, cwd=folder),
        say=lambda line: print(line, flush=True),
        on_github=os.environ.get("GITHUB_ACTIONS") == "true",
    )

    def targets() -> tuple[str, ...]:
        build = github_actions.load(os.environ) if github_actions.has_place(os.environ) else None
        return (build.base_sha, build.base_ref) if build else ()

    done = ci.run(git.find(project), edges)
    test_set_base.attempt(project, targets=targets, say=edges.say)
    raise typer.Exit(done)


def release(project: Project = Path()) -> None:
    """Judge the tag that started this job, and tell the jobs after it what to do; what the release workflow calls.

    Exits 1 for a failed gate, a version on hold, a tag that was moved or that names another release than its commit
    makes; 2 for a tag that is none of the ledger's; 4 when the remote does not answer.
    """
    import os

    from mltool import git
    from mltool.commands import ci_release

    edges = ci_release.Edges(environ=os.environ, say=lambda line: output.put(f"{line}\n"))
    raise typer.Exit(ci_release.run(git.find(project), edges))


def _desk(project: Path) -> "Desk":
    from mltool import disk, git
    from mltool.commands.ci import Desk

    return Desk(root=git.repository(project).root, templates=disk.templates(), say=lambda line: output.put(f"{line}\n"))
