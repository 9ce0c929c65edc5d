"""What a tag of the ledger asks a job to do; nothing where something newer in the ledger asks for something else."""

from dataclasses import dataclass

from mltool.errors import RefusedError, UserError
from mltool.registry import semver
from mltool.registry.model import Event, Ledger, ModelState


@dataclass(frozen=True, kw_only=True)
class Errand:
    """What is to be done for one tag: make and publish a bundle (`package`), put the version into `environment`
    (`deploy`). `because` says why something of it is left out; `event` is the tag's own.
    """

    event: Event
    environment: str
    package: bool = False
    deploy: bool = False
    because: str = ""


def of(ledger: Ledger, tag: str, *, environment: str, environments: frozenset[str]) -> Errand:
    """Return what `tag` asks for: a registered version goes into `environment`, a promotion where its tag says.

    `environments` are those that the version's own configuration has. Asked twice, or late, it never moves an
    environment back: only the newest promotion or rollback counts, and a registration that one of another version
    followed is only published. Raises UserError for a tag that is none of the ledger or was not made by mltool,
    RefusedError for a version on hold.
    """
    event = _event(ledger, tag)
    state = ledger.models[event.model]
    if event.kind == "register":
        return _registered(state, event, environment, environments)
    if event.kind in ("promote", "rollback"):
        return _promoted(state, event)
    return Errand(event=event, environment=event.stage, because=f"{tag} asks for nothing that a job does.")


def _event(ledger: Ledger, tag: str) -> Event:
    events = (event for state in ledger.models.values() for event in state.events if event.tag.name == tag)
    event = next(events, None)
    if event is None:
        raise UserError(
            f"{tag} is no event of the ledger.", "Make it with `mltool register`, `promote` or `rollback`, and push it."
        )
    if not event.chained or (event.kind == "register" and not event.manifest):
        raise UserError(
            f"{tag} was not made by mltool: it names no manifest, so nobody can say what it releases.",
            "Register the version with `mltool register`.",
        )
    return event


def _registered(state: ModelState, event: Event, environment: str, environments: frozenset[str]) -> Errand:
    if event.version not in (version.version for version in state.versions):
        return Errand(event=event, environment=environment, because=f"v{event.version} was taken back since.")
    _refuse_held(state, event)
    because = _superseded(state, event, environment)
    if environment not in environments:
        because = f"mltool.toml has no environment {environment}: the version is published and goes nowhere."
    return Errand(event=event, environment=environment, package=True, deploy=not because, because=because)


def _superseded(state: ModelState, event: Event, environment: str) -> str:
    """Return why a registered version does not go into the environment by itself; empty where it does."""
    stage = state.stages.get(environment)
    if stage and stage.version == event.version:
        return ""
    if "-" in event.version.partition("+")[0]:
        return f"A candidate does not go into {environment} by itself: `mltool promote` puts it where it is tried."
    if stage and state.events.index(stage.event) > state.events.index(event):
        what = f"v{stage.version} was put into {environment}" if stage.version else f"{environment} was emptied"
        return f"{what} after v{event.version} was registered ({stage.event.tag.name})."
    if stage and stage.version and semver.key(stage.version) > semver.key(event.version):
        return f"{environment} has v{stage.version}, which is higher; `mltool promote` puts v{event.version} there."
    return ""


def _promoted(state: ModelState, event: Event) -> Errand:
    newest = state.stages[event.stage].event
    if newest != event:
        return Errand(event=event, environment=event.stage, because=f"{newest.tag.name} came after it.")
    _refuse_held(state, event)
    registered = state.registered(event.version)
    if registered is None or registered.manifest != event.manifest:
        raise RefusedError(
            f"{event.tag.name} does not name the manifest that v{event.version} was registered with.",
            "Look at `mltool registry verify`, and promote the version again.",
        )
    return Errand(event=event, environment=event.stage, deploy=True)


def _refuse_held(state: ModelState, event: Event) -> None:
    held = state.held.get(event.version)
    if held is not None:
        raise RefusedError(
            f"v{event.version} of {event.model} is on hold: {held.reason or 'no reason was given'} ({held.tag.name}).",
            f"`mltool unhold {event.model} {event.version}` when that no longer holds.",
        )
