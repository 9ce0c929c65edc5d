"""What a tag's message says: a sentence for people, and trailers that say the same for programs."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from mltool.registry.model import Event, NewEvent

NONE: Final = "none"
APPROVED: Final = "Approved-by"
EVENT: Final = "Mltool-Event"
_SIGNATURE = re.compile(
    r"^-----BEGIN (?:SSH|PGP) (?:SIGNATURE|MESSAGE)-----$|^-----BEGIN SIGNED MESSAGE-----$", re.MULTILINE
)
_TRAILER = re.compile(r"(?P<key>[A-Za-z][A-Za-z0-9-]*): ?(?P<value>.*)")
MOST_WORDS = 2000

Found = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where an event stands in its model's chain: its number, the event before it (`none`: it is the first), and, for
    the first one, what the tags before the chain were.
    """

    sequence: int
    previous: str = NONE
    previous_tag: str = ""
    adopts: str = ""


def message(event: NewEvent, place: Place) -> str:
    """Return the message of the tag that records the event; whatever its texts hold, each is one line."""
    rows = [
        (EVENT, event.kind),
        ("Mltool-Model", event.model),
        ("Mltool-Version", f"v{event.version}" if event.version else ""),
        ("Mltool-Stage", event.stage),
        ("Mltool-Manifest", event.manifest),
        ("Mltool-Outcome", event.outcome),
        ("Mltool-Position", str(place.sequence)),
        ("Mltool-Prev", place.previous),
        ("Mltool-Prev-Tag", place.previous_tag),
        ("Mltool-Adopts", place.adopts),
        ("Mltool-Actor", event.actor),
        *((APPROVED, who) for who in event.approvers),
        ("Reason", event.reason),
    ]
    block = "\n".join(f"{key}: {line}" for key, value in rows if (line := flat(value)))
    return f"{subject(event)}\n\n{block}\n"


def subject(event: Event | NewEvent) -> str:
    """Return the event in a few words: `promote delay v1.3.0 to prod`."""
    what = f"{event.kind} {event.model}" + (f" v{event.version}" if event.version else "")
    where = {"promote": "to", "rollback": "in", "demote": "from", "approve": "for", "deploy": "to"}.get(event.kind)
    return f"{what} {where} {event.stage}" if where and event.stage else what


def read(text: str) -> Found | None:
    """Return the trailers of a message, each key with its values; None where its last paragraph is none."""
    paragraph = words(text).rstrip("\n").rpartition("\n\n")[2]
    found: dict[str, tuple[str, ...]] = {}
    for row in paragraph.split("\n"):
        match = _TRAILER.fullmatch(row)
        if match is None:
            return None
        found[match["key"]] = (*found.get(match["key"], ()), match["value"].strip())
    return found


def words(text: str) -> str:
    """Return a message without the signature that Git puts at its end."""
    return _SIGNATURE.split(text, maxsplit=1)[0]


def is_signed(text: str) -> bool:
    """Return whether the message ends with a signature."""
    return _SIGNATURE.search(text) is not None


def flat(text: str) -> str:
    """Return free text as one line without control characters, cut where nobody reads on."""
    line = " ".join(text.split())
    return "".join(letter for letter in line if unicodedata.category(letter) not in ("Cc", "Cs"))[:MOST_WORDS]


def one(found: Found, keys: Iterable[str]) -> Mapping[str, str]:
    """Return the value of each key, empty where it is not there; raises ValueError for a key that is there twice."""
    values = {key: found.get(key, ()) for key in keys}
    if twice := [key for key, given in values.items() if len(given) > 1]:
        raise ValueError(f"says {twice[0]} twice")
    return {key: given[0] if given else "" for key, given in values.items()}
