"""The ledger's words: an annotated tag as Git gives it, the event it records, and what the events add up to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

EventKind = Literal[
    "register", "deregister", "promote", "demote", "rollback", "approve", "hold", "unhold", "deploy", "deprecate"
]
DeployOutcome = Literal["", "live", "failed"]
FindingKind = Literal[
    "moved", "deleted", "forked", "back-dated", "lightweight", "unsigned", "unblessed", "foreign", "broken"
]


@dataclass(frozen=True, kw_only=True)
class TagObject:
    """One tag of the repository. `object` is the tag object's SHA (the commit's own for a lightweight tag).

    `date` is what the tagger's clock said, in seconds since 1970; nothing is ordered by it. `named` is the name that
    stands inside the tag object, `message` what it says, without a signature.
    """

    name: str
    object: str
    commit: str
    annotated: bool
    tagger: str = ""
    email: str = ""
    date: int = 0
    message: str = ""
    signed: bool = False
    named: str = ""


@dataclass(frozen=True, kw_only=True)
class Event:
    """One thing that happened to a model.

    `version` has no leading `v`. `stage` is the environment of promote, demote, rollback, approve and deploy.
    `previous` is the tag object of the event before it in the model's chain; empty for tags that mltool did not write
    (a GTO tag), which are not part of the chain, and for the first of a chain. `sequence` is the event's number among
    those of its model, −1 where it has none. `adopts` is what a chain says about the tags before it (see
    `registry.chain`). `manifest` is the digest (`sha256:…`) of the release's manifest. `actor` is who did it: the
    tagger, or whom a job did it for. `despite` names the gates that failed where a version was registered all the same.
    `blessing` is the judgement on the version that was registered, as JSON (see `release.blessing`); empty without one.
    """

    kind: EventKind
    model: str
    tag: TagObject
    version: str = ""
    stage: str = ""
    sequence: int = -1
    manifest: str = ""
    previous: str = ""
    previous_tag: str = ""
    adopts: str = ""
    actor: str = ""
    approvers: tuple[str, ...] = ()
    reason: str = ""
    outcome: DeployOutcome = ""
    despite: str = ""
    blessing: str = ""
    chained: bool = False


@dataclass(frozen=True, kw_only=True)
class NewEvent:
    """An event that is to be written. The ledger fills in the tag's name, its place in the chain and its date."""

    kind: EventKind
    model: str
    commit: str
    version: str = ""
    stage: str = ""
    manifest: str = ""
    actor: str = ""
    approvers: tuple[str, ...] = ()
    reason: str = ""
    outcome: DeployOutcome = ""
    despite: str = ""
    blessing: str = ""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something in the ledger that is not as it should be, and what to do about it.

    `stops` says that no event can follow until it is mended; `model` is empty for a tag that names none.
    """

    kind: FindingKind
    tag: str
    sentence: str
    model: str = ""
    stops: bool = False


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What an environment is meant to run (the newest promote, rollback or demote), and what was last deployed there.

    `version` is empty where the newest event took the model out of the environment, or where GTO promoted a commit that
    has no version; `deployed` is the last deployment that went live, None where none was ever recorded.
    """

    name: str
    version: str
    event: Event
    deployed: Event | None = None


@dataclass(frozen=True, kw_only=True)
class ModelState:
    """One model: its events in the order of the ledger (oldest first) and what they add up to.

    `versions` are those that are registered and not taken back, lowest first; `held` maps a version to the event that
    holds it. `head` is the tag object that the next event follows; empty for a model without chained events.
    """

    name: str
    events: tuple[Event, ...] = ()
    versions: tuple[Event, ...] = ()
    stages: Mapping[str, Stage] = field(default_factory=dict)
    held: Mapping[str, Event] = field(default_factory=dict)
    head: str = ""

    def registered(self, version: str) -> Event | None:
        """Return the event that registered `version` and was not taken back, None where there is none."""
        return next((event for event in self.versions if event.version == version), None)


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """Everything the tags of a repository say about models. `foreign` are tags that look like events and
    count for nothing, and why."""

    models: Mapping[str, ModelState] = field(default_factory=dict)
    foreign: tuple[Finding, ...] = ()
