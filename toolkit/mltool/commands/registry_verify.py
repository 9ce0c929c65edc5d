"""`mltool registry verify`: whether the ledger is as it was written."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mltool import config, git
from mltool.commands import blessings
from mltool.errors import UserError
from mltool.git import signatures
from mltool.git.ledger import fetch_ledger, ledger_refs
from mltool.registry import ledger, verify
from mltool.registry.model import Event, Finding, Ledger
from mltool.registry.verify import Elsewhere


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What verification looked at, and what it found."""

    events: int
    models: int
    findings: tuple[Finding, ...]


def check(
    project: git.Project,
    *,
    remote: str | None = None,
    allowed_signers: Path | None = None,
    allowed: bytes | None = None,
    judged: bool = True,
) -> Verified:
    """Return what is wrong with the ledger; with a `remote` also where it differs from the one there.

    Signatures are asked for where there is a file of allowed signers: `allowed` (its content), `allowed_signers`, or
    the one of mltool.toml. With `judged` each version's blessing is compared with its commit, too.
    Raises UserError where that cannot be read, OutsideError where the remote does not answer.
    """
    there = fetch_ledger(project, remote) if remote else None
    refs = ledger_refs(project)
    found = ledger.build(refs.tags, refs.heads)
    events = [event for model in found.models.values() for event in model.events]
    allowed = _allowed(project, allowed_signers) if allowed is None else allowed
    listed = verify.findings(
        refs.tags,
        refs.heads,
        elsewhere=Elsewhere(name=there.remote, tags=there.tags, heads=there.heads) if there else None,
        signers=None if allowed is None else _signers(project, events, allowed),
    )
    return Verified(
        events=len(events),
        models=len(found.models),
        findings=(*listed, *(_blessings(project, found) if judged else ())),
    )


def _blessings(project: git.Project, found: Ledger) -> Iterator[Finding]:
    """Yield the versions whose judgement is not about their commit: asked of Git alone, no data is needed."""
    for state in found.models.values():
        for event in state.versions:
            if event.blessing and (said := blessings.of(project, state, event).objection):
                yield Finding(kind="broken", tag=event.tag.name, model=event.model, sentence=said)


def _signers(project: git.Project, events: list[Event], allowed: bytes) -> dict[str, str]:
    signed = [event.tag.object for event in events if event.chained and event.tag.signed]
    return {sha: signatures.signer(project, sha, allowed=allowed) for sha in signed}


def _allowed(project: git.Project, given: Path | None) -> bytes | None:
    """Return the file of allowed signers that was named, or that mltool.toml at HEAD names."""
    if given is not None:
        return _read(given)
    head = git.head(project)
    if head is None:
        return None
    tree = git.GitTree(project, head)
    path = config.load(tree.read((config.FILE, config.PYPROJECT))).signing.allowed_signers
    if not path:
        return None
    return tree.read((path,)).get(path) or _read(project.folder / Path(path).expanduser())


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"Cannot read the allowed signers in {path}: {error.strerror}.") from error
