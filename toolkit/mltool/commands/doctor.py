"""`mltool doctor`: what is unprotected, here and on the forge, and what to do about it."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from mltool import config as configuration
from mltool import disk, git
from mltool.commands.forge import Forge, of_remote
from mltool.config import Config
from mltool.errors import Exit, MltoolError
from mltool.forges import github_protection
from mltool.git import command
from mltool.release import doctor, setup
from mltool.release.protection import Finding

MARKS = {"open": "✗", "unseen": "?", "note": "·"}


def examine(project: git.Project, forge: Forge | None) -> tuple[Finding, ...]:
    """Return everything that is open, could not be seen, or should be known.

    Without a `forge` only the project is looked at, and a repository on GitHub is said to be unseen. A GitHub that does
    not answer is a finding too.
    """
    config = configuration.load(disk.read(project.folder, (configuration.FILE, configuration.PYPROJECT)))
    return (*setup.judge(_project(project, config)), *_forge(project, config, forge))


def exit_code(findings: Iterable[Finding]) -> Exit:
    """Return 1 where something is open, else 4 where something could not be seen, else 0."""
    levels = {finding.level for finding in findings}
    return Exit.FAILED if "open" in levels else Exit.OUTSIDE if "unseen" in levels else Exit.GOOD


def words(findings: Sequence[Finding]) -> str:
    """Return the findings for a terminal, what is open first."""
    order = list(MARKS)
    ranked = sorted(findings, key=lambda finding: order.index(finding.level))
    lines = [
        f"{MARKS[it.level]} {it.about}: {it.sentence}" + (f"\n    {it.remedy}" if it.remedy else "") for it in ranked
    ]
    counts = {level: sum(finding.level == level for finding in findings) for level in MARKS}
    if counts["open"] or counts["unseen"]:
        lines.append(f"{counts['open']} open, {counts['unseen']} could not be seen.")
    else:
        lines.append("Nothing is open.")
    return "\n".join(lines) + "\n"


def _forge(project: git.Project, config: Config, forge: Forge | None) -> tuple[Finding, ...]:
    if not config.models:
        return ()
    if forge is None:
        repository = of_remote(project)
        if not repository:
            return (
                Finding(
                    level="note", about="forge", sentence="This repository is not on GitHub: only files were seen."
                ),
            )
        return (_unseen(f"{repository} was not asked, for there is no token."),)
    try:
        return doctor.judge(github_protection.look(forge.session, forge.repository), config)
    except MltoolError as error:
        return (_unseen(str(error)),)


def _unseen(sentence: str) -> Finding:
    return Finding(
        level="unseen", about="GitHub", sentence=sentence, remedy="GITHUB_TOKEN=$(gh auth token) mltool doctor"
    )


def _project(project: git.Project, config: Config) -> setup.Project:
    signers = config.signing.allowed_signers
    files = disk.read(project.folder, (signers,) if signers else ())
    at_root = disk.read(project.root, (setup.WORKFLOW, *setup.OWNERS))
    return setup.Project(
        config=config,
        signers=files.get(signers),
        signs=_signs(project.root),
        workflow=at_root.get(setup.WORKFLOW, b"").decode(errors="replace"),
        owners=next((at_root[name] for name in setup.OWNERS if name in at_root), b"").decode(errors="replace"),
    )


def _signs(root: Path) -> bool:
    """Return whether Git signs every tag with an SSH key."""
    wanted = {"tag.gpgSign": "true", "gpg.format": "ssh"}
    given = {key: command.ask(root, "config", "--get", key).out.decode().strip().lower() for key in wanted}
    return given == wanted and bool(command.ask(root, "config", "--get", "user.signingKey").out.strip())
