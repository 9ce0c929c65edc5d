"""`mltool log`, `status`, `registry at` and `registry verify`: what the ledger says, and whether to believe it."""

from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path

from mltool import git
from mltool.commands import ledger
from mltool.commands.evidence import load_config
from mltool.errors import UserError
from mltool.git import signatures
from mltool.registry import ledger as registry
from mltool.registry import verify
from mltool.registry.model import Event, Finding, Ledger
from mltool.registry.verify import Elsewhere
from mltool.release import record


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What verification looked at, and what it found."""

    events: int
    models: int
    findings: tuple[Finding, ...]


def only(found: Ledger, model: str | None) -> Ledger:
    """Return the ledger of one model, or the whole one; raises UserError for a model that it does not know."""
    if model is None:
        return found
    known = record.state(found, model)
    foreign = tuple(item for item in found.foreign if item.model in ("", known.name))
    return Ledger(models={known.name: known}, foreign=foreign)


def newest_first(found: Ledger, limit: int | None = None) -> tuple[Event, ...]:
    """Return the events of each model, its newest first; at most `limit` of each."""
    return tuple(event for model in found.models.values() for event in model.events[::-1][:limit])


def at(project: git.Project, moment: str) -> tuple[Ledger, int]:
    """Return the ledger as it was at a date or when a commit was made, and that moment in seconds since 1970.

    A date without a time is its end; one without a zone is UTC. Raises UserError for what is neither.
    """
    seconds = _date(moment)
    if seconds is None:
        try:
            seconds = git.commit_date(project, git.resolve(project, moment))
        except UserError as error:
            raise UserError(
                f"`{moment}` is neither a date nor a commit.", "Write 2026-03-01, or name a commit."
            ) from error
    return registry.at(ledger.read(project), seconds), seconds


def check(project: git.Project, *, remote: str | None = None, allowed_signers: Path | None = None) -> Verified:
    """Return what is wrong with the ledger; with a `remote` also where it differs from the one there.

    Signatures are asked for where there is a file of allowed signers: `allowed_signers`, or the one of mltool.toml.
    Raises UserError where that cannot be read, OutsideError where the remote does not answer.
    """
    there = git.fetch_ledger(project, remote) if remote else None
    refs = git.ledger_refs(project)
    found = registry.build(refs.tags, refs.heads)
    events = [event for model in found.models.values() for event in model.events]
    allowed = _allowed(project, allowed_signers)
    listed = verify.findings(
        refs.tags,
        refs.heads,
        elsewhere=Elsewhere(name=remote, tags=there.tags, heads=there.heads) if remote and there else None,
        signers=None if allowed is None else _signers(project, events, allowed),
    )
    return Verified(events=len(events), models=len(found.models), findings=listed)


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
    path = load_config(tree).signing.allowed_signers
    if not path:
        return None
    return tree.read((path,)).get(path) or _read(project.folder / Path(path).expanduser())


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"Cannot read the allowed signers in {path}: {error.strerror}.") from error


def _date(text: str) -> int | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    if len(text) <= len("2026-W10-1"):
        found = datetime.combine(found, time(23, 59, 59))
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())
