"""`mltool report`."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mltool.cli import output as stdout
from mltool.cli.options import Base, FailUndecided, Project
from mltool.errors import Exit, UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mltool import git
    from mltool.ci.build import Build
    from mltool.commands.compare import Comparison
    from mltool.commands.data_tables import Changed
    from mltool.config import Config, Data
    from mltool.forges.session import Session
    from mltool.report.data import TableChange
    from mltool.report.model import PlannedRelease, Report


class Format(StrEnum):
    """How the report is printed."""

    TERMINAL = "terminal"
    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"


def report(
    base: Base = None,
    head: Annotated[str | None, typer.Argument(help="Report on this revision. Default: the work tree.")] = None,
    form: Annotated[Format, typer.Option("--format", "-f", help="What to print.")] = Format.TERMINAL,
    full: Annotated[
        bool, typer.Option("--full", help="In the terminal: every section, not only the first lines.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Also write report.json, .md and .html into this folder.")
    ] = None,
    made: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="Use a report.json made earlier; needs no repository.")
    ] = None,
    post: Annotated[bool, typer.Option("--post", help="Post it: comment, check run and job summary.")] = False,
    open_check: Annotated[
        bool, typer.Option("--open-check", help="Only show on the pull request that a report is coming.")
    ] = False,
    close_check: Annotated[
        bool, typer.Option("--close-check", help="Only close that again, after a run that made no report.")
    ] = False,
    check_id: Annotated[
        int | None, typer.Option(envvar="MLTOOL_CHECK_ID", help="The check that --open-check opened.")
    ] = None,
    cancelled: Annotated[
        bool, typer.Option("--cancelled", envvar="MLTOOL_CANCELLED", help="With --close-check: that run was cancelled.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="With --post: print what would be written.")] = False,
    key: Annotated[str, typer.Option(help="Tells several reports on one pull request apart.")] = "mltool",
    fail_undecided: FailUndecided = False,
    project: Project = Path(),
) -> None:
    """Say what changed, whether the model got better or worse, and why.

    \b
    mltool report                        this branch and its work tree
    mltool report v1.0 HEAD -f html      any two revisions, as a page
    mltool report --output DIR           also as files, as a CI job keeps it
    mltool report --from r.json --post   post what another job made

    Exits 1 when a gate fails. Posting a report that was made earlier prints
    nothing of it and exits 0 once it is delivered.
    """
    from mltool.commands import report as verb

    build = _build(required=post or open_check or close_check)
    if build and (open_check or close_check):
        _check(build, opening=open_check, check_id=check_id, key=key, cancelled=cancelled)
        return
    found = verb.load(made) if made else _make(project, base, head, build=build, key=key)
    if output:
        from mltool.commands import render

        render.write(found, output)
    # A report that was made elsewhere was judged there: here it only has to be delivered. It is not printed either,
    # for the runner takes commands from the log, and this job has a token that writes.
    judged = not (made and post)
    if judged:
        _print(found, form, full=full)
    if build and post:
        _post(found, build, key=key, check_id=check_id, dry_run=dry_run, fail_undecided=fail_undecided)
    raise typer.Exit(verb.exit_code(found, fail_undecided=fail_undecided) if judged else Exit.GOOD)


def _make(project: Path, base: str | None, head: str | None, *, build: Build | None, key: str) -> Report:
    from mltool.commands import report as verb
    from mltool.commands.compare import compare

    targets = (build.base_sha, build.base_ref) if build else ()
    compared = compare(project, base=base, head=head, targets=targets)
    return verb.make(compared, build=build, key=key, foresee=_foresee, inspect=_inspect)


def _foresee(project: git.Project, config: Config, commit: str) -> tuple[PlannedRelease, ...]:
    """Plan releases: loaded here, since a repository without models never asks."""
    from mltool.commands import release_plan

    return release_plan.foresee(project, config, commit)


def _inspect(compared: Comparison, tables: Sequence[Changed], settings: Data) -> tuple[TableChange, ...]:
    """Compare tables: loaded here, since numpy takes longer than a report without them."""
    from mltool.cli import extra

    verb = extra.load("mltool.commands.data_diff", doing="Comparing tables")
    return tuple(verb.told(item) for item in verb.compare(compared, tables, settings))


def _build(*, required: bool) -> Build | None:
    """Return the CI run that we are in, None on a laptop."""
    if not required and "GITHUB_ACTIONS" not in os.environ:
        return None
    from mltool.ci import github_actions

    # A job after another event, say a release, may still print a report: as on a laptop.
    if github_actions.running(os.environ) and (required or github_actions.has_place(os.environ)):
        return github_actions.load(os.environ)
    if required:
        raise UserError("Posting needs a job of GitHub Actions to know where to.", "On your machine: `mltool report`.")
    return None


def _session(build: Build) -> Session | None:
    from mltool import http
    from mltool.commands import post

    token = os.environ.get("MLTOOL_TOKEN") or os.environ.get("GITHUB_TOKEN", "")
    return post.connect(build, http.Secret(token)) if token else None


def _check(build: Build, *, opening: bool, check_id: int | None, key: str, cancelled: bool) -> None:
    from mltool import disk
    from mltool.commands import check_run

    session = _session(build)
    if not opening:
        check_run.close(build, session=session, say=_say, check_id=check_id, key=key, cancelled=cancelled)
        return
    number = check_run.start(build, session=session, say=_say, key=key)
    if number and (path := os.environ.get("GITHUB_OUTPUT")):
        disk.append(Path(path), f"check-id={number}\n")


def _post(found: Report, build: Build, *, key: str, check_id: int | None, dry_run: bool, fail_undecided: bool) -> None:
    from mltool import disk
    from mltool.commands import post
    from mltool.report import markdown
    from mltool.report.page import Links, page

    words = page(found, links=Links(commit=f"{build.server_url}/{build.repository}/commit/", run=build.run_url))
    post.post(
        found,
        build,
        session=_session(build),
        render=lambda limit: markdown.render(words, limit=limit, rest=build.run_url),
        summary=lambda text: disk.append(Path(build.summary_path), text) if build.summary_path else None,
        say=_say,
        key=key,
        check_id=check_id,
        undecided_blocks=fail_undecided,
        dry_run=dry_run,
    )


def _say(line: str) -> None:
    typer.echo(f"mltool: {line}", err=True)


def _print(found: Report, form: Format, *, full: bool) -> None:
    if form is Format.JSON:
        from mltool.report import json

        stdout.put(json.dumps(found))
        return
    from mltool.commands import render

    stdout.put(render.text(found, form, width=stdout.width(), color=stdout.colored(), full=full))
    if form is Format.TERMINAL and not full and sys.stdout.isatty():
        typer.echo("`--full` shows every section, `--format html` the page.")
