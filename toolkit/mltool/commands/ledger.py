"""Read the ledger of a repository, and write to it: all events of one call or none, after what others wrote."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from mltool import git
from mltool.errors import OutsideError, UserError
from mltool.git.ledger import Delivery, LedgerRefs, Upstream, fetch_ledger, ledger_refs, push_ledger, record
from mltool.git.tag_objects import tag_writer
from mltool.registry import chain, ledger, tag, trailers, verify
from mltool.registry.model import Event, Ledger, NewEvent
from mltool.registry.trailers import Place
from mltool.registry.verify import Elsewhere

ATTEMPTS = 8
# Whom a job acts for; its tags are made by a robot.
ACTORS = ("GITHUB_TRIGGERING_ACTOR", "GITHUB_ACTOR", "GITLAB_USER_LOGIN")
Replan = Callable[[Ledger], tuple[NewEvent, ...]]


@dataclass(frozen=True, kw_only=True)
class Written:
    """What a verb wrote, or with `dry_run` would write: the tags' names, and the events."""

    tags: tuple[str, ...]
    events: tuple[NewEvent | Event, ...]
    remote: str | None
    dry_run: bool = False
    notes: tuple[str, ...] = ()


def read(project: git.Project) -> Ledger:
    """Return what the tags of this clone say."""
    refs = ledger_refs(project)
    return ledger.build(refs.tags, refs.heads)


def fetch(project: git.Project, remote: str) -> Ledger:
    """Return the ledger after bringing the remote's here; raises UserError or OutsideError where that fails."""
    fetch_ledger(project, remote)
    return read(project)


def whole(project: git.Project, model: str, remote: str | None) -> Ledger:
    """Return the ledger, with the remote's events where there is one, to act on what it says of the model.

    Raises UserError where tags of the model were moved, deleted or forked, here or there: what is left may be a lie.
    """
    upstream = fetch_ledger(project, remote) if remote is not None else None
    refs = ledger_refs(project)
    _refuse_broken(refs, upstream, {tag.spelled(model)})
    return ledger.build(refs.tags, refs.heads)


def write(
    project: git.Project, plan: Replan, *, remote: str | None, dry_run: bool, notes: Sequence[str] = ()
) -> Written:
    """Write what `plan` makes of the ledger, or with `dry_run` say what that would be; `notes` are read afterwards."""
    if dry_run:
        now = fetch(project, remote) if remote is not None else read(project)
        wanted = plan(now)
        return Written(tags=tag_names(now, wanted), events=wanted, remote=remote, dry_run=True, notes=tuple(notes))
    made = append(project, (), remote=remote, replan=plan)
    return Written(tags=tuple(event.tag.name for event in made), events=made, remote=remote, notes=tuple(notes))


def append(
    project: git.Project, events: tuple[NewEvent, ...], *, remote: str | None, replan: Replan | None = None
) -> tuple[Event, ...]:
    """Write the events as tags, in one push that succeeds whole or leaves nothing; return them as they stand.

    `replan` gets the ledger as it is just before writing, and returns the events to write: the first time, and again
    whenever somebody else was faster. It raises where they are not right any more. `remote` None writes to this clone
    only. Raises UserError where the chain of one of the models is not whole, or an event exists; OutsideError where the
    remote does not take them.
    """
    actor = _actor(os.environ)
    models, lost = "", ""
    for _ in range(ATTEMPTS):
        upstream = fetch_ledger(project, remote) if remote is not None else None
        refs = ledger_refs(project)
        now = ledger.build(refs.tags, refs.heads)
        wanted = replan(now) if replan else events
        if not wanted:
            return ()
        models = ", ".join(sorted({event.model for event in wanted}))
        _refuse_broken(refs, upstream, {event.model for event in wanted})
        delivery = _made(project, [replace(event, actor=event.actor or actor) for event in wanted], refs, now)
        lost = _deliver(project, delivery, refs, upstream)
        if not lost:
            return _written(project, delivery)
    raise OutsideError(f"Others wrote to the ledger of {models} {ATTEMPTS} times meanwhile: {lost}.", "Try again.")


def _deliver(project: git.Project, delivery: Delivery, refs: LedgerRefs, upstream: Upstream | None) -> str:
    """Push and record the events; return why that was not possible any more, empty where it was."""
    here = {model: tag.object for model, tag in refs.heads.items()}
    if upstream is None:
        return "" if record(project, delivery, expected=here) else "the refs here moved"
    lost = push_ledger(project, upstream.remote, delivery, expected=upstream.heads)
    if not lost and not record(project, delivery, expected=here):
        fetch_ledger(project, upstream.remote)
    return lost


def _made(project: git.Project, planned: Sequence[NewEvent], refs: LedgerRefs, now: Ledger) -> Delivery:
    """Make the tag objects, each naming the one before it."""
    taken = {item.name for item in refs.tags}
    made: dict[str, str] = {}
    places: dict[str, Place] = {}
    with tag_writer(project) as write:
        for name, event in zip(tag_names(now, planned), planned, strict=True):
            place = places.get(event.model) or _first_place(event.model, now)
            if name in taken or name in made:
                raise UserError(f"{name} exists already.", "See `mltool log` for when and why.")
            if tag.parse(name) is None:
                raise UserError(f"{name} would be no event's name.", "See `mltool registry verify`.")
            made[name] = write(name, event.commit, trailers.message(event, place))
            places[event.model] = Place(sequence=place.sequence + 1, previous=made[name], previous_tag=name)
    return Delivery(tags=made, heads={model: place.previous for model, place in places.items()})


def tag_names(now: Ledger, planned: Sequence[NewEvent]) -> tuple[str, ...]:
    """Return what the tags of these events would be called, written in this order after what the ledger holds."""
    number: dict[str, int] = {}
    found = []
    for event in planned:
        at = number.get(event.model) or _first_place(event.model, now).sequence
        found.append(tag.name(event.kind, model=event.model, version=event.version, stage=event.stage, sequence=at))
        number[event.model] = at + 1
    return tuple(found)


def _actor(environ: Mapping[str, str]) -> str:
    return next((environ[name] for name in ACTORS if environ.get(name)), "") if environ.get("CI") else ""


def _first_place(model: str, now: Ledger) -> Place:
    known = now.models.get(model)
    if known is None:
        return Place(sequence=1)
    number = max(0, *(event.sequence for event in known.events)) + 1
    if known.head:
        last = next(event for event in known.events if event.tag.object == known.head)
        return Place(sequence=number, previous=known.head, previous_tag=last.tag.name)
    return Place(sequence=number, adopts=chain.adoption(known.events))


def _refuse_broken(refs: LedgerRefs, upstream: Upstream | None, models: set[str]) -> None:
    """Raise UserError where what the new events would follow is not what was written."""
    there = Elsewhere(name=upstream.remote, tags=upstream.tags, heads=upstream.heads) if upstream else None
    found = verify.findings(refs.tags, refs.heads, elsewhere=there)
    for finding in found:
        if finding.stops and finding.model in models:
            raise UserError(
                f"The ledger of {finding.model} is not whole: {finding.sentence}",
                "Nothing was done. `mltool registry verify` has the rest.",
            )


def _written(project: git.Project, delivery: Delivery) -> tuple[Event, ...]:
    order = {sha: at for at, sha in enumerate(delivery.tags.values())}
    found = [event for model in read(project).models.values() for event in model.events if event.tag.object in order]
    return tuple(sorted(found, key=lambda event: order[event.tag.object]))
