"""Tags as Git would give them, without Git: a story of events, each following the one before."""

import hashlib
from dataclasses import dataclass, field, replace
from typing import Any

from mltool.registry import ledger, tag, trailers
from mltool.registry.model import Event, Ledger, ModelState, NewEvent, TagObject
from mltool.registry.trailers import Place

START = 1_767_000_000
HOUR = 3600


@dataclass
class Story:
    """The tags of one repository, and what the ledger's refs name."""

    tags: list[TagObject] = field(default_factory=list)
    heads: dict[str, TagObject] = field(default_factory=dict)
    clock: int = START

    def write(self, kind: Any, version: str = "", stage: str = "", *, model: str = "delay", **more: Any) -> TagObject:
        """Write an event an hour after the one before, after `follows` where it is given; return its tag."""
        self.clock += HOUR
        date, signed = more.pop("date", self.clock), more.pop("signed", False)
        follows = more.pop("follows", self.heads.get(model))
        commit = more.pop("commit", f"commit-of-{version}")
        event = NewEvent(kind=kind, model=model, commit=commit, version=version, stage=stage, **more)
        made = self.tag(self._name(event, follows), self._message(event, follows), commit=commit, date=date)
        self.tags[-1] = self.heads[model] = replace(made, signed=signed)
        return self.heads[model]

    def tag(self, name: str, message: str = "", *, commit: str = "commit", date: int | None = None) -> TagObject:
        """Write a tag as GTO would."""
        sha = hashlib.sha1(f"{name}{message}{commit}{date}{len(self.tags)}".encode()).hexdigest()
        made = TagObject(name=name, object=sha, commit=commit, annotated=True, tagger="Ada", email="ada@example.org",
                         date=self.clock if date is None else date, message=message, named=name)  # fmt: skip
        self.tags.append(made)
        return made

    def drop(self, made: TagObject) -> None:
        """Delete a tag; a ref that names it stays."""
        self.tags.remove(made)

    def move(self, made: TagObject, **changes: Any) -> TagObject:
        """Put another object under the name of a tag."""
        moved = replace(made, object=made.object[::-1], **changes)
        self.tags[self.tags.index(made)] = moved
        return moved

    def ledger(self) -> Ledger:
        """Return what it all adds up to."""
        return ledger.build(self.tags, self.heads)

    def model(self, name: str = "delay") -> ModelState:
        """Return one model of it."""
        return self.ledger().models[name]

    def order(self, name: str = "delay") -> list[str]:
        """Return the tags' names in the order of the ledger."""
        return [event.tag.name for event in self.model(name).events]

    def _name(self, event: NewEvent, follows: TagObject | None) -> str:
        number = self._place(event, follows).sequence
        return tag.name(event.kind, model=event.model, version=event.version, stage=event.stage, sequence=number)

    def _message(self, event: NewEvent, follows: TagObject | None) -> str:
        return trailers.message(event, self._place(event, follows))

    def _place(self, event: NewEvent, follows: TagObject | None) -> Place:
        known = ledger.build(self.tags, self.heads).models.get(event.model, ModelState(name=event.model)).events
        if follows is None:
            from_gto = [item for item in known if not item.chained]
            number = max((item.sequence for item in from_gto), default=0)
            return Place(sequence=max(number, 0) + 1, adopts=adoption(from_gto))
        read = trailers.read(follows.message)
        assert read is not None
        number = int(read.values["Mltool-Position"]) + 1
        return Place(sequence=number, previous=follows.object, previous_tag=follows.name)


def adoption(events: list[Event]) -> str:
    """Return what a chain says about the tags before it, told another way than the code tells it."""
    rows = "".join(sorted(f"{event.tag.name} {event.tag.object}\n" for event in events))
    return f"{len(events)} sha256:{hashlib.sha256(rows.encode()).hexdigest()}" if events else ""
