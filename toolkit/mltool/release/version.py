"""Which version a commit is to become, and what was live before it."""

from dataclasses import dataclass

from mltool.errors import UserError
from mltool.registry import ledger, semver
from mltool.registry.model import Event, ModelState, Stage
from mltool.registry.semver import Part
from mltool.release import record

FIRST = "0.1.0"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A version, and why this one; `registered` is its event where it has one already."""

    version: str
    why: str
    registered: Event | None = None


def choose(known: ModelState, *, version: str = "", part: Part | None = None, commit: str = "") -> Choice:
    """Return the version that is asked for, else the one that `commit` has, else the next: `part` of the highest, or
    its patch.

    Raises UserError for a text that is no version, and where both are given.
    """
    if version and part:
        raise UserError(f"Is it version {version} or the next {part} one?", "Give a version or --bump, not both.")
    if version:
        return _named(known, version.removeprefix("v"))
    here = [event.version for event in known.versions if event.tag.commit == commit]
    if part is None and here:
        return _named(known, here[-1])
    if part is None and not known.versions:
        return Choice(version=FIRST, why=f"The first version of {known.name}; another one can be named.")
    chosen = part or "patch"
    found = record.next_version(known, part=chosen)
    if not known.versions:
        return Choice(version=found, why=f"The first version of {known.name}.")
    return Choice(version=found, why=f"The next {chosen} version after v{known.versions[-1].version}.")


def refuse_taken(known: ModelState, choice: Choice, *, commit: str) -> None:
    """Raise UserError where another commit has the version: a version never moves."""
    if choice.registered and choice.registered.tag.commit != commit:
        raise UserError(
            f"{known.name} v{choice.version} is another commit: {record.told(choice.registered)}; "
            f"this is {commit[:7]}.",
            f"Plan the next one: `mltool release plan {known.name} --bump minor`.",
        )


def refuse_backwards(known: ModelState, choice: Choice) -> None:
    """Raise UserError where a new version was used before or goes back."""
    if choice.registered is None:
        record.next_version(known, version=choice.version)


def before(known: ModelState, registered: Event | None) -> ModelState:
    """Return the model as the ledger had it just before a version was registered; as it is now without one."""
    if registered is None:
        return known
    return ledger.state(known.name, known.events[: known.events.index(registered)])


def live(known: ModelState, environment: str) -> Stage | None:
    """Return what `environment` is meant to run; None where nothing is, or nothing is any more."""
    stage = known.stages.get(environment)
    return None if stage is None or stage.event.kind == "demote" else stage


def commit_of(known: ModelState, stage: Stage) -> str:
    """Return the commit of what an environment is meant to run."""
    version = known.registered(stage.version) or stage.event
    return version.tag.commit


def _named(known: ModelState, version: str) -> Choice:
    if not semver.is_version(version):
        raise UserError(f"`{version}` is no version.", "Write it as 1.4.0.")
    registered = known.registered(version)
    why = f"Registered: {record.told(registered)}." if registered else "The version that was asked for."
    return Choice(version=version, why=why, registered=registered)
