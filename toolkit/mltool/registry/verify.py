"""What in the ledger is not as it was written: each finding names the tag, and says how to mend it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from mltool.registry import chain, ledger, trouble
from mltool.registry.chain import Chain
from mltool.registry.model import Event, Finding, FindingKind, TagObject
from mltool.registry.trouble import about

# Clocks of two machines may differ by this much, in seconds, before we say so.
SKEW: Final = 300


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """What a remote called `name` has: the object of each tag, and of each model's newest event."""

    name: str
    tags: Mapping[str, str] = field(default_factory=dict)
    heads: Mapping[str, str] = field(default_factory=dict)


def findings(
    tags: Iterable[TagObject],
    heads: Mapping[str, TagObject],
    *,
    elsewhere: Elsewhere | None = None,
    signers: Mapping[str, str] | None = None,
) -> tuple[Finding, ...]:
    """Return what is wrong with the ledger, foreign tags first, then by model.

    `elsewhere` compares with a remote. `signers` maps the objects of signed events to who signed them, as far as that
    is somebody who may: with it, every event of a chain must have one.
    """
    grouped, foreign = ledger.sort(tags)
    ends = ledger.head_events(heads)
    found = [*foreign, *_bad_heads(heads, ends)]
    for model in sorted({*grouped, *ends}):
        made = chain.build(grouped.get(model, ()), ends.get(model))
        found += _of_model(model, made)
        found += _signatures(made, signers)
        found += _unblessed(made)
        found += _compared(made, elsewhere) if elsewhere else ()
    return tuple(found)


def _of_model(model: str, made: Chain) -> Iterator[Finding]:
    chained = [event for event in made.events if event.chained]
    yield from trouble.passed_over(made)
    replaced = {event.tag.name for event in made.moved}
    for link in made.missing:
        if link.tag not in replaced:
            yield Finding(kind="deleted", tag=link.tag, model=model, sentence=_missing(link))
    for event in made.late:
        yield about(event, "foreign", f"{event.tag.name} was not written by mltool: it counts, and no chain holds it.")
    yield from _adopted(made, chained)
    yield from _order(chained)
    yield from _unknown_versions(chained, made)


def _missing(link: chain.Missing) -> str:
    what = link.tag or f"the tag object {link.object}"
    return f"{what} was deleted: {link.after.tag.name} follows it. Put it back from a clone that has it."


def _order(chained: list[Event]) -> Iterator[Finding]:
    for before, event in pairwise(chained):
        if event.previous != before.tag.object:
            continue
        if event.sequence <= before.sequence:
            yield about(
                event, "broken", f"{event.tag.name} says that it is number {event.sequence}, after {before.sequence}."
            )
        early = before.tag.date - event.tag.date
        if early > SKEW:
            sentence = f"{event.tag.name} is dated {_span(early)} before {before.tag.name}, which it follows."
            yield about(event, "back-dated", f"{sentence} Order is by the chain; a clock was wrong, or somebody lied.")


def _adopted(made: Chain, chained: list[Event]) -> Iterator[Finding]:
    said = chained[0].adopts if chained and not chained[0].previous else ""
    now = chain.adoption(made.adopted)
    if not chained or chained[0].previous or said == now:
        return
    was, here = (int(text.partition(" ")[0] or 0) for text in (said, now))
    kind: FindingKind = "moved"
    what = f"of the {was} tags before it, at least one is another one now"
    if here < was:
        kind, what = "deleted", f"{was - here} of the {was} tags before it are gone"
    elif here > was:
        kind, what = "foreign", f"{here - was} tags were added before it, which had {was}"
    name = chained[0].tag.name
    yield about(chained[0], kind, f"{name} began the chain of {chained[0].model}, and {what}.")


def _unknown_versions(chained: list[Event], made: Chain) -> Iterator[Finding]:
    known = {event.version for event in made.events if event.kind == "register"}
    if made.missing:
        return
    for event in chained:
        if event.kind in ("promote", "rollback") and event.version not in known:
            yield about(event, "broken", f"{event.tag.name} names v{event.version}, which was never registered.")


def _signatures(made: Chain, signers: Mapping[str, str] | None) -> Iterator[Finding]:
    """Yield who did not sign: anyone, where it is asked for; else those after somebody began to."""
    began = False
    for event in made.events:
        if not event.chained:
            continue
        if signers is not None and not signers.get(event.tag.object):
            why = "is signed by nobody who may" if event.tag.signed else "is not signed"
            yield about(event, "unsigned", f"{event.tag.name} {why}.")
        elif signers is None and began and not event.tag.signed:
            yield about(event, "unsigned", f"{event.tag.name} is not signed, and events before it are.")
        began = began or event.tag.signed


def _unblessed(made: Chain) -> Iterator[Finding]:
    """Yield the versions without a blessing that were registered after one that has it: there, one was left out."""
    began = False
    for event in made.events:
        if event.kind != "register" or not event.chained:
            continue
        if began and not event.blessing:
            sentence = f"{event.tag.name} has no blessing, and a version that was registered before it has one."
            yield about(event, "unblessed", f"{sentence} Register a new version.")
        began = began or event.blessing != ""


def _compared(made: Chain, there: Elsewhere) -> Iterator[Finding]:
    gone = {link.tag for link in made.missing}
    for event in made.events:
        name = event.tag.name
        if name not in there.tags:
            sentence = f"{name} is here and not on {there.name}: it was deleted there, or never pushed."
            put = f"Put it there: `git push {there.name} '{_ref(name)}'`."
            yield about(event, "deleted", f"{sentence} {put}", stops=event.chained)
        elif there.tags[name] != event.tag.object and name not in gone:
            sentence = f"{name} is another tag on {there.name} than here."
            yield about(event, "moved", f"{sentence} Find out who moved it before anything follows.", stops=True)
    if made.head and there.heads.get(made.head.model) is None:
        yield about(made.head, "broken", f"{there.name} has no ref for the newest event of {made.head.model}.")


def _bad_heads(heads: Mapping[str, TagObject], ends: Mapping[str, Event]) -> Iterator[Finding]:
    for model, tag in heads.items():
        if model not in ends:
            sentence = f"The ledger's ref of {model} names {tag.name or tag.object}, which is none of its events."
            yield Finding(kind="broken", tag=tag.name, model=model, sentence=sentence, stops=True)


def _ref(name: str) -> str:
    return f"refs/tags/{name}"


def _span(seconds: int) -> str:
    for size, word in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            number = seconds // size
            return f"{number} {word}{'s' if number > 1 else ''}"
    return f"{seconds} s"
