"""Events of one model → their order: along the chain, GTO's among them by their numbers, never by a clock."""

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from mltool.registry import semver
from mltool.registry.model import Event


@dataclass(frozen=True, kw_only=True)
class Missing:
    """An event that another one says it follows, and that is not there. `tag` is its name, empty where unknown."""

    object: str
    tag: str
    after: Event


@dataclass(frozen=True, kw_only=True)
class Chain:
    """The events of one model, oldest first.

    `missing` are links that are gone; `forked` are chained events beside the chain; `moved` are tags that stand where
    another object of the chain stood. `late` are events without trailers that came after the chain had begun, `adopted`
    those before. `dangling` is what the model's ref names where no tag does.
    """

    events: tuple[Event, ...] = ()
    head: Event | None = None
    missing: tuple[Missing, ...] = ()
    forked: tuple[Event, ...] = ()
    moved: tuple[Event, ...] = ()
    late: tuple[Event, ...] = ()
    adopted: tuple[Event, ...] = ()
    dangling: Event | None = None
    anchored: bool = False


def build(events: Iterable[Event], head: Event | None = None) -> Chain:
    """Return the chain of one model. `head` is what its ref names: the newest event.

    It says where the chain ends, and is part of it only where a tag is: forges protect tags, and no other refs.
    """
    given = list(events)
    linked = {event.tag.object: event for event in given if event.chained}
    dangling = head if head is not None and head.tag.object not in linked else None
    if dangling:
        linked = {sha: event for sha, event in linked.items() if event.tag.name != dangling.tag.name}
    newest = _newest(linked, linked.get(dangling.previous) if dangling else head)
    chained, missing = _walk(linked, newest)
    objects = {event.tag.object for event in chained}
    taken = {event.tag.name for event in chained} | {link.tag for link in missing}
    if dangling:
        taken.add(dangling.tag.name)
    aside = [event for event in given if event.tag.object not in objects]
    free = [event for event in aside if not event.chained and event.tag.name not in taken]
    start = chained[0].sequence if chained else math.inf
    late = sorted((event for event in free if event.sequence >= start), key=_number)
    before = [event for event in free if event.sequence < start]
    return Chain(
        events=_versioned(_merged(_by_number(before), chained, late)),
        head=newest,
        missing=tuple(missing),
        forked=tuple(event for event in aside if event.chained and event.tag.name not in taken),
        moved=tuple(event for event in aside if event.tag.name in taken),
        late=tuple(late),
        adopted=tuple(before),
        dangling=dangling,
        anchored=head is not None,
    )


def adoption(events: Iterable[Event]) -> str:
    """Return what the first event of a chain says about the tags before it: how many, and a digest over them."""
    rows = sorted(f"{event.tag.name} {event.tag.object}\n" for event in events)
    return f"{len(rows)} sha256:{hashlib.sha256(''.join(rows).encode()).hexdigest()}" if rows else ""


def effective(events: Iterable[Event]) -> tuple[int, ...]:
    """Return when each event counts from, in seconds since 1970: no earlier than the event that it follows.

    An event without a number follows none.
    """
    found, latest = [], 0
    for event in events:
        if event.sequence >= 0:
            latest = max(latest, event.tag.date)
        found.append(latest if event.sequence >= 0 else event.tag.date)
    return tuple(found)


def _newest(linked: Mapping[str, Event], known: Event | None) -> Event | None:
    """Return the end of the chain: of the ends that follow the known event, or of all ends without one."""
    after: dict[str, list[Event]] = {}
    for event in linked.values():
        after.setdefault(event.previous, []).append(event)
    reached = [known] if known else list(linked.values())
    if known:
        for event in reached:
            reached.extend(after.get(event.tag.object, ()))
    ends = [event for event in reached if event.tag.object not in after]
    return max(ends, key=lambda event: (event.sequence, event.tag.object), default=None)


def _walk(linked: Mapping[str, Event], newest: Event | None) -> tuple[list[Event], list[Missing]]:
    """Return the events back from the newest one, oldest first, and the links that are gone.

    Behind a missing link the chain goes on with the newest event of a number below the link's.
    """
    found: dict[str, Event] = {}
    missing = []
    left = sorted(linked.values(), key=lambda event: (event.sequence, event.tag.object))
    event = newest
    while event is not None and event.tag.object not in found:
        found[event.tag.object] = event
        if not event.previous:
            break
        before = linked.get(event.previous)
        if before is None:
            missing.append(Missing(object=event.previous, tag=event.previous_tag, after=event))
            while left and (left[-1].sequence >= event.sequence - 1 or left[-1].tag.name == event.previous_tag):
                left.pop()
            before = left[-1] if left else None
        event = before
    return list(found.values())[::-1], missing[::-1]


def _number(event: Event) -> tuple[int, str]:
    return event.sequence, event.tag.name


def _by_number(events: list[Event]) -> list[Event]:
    """Order what GTO wrote: its counter where there is one.

    Versions have none. A version comes before the first event that uses it, or else right after the version below it;
    one that is taken back comes after all that used it.
    """
    numbered = sorted((event for event in events if event.sequence >= 0), key=_number)
    first = {event.tag.commit: at for at, event in reversed(list(enumerate(numbered)))}
    last = {event.tag.commit: at for at, event in enumerate(numbered)}
    plain = [event for event in events if event.sequence < 0]
    places: list[tuple[int, int, Event]] = [(at, 1, event) for at, event in enumerate(numbered)]
    at = -1
    for event in sorted(
        (event for event in plain if event.kind == "register"), key=lambda event: semver.key(event.version)
    ):
        at = first.get(event.tag.commit, at)
        places.append((at, 0, event))
    for event in plain:
        if event.kind != "register":
            end = event.kind == "deregister"
            places.append((last.get(event.tag.commit, len(numbered)) if end else -1, 2, event))
    return [event for _, _, event in sorted(places, key=lambda place: place[:2])]


def _merged(before: list[Event], chained: list[Event], late: list[Event]) -> list[Event]:
    found, waiting = before, list(late)
    for event in chained:
        while waiting and waiting[0].sequence < event.sequence:
            found.append(waiting.pop(0))
        found.append(event)
    return [*found, *waiting]


def _versioned(events: list[Event]) -> tuple[Event, ...]:
    """Return the events with the version of those whose tag names only a commit: the highest registered there."""
    if all(event.version or not event.stage for event in events):
        return tuple(events)
    here: dict[str, str] = {}
    for kind in ("deregister", "register"):
        for event in sorted((item for item in events if item.kind == kind), key=lambda item: semver.key(item.version)):
            here[event.tag.commit] = event.version
    back = {event.version for event in events if event.kind == "deregister"}
    for event in events:
        if event.kind == "register" and event.version not in back:
            known = here[event.tag.commit]
            if known in back or semver.key(event.version) > semver.key(known):
                here[event.tag.commit] = event.version
    return tuple(
        replace(event, version=here.get(event.tag.commit, "")) if event.stage and not event.version else event
        for event in events
    )
