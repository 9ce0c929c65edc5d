"""What of a project's own files leaves releases open: configuration, signers, workflow → findings."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from mltool.config import Config
from mltool.errors import UserError
from mltool.release import approval
from mltool.release.protection import Finding

WORKFLOW: Final = ".github/workflows/mltool-release.yml"
OWNERS: Final = ("CODEOWNERS", ".github/CODEOWNERS", "docs/CODEOWNERS")


@dataclass(frozen=True, kw_only=True)
class Project:
    """What is in the project. `signers` is the file of allowed signers (None: not there), `signs` whether Git signs
    tags with an SSH key on this machine, `workflow` the release workflow, `owners` the rules of CODEOWNERS.
    """

    config: Config
    signers: bytes | None = None
    signs: bool = False
    workflow: str = ""
    owners: str = ""


def judge(project: Project) -> tuple[Finding, ...]:
    """Return what the project leaves open."""
    if not project.config.models:
        return (Finding(level="note", about="mltool.toml", sentence="It has no [models]: nothing is released here."),)
    return (*_signing(project), *_rules(project), *_release(project), *_workflow(project), *_owners(project))


def _signing(project: Project) -> Iterator[Finding]:
    signing = project.config.signing
    asks = any(place.approvals.count for place in project.config.environments.values())
    if not signing.allowed_signers:
        approves = "; approvals in tags do not count, for anybody can write any name into a tag" if asks else ""
        yield Finding(
            level="open",
            about="[signing]",
            sentence=f"No signature is asked for: a bundle swapped together with its checksums is taken{approves}.",
            remedy='Commit a file of keys (man ssh-keygen, ALLOWED SIGNERS) and name it: allowed_signers = "FILE".',
        )
    elif project.signers is None:
        yield Finding(
            level="open",
            about="[signing]",
            sentence=f"allowed_signers is {signing.allowed_signers}, and there is no such file.",
            remedy="Commit it, or correct mltool.toml.",
        )
    elif not re.search(rb"^\s*[^#\s].*\b(ssh-|ecdsa-|sk-)", project.signers, re.MULTILINE):
        yield Finding(
            level="open", about="[signing]", sentence=f"{signing.allowed_signers} names no key, so nobody may sign."
        )
    if signing.sign == "off":
        yield Finding(
            level="open",
            about="[signing]",
            sentence="Bundles are not signed: their checksums say that they are whole, not who made them.",
            remedy='sign = "ssh" in [signing], and a key: git config user.signingKey ~/.ssh/id_ed25519.pub',
        )
    if not project.signs:
        yield Finding(
            level="note",
            about="git",
            sentence="Git does not sign tags on this machine, so what you approve or promote from here is unsigned.",
            remedy="git config gpg.format ssh; git config user.signingKey FILE; git config tag.gpgSign true",
        )


def _rules(project: Project) -> Iterator[Finding]:
    for name, place in project.config.environments.items():
        about, rule = f"environment {name}", place.approvals
        if not rule.count:
            yield Finding(
                level="note",
                about=about,
                sentence=f"Nobody is asked before a version goes into {name}.",
                remedy=f"[environments.{name}.approvals] count = 1",
            )
        elif not rule.not_author:
            yield Finding(level="note", about=about, sentence=f"The author of a release may approve it for {name}.")
        if "gates" not in rule.evidence:
            yield Finding(level="note", about=about, sentence=f"A version whose gates fail may go into {name}.")
        try:
            approval.people(rule.who)
            if rule.expires:
                approval.seconds(rule.expires)
        except UserError as error:
            yield Finding(level="open", about=about, sentence=error.what, remedy=error.remedy)


def _release(project: Project) -> Iterator[Finding]:
    wanted = project.config.release.environment
    if project.config.environments and wanted not in project.config.environments:
        yield Finding(
            level="open",
            about="[release]",
            sentence=f"New versions go into {wanted}, which mltool.toml does not describe.",
            remedy=f"Add [environments.{wanted}], or correct `environment` in [release].",
        )


def _workflow(project: Project) -> Iterator[Finding]:
    if not project.workflow:
        yield Finding(
            level="note",
            about="workflow",
            sentence=f"There is no {WORKFLOW}: a tag starts nothing on GitHub.",
            remedy="mltool ci generate",
        )
    elif "workflow_dispatch" not in project.workflow:
        yield Finding(
            level="open",
            about="workflow",
            sentence="A tag that a job pushes with its own token starts no workflow, and this one cannot be started "
            "by hand either.",
            remedy=f"Add `workflow_dispatch:` to `on:` in {WORKFLOW}, or write it anew: mltool ci generate",
        )


def _owners(project: Project) -> Iterator[Finding]:
    if not re.search(r"^\s*(\*|/?mltool\.toml|/?pyproject\.toml)\s+\S", project.owners, re.MULTILINE):
        yield Finding(
            level="note",
            about="CODEOWNERS",
            sentence="Nobody in particular has to review a change of mltool.toml, which says who approves.",
            remedy="A line `/mltool.toml @your-team` in .github/CODEOWNERS, and Require review from Code Owners.",
        )
