"""Tags of a model that are no events of its chain: what is wrong with each, and how to mend it."""

from collections.abc import Iterator

from mltool.registry.chain import Chain
from mltool.registry.model import Event, Finding, FindingKind


def passed_over(made: Chain) -> Iterator[Finding]:
    """Yield a finding for each event that counts for nothing: moved, forked, or named by the model's ref alone."""
    for event in made.moved:
        sentence = f"{event.tag.name} was moved: it is not the tag that stood there; it counts for nothing."
        yield about(event, "moved", f"{sentence} Delete it, and put the first one back if a clone has it.", stops=True)
    if made.dangling and made.dangling.tag.name not in {event.tag.name for event in made.moved}:
        yield _dangling(made.dangling)
    for event in made.forked:
        sentence = f"{event.tag.name} is beside the chain: another event follows the same one; it counts for nothing."
        yield about(event, "forked", f"{sentence} Delete it, or the other one.", stops=not made.anchored)


def about(event: Event, kind: FindingKind, sentence: str, *, stops: bool = False) -> Finding:
    """Return a finding about an event."""
    return Finding(kind=kind, tag=event.tag.name, sentence=sentence, model=event.model, stops=stops)


def _dangling(event: Event) -> Finding:
    name, ref = event.tag.name, f"refs/mltool/ledger/{event.model}"
    return about(
        event,
        "deleted",
        f"{name} was deleted, or never was a tag: only {ref} names it; it counts for nothing. "
        f"`git update-ref 'refs/tags/{name}' {event.tag.object}` puts it back; else set the ref to the newest tag.",
        stops=True,
    )
