"""`mltool init`."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

_CI = "Settings of the workflows (detected unless given)"


def init(
    folder: Annotated[Path, typer.Argument(help="The project, or an empty folder for a whole new one.")] = Path(),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show every file, write nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    package_manager: Annotated[
        Literal["uv", "poetry", "pip", "conda", "pixi"] | None,
        typer.Option(help="What installs the packages.", rich_help_panel=_CI),
    ] = None,
    requirements: Annotated[
        str | None, typer.Option(help="The file that pip or conda installs from.", rich_help_panel=_CI)
    ] = None,
    setup: Annotated[
        str | None, typer.Option(help="Commands that install the project instead.", rich_help_panel=_CI)
    ] = None,
    python: Annotated[str | None, typer.Option(help="The Python version.", rich_help_panel=_CI)] = None,
    default_branch: Annotated[str | None, typer.Option(help="Where pull requests go.", rich_help_panel=_CI)] = None,
    tests: Annotated[str | None, typer.Option(help="The test command; '' for none.", rich_help_panel=_CI)] = None,
    forks: Annotated[
        Literal["comment", "report", "off"] | None,
        typer.Option(help="What pull requests from forks get.", rich_help_panel=_CI),
    ] = None,
    lock: Annotated[
        Literal["verify", "warn", "off"] | None,
        typer.Option(help="What a stale dvc.lock does.", rich_help_panel=_CI),
    ] = None,
    runner: Annotated[str | None, typer.Option(help="The runner of the pipeline.", rich_help_panel=_CI)] = None,
    remote: Annotated[
        Literal["", "s3", "gs", "azure", "http", "ssh", "local"] | None,
        typer.Option(help="The kind of the DVC remote.", rich_help_panel=_CI),
    ] = None,
    oidc_role: Annotated[
        str | None,
        typer.Option(help="Whom the workflow acts as in the cloud, without keys.", rich_help_panel=_CI),
    ] = None,
    oidc_account: Annotated[
        str | None,
        typer.Option(help="With it: Google service account, Azure tenant.", rich_help_panel=_CI),
    ] = None,
    secret: Annotated[
        list[str] | None,
        typer.Option(help="A secret the pipeline needs. Repeatable.", rich_help_panel=_CI),
    ] = None,
    install: Annotated[
        str | None, typer.Option(help="The requirement that installs mltool in CI.", rich_help_panel=_CI)
    ] = None,
    provider: Annotated[str | None, typer.Option(help="The CI system.", rich_help_panel=_CI)] = None,
) -> None:
    """Set a DVC project up for reports on pull requests, or start a whole project in an empty folder.

    \b
    mltool init            in a DVC project: mltool.toml and the workflows
    mltool init parcels    in an empty folder: a whole project that runs at once
    mltool init --dry-run  show every file, write nothing

    It shows its plan, asks once, and never overwrites a file. Running it again changes nothing.
    """
    from mltool import disk
    from mltool.commands import init as command
    from mltool.commands.pipeline import pipeline

    given = {
        "package_manager": package_manager,
        "requirements": requirements,
        "setup": setup,
        "python": python,
        "default_branch": default_branch,
        "tests": tests,
        "forks": forks,
        "lock": lock,
        "runner": runner,
        "remote": remote,
        "oidc_role": oidc_role,
        "oidc_account": oidc_account,
        "secrets": tuple(secret) if secret else None,
        "install": install,
        "provider": provider,
    }
    edges = command.Edges(
        templates=disk.templates(),
        say=typer.echo,
        ask=(lambda question: typer.confirm(question, default=True)) if sys.stdin.isatty() else None,
        read=pipeline,
        python=f"{sys.version_info.major}.{sys.version_info.minor}",
    )
    request = command.Request(
        folder=folder, given={key: value for key, value in given.items() if value is not None}, dry_run=dry_run, yes=yes
    )
    raise typer.Exit(command.run(request, edges))
