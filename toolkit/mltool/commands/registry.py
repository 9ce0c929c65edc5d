"""`mltool log`, `status` and `registry at`: what the ledger says, and what it said."""

from dataclasses import dataclass
from datetime import UTC, datetime, time

from mltool import git
from mltool.commands import ledger
from mltool.errors import UserError
from mltool.registry import ledger as registry
from mltool.registry.model import Event, Ledger
from mltool.release import record


@dataclass(frozen=True, kw_only=True)
class Then:
    """The ledger at a moment, in seconds since 1970; for a commit also what was ever said about it, oldest first."""

    ledger: Ledger
    moment: int
    commit: str = ""
    events: tuple[Event, ...] = ()


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


def at(project: git.Project, moment: str, model: str | None = None) -> Then:
    """Return the ledger as it was at a date, or when a commit was made.

    A date without a time is its end; one without a zone is UTC. Raises UserError for what is neither date nor commit,
    and for a model that the ledger does not know.
    """
    found = ledger.read(project)
    seconds = _date(moment)
    if seconds is not None:
        return Then(ledger=registry.at(only(found, model), seconds), moment=seconds)
    try:
        sha = git.resolve(project, moment)
    except UserError as error:
        raise UserError(f"`{moment}` is neither a date nor a commit.", "Write 2026-03-01, or name a commit.") from error
    seconds = git.commit_date(project, sha)
    events = (event for known in only(found, model).models.values() for event in known.events)
    return Then(
        ledger=registry.at(only(found, model), seconds),
        moment=seconds,
        commit=sha,
        events=tuple(event for event in events if event.tag.commit == sha),
    )


def _date(text: str) -> int | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    if len(text) <= len("2026-W10-1"):
        found = datetime.combine(found, time(23, 59, 59))
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())
