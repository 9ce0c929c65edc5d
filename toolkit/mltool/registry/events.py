"""One tag → the event that it records, or what is wrong with it."""

import re
from typing import get_args

from mltool.registry import semver, trailers
from mltool.registry import tag as names
from mltool.registry.model import DeployOutcome, Event, EventKind, Finding, FindingKind, TagObject
from mltool.registry.tag import Tag
from mltool.registry.trailers import Trailers

_KINDS: tuple[EventKind, ...] = get_args(EventKind)
_NUMBER = re.compile("[0-9]{1,18}")
_DIGEST = re.compile("(?:sha256:[0-9a-f]{64})?")
# The next event's number is one more than the highest: a tag of anybody's must not lead it out of the grammar.
_TOO_FAR = 10**9
_OUTCOMES: tuple[DeployOutcome, ...] = get_args(DeployOutcome)
# A rollback puts a version into an environment like a promotion, and its tag is named like one.
_SAME_NAME = {"rollback": "promote"}


def read(tag: TagObject) -> Event | Finding | None:
    """Return the event, a finding for a tag that only looks like one, or None for a tag that is none of ours."""
    name = names.parse(tag.name)
    if name is None:
        return _finding("foreign", tag, "looks like an event and is not named as one") if _alike(tag) else None
    if not tag.annotated:
        return _finding("lightweight", tag, "is a lightweight tag: nobody signed it and nobody dated it")
    if not tag.commit:
        return _finding("broken", tag, "leads to no commit")
    if tag.named and tag.named != tag.name:
        return _finding("broken", tag, f"is the tag {tag.named} under another name")
    found = trailers.read(tag.message)
    if found is None or trailers.EVENT not in found.values:
        if name.sequence >= _TOO_FAR:
            return _finding("foreign", tag, "has a number that nobody counted to")
        return Event(
            kind=name.kind, model=name.model, tag=tag, version=name.version, stage=name.stage, sequence=name.sequence,
            actor=tag.tagger, reason=trailers.flat(tag.message),
        )  # fmt: skip
    try:
        return _chained(tag, name, found)
    except ValueError as error:
        return _finding("broken", tag, str(error))


def _chained(tag: TagObject, name: Tag, found: Trailers) -> Event:
    """Return the event that the trailers tell; raises ValueError where they contradict the tag's name."""
    if found.twice:
        raise ValueError(f"says {found.twice} twice")
    said = found.values.get
    kind, version, stage = _about(name, found)
    position, previous, outcome = said("Mltool-Position", ""), said("Mltool-Prev", ""), said("Mltool-Outcome", "")
    if not _NUMBER.fullmatch(position):
        raise ValueError("does not say its position")
    if name.sequence not in (-1, int(position)):
        raise ValueError(f"says that it is number {position}")
    if not previous:
        raise ValueError("does not say which event it follows")
    if outcome not in _OUTCOMES:
        raise ValueError(f"says that it ended {outcome}")
    if not _DIGEST.fullmatch(said("Mltool-Manifest", "")):
        raise ValueError("names its manifest by something else than a digest")
    blessing = trailers.body(tag.message) if said(trailers.BLESSING) else ""
    if said(trailers.BLESSING, "") != (trailers.digest(blessing) if blessing else ""):
        raise ValueError("holds another blessing than its trailers name")
    return Event(
        kind=kind,
        model=name.model,
        tag=tag,
        version=version,
        stage=stage,
        sequence=int(position),
        manifest=said("Mltool-Manifest", ""),
        previous="" if previous == trailers.NONE else previous,
        previous_tag=said("Mltool-Prev-Tag", ""),
        adopts=said("Mltool-Adopts", ""),
        actor=said("Mltool-Actor", "") or tag.tagger,
        approvers=found.approved,
        reason=said("Reason", ""),
        outcome=outcome,
        despite=said("Mltool-Despite", ""),
        blessing=blessing,
        chained=True,
    )


def _about(name: Tag, found: Trailers) -> tuple[EventKind, str, str]:
    """Return kind, version and environment of an event; raises ValueError where they are none or not the name's."""
    said = found.values.get
    kind, stage = said(trailers.EVENT, ""), said("Mltool-Stage", "")
    version = said("Mltool-Version", "").removeprefix("v")
    if kind not in _KINDS or _SAME_NAME.get(kind, kind) != name.kind:
        raise ValueError(f"says that it is a {kind}")
    if said("Mltool-Model") != name.model or version != (name.version or version) or stage != (name.stage or stage):
        raise ValueError(f"says something else than its name: {said('Mltool-Model')} {version} {stage}".rstrip())
    if version and not semver.is_version(version):
        raise ValueError(f"names the version {version}, which is none")
    if stage and not names.is_stage(stage):
        raise ValueError(f"names the environment {stage}, and none can be called so")
    return kind, version, stage


def _alike(tag: TagObject) -> bool:
    return names.looks_alike(tag.name)


def _finding(kind: FindingKind, tag: TagObject, what: str) -> Finding:
    known = names.parse(tag.name)
    sentence = f"{tag.name} {what}; it counts for nothing."
    return Finding(kind=kind, tag=tag.name, sentence=sentence, model=known.model if known else "")
