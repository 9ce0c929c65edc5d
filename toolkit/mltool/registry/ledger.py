"""Tags → the ledger: every model's events in order, and what they add up to."""

from collections.abc import Iterable, Mapping

from mltool.registry import chain, events, semver, trouble
from mltool.registry.model import Event, Finding, Ledger, ModelState, Stage, TagObject


def build(tags: Iterable[TagObject], heads: Mapping[str, TagObject] | None = None) -> Ledger:
    """Return the ledger that the tags are. `heads` are the newest events by model, as the ledger's refs name them."""
    grouped, foreign = sort(tags)
    ends = head_events(heads or {})
    found = {}
    for name in sorted({*grouped, *ends}):
        made = chain.build(grouped.get(name, ()), ends.get(name))
        foreign.extend(trouble.passed_over(made))
        if made.events:
            found[name] = state(name, made.events, head=made.head.tag.object if made.head else "")
    return Ledger(models=found, foreign=tuple(foreign))


def sort(tags: Iterable[TagObject]) -> tuple[dict[str, list[Event]], list[Finding]]:
    """Return the events by model, and the tags that only look like events."""
    grouped: dict[str, list[Event]] = {}
    foreign = []
    for tag in tags:
        found = events.read(tag)
        if isinstance(found, Event):
            grouped.setdefault(found.model, []).append(found)
        elif found:
            foreign.append(found)
    return grouped, foreign


def head_events(heads: Mapping[str, TagObject]) -> dict[str, Event]:
    """Return the event that each model's ref names; a ref that names none of its model's says nothing."""
    found = {}
    for model, tag in heads.items():
        event = events.read(tag)
        if isinstance(event, Event) and event.model == model and event.chained:
            found[model] = event
    return found


def at(ledger: Ledger, date: int) -> Ledger:
    """Return the ledger as it was at `date`, in seconds since 1970."""
    found = {}
    for name, model in ledger.models.items():
        then = tuple(
            event for event, since in zip(model.events, chain.effective(model.events), strict=True) if since <= date
        )
        if then:
            found[name] = state(name, then, head=next((e.tag.object for e in then[::-1] if e.chained), ""))
    return Ledger(models=found, foreign=ledger.foreign)


def state(name: str, ordered: tuple[Event, ...], *, head: str = "") -> ModelState:
    """Return what the events of one model, oldest first, add up to."""
    versions: dict[str, Event] = {}
    stages: dict[str, Event] = {}
    deployed: dict[str, Event] = {}
    held: dict[str, Event] = {}
    for event in ordered:
        match event.kind:
            case "register":
                versions[event.version] = event
            case "deregister":
                versions.pop(event.version, None)
            case "promote" | "rollback" | "demote":
                stages[event.stage] = event
            case "hold":
                held[event.version] = event
            case "unhold":
                held.pop(event.version, None)
            case "deploy" if event.outcome == "live":
                deployed[event.stage] = event
    return ModelState(
        name=name,
        events=ordered,
        versions=tuple(sorted(versions.values(), key=lambda event: semver.key(event.version))),
        stages={stage: _stage(event, deployed.get(stage)) for stage, event in sorted(stages.items())},
        held=held,
        head=head,
    )


def _stage(event: Event, deployed: Event | None) -> Stage:
    version = "" if event.kind == "demote" else event.version
    return Stage(name=event.stage, version=version, event=event, deployed=deployed)
