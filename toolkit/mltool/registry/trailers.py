"""What a tag's message says: a sentence for people, and trailers that say the same for programs."""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mltool.registry.model import Event, NewEvent

NONE: Final = "none"
APPROVED: Final = "Approved-by"
EVENT: Final = "Mltool-Event"
BLESSING: Final = "Mltool-Blessing"
BEGIN: Final = "-----BEGIN "
_SIGNATURE = re.compile(rf"^{BEGIN}(?:(?:SSH|PGP) SIGNATURE|PGP MESSAGE|SIGNED MESSAGE)-----$", re.MULTILINE)
MOST_WORDS = 2000


@dataclass(frozen=True, kw_only=True)
class Trailers:
    """What a message says by key. `twice` is a key that stands there more than once and may not."""

    values: Mapping[str, str]
    approved: tuple[str, ...] = ()
    twice: str = ""


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
    """Return the message of the tag that records the event; whatever its texts hold, each is one line.

    A blessing, which has no empty line, stands between the sentence and the trailers, which hold its digest.
    """
    rows = [
        (EVENT, event.kind),
        ("Mltool-Model", event.model),
        ("Mltool-Version", f"v{event.version}" if event.version else ""),
        ("Mltool-Stage", event.stage),
        ("Mltool-Manifest", event.manifest),
        ("Mltool-Outcome", event.outcome),
        ("Mltool-Despite", event.despite),
        (BLESSING, digest(event.blessing) if event.blessing else ""),
        ("Mltool-Position", str(place.sequence)),
        ("Mltool-Prev", place.previous),
        ("Mltool-Prev-Tag", place.previous_tag),
        ("Mltool-Adopts", place.adopts),
        ("Mltool-Actor", event.actor),
        *((APPROVED, who) for who in event.approvers),
        ("Reason", event.reason),
    ]
    block = "\n".join(f"{key}: {line}" for key, value in rows if (line := flat(value)))
    return "\n\n".join(filter(None, (subject(event), event.blessing, block))) + "\n"


def digest(text: str) -> str:
    """Return what a blessing is known by: `sha256:` and the digest of its text."""
    return f"sha256:{hashlib.sha256(text.encode(errors='replace')).hexdigest()}"


def body(text: str) -> str:
    """Return what stands between the sentence and the trailers of a message; empty where nothing does."""
    return "\n\n".join(text.rstrip("\n").split("\n\n")[1:-1])


def subject(event: Event | NewEvent) -> str:
    """Return the event in a few words: `promote delay v1.3.0 to prod`."""
    what = f"{event.kind} {event.model}" + (f" v{event.version}" if event.version else "")
    where = {"promote": "to", "rollback": "in", "demote": "from", "approve": "for", "deploy": "to"}.get(event.kind)
    return f"{what} {where} {event.stage}" if where and event.stage else what


def read(text: str) -> Trailers | None:
    """Return the trailers of a message; None where its last paragraph is none."""
    rows = [row.split(": ", 1) for row in text.rstrip("\n").rpartition("\n\n")[2].split("\n")]
    try:
        values = dict(rows)
    except ValueError:
        return None
    approved = tuple(row[1] for row in rows if row[0] == APPROVED) if APPROVED in values else ()
    if len(values) == len(rows) - max(0, len(approved) - 1):
        return Trailers(values=values, approved=approved)
    counts = Counter(row[0] for row in rows if row[0] != APPROVED)
    return Trailers(values=values, approved=approved, twice=counts.most_common(1)[0][0])


def words(text: str) -> tuple[str, bool]:
    """Return a message without the signature that Git puts at its end, and whether there was one."""
    if BEGIN not in text:
        return text, False
    parts = _SIGNATURE.split(text, maxsplit=1)
    return parts[0], len(parts) > 1


def flat(text: str) -> str:
    """Return free text as one line without control characters, cut where nobody reads on."""
    line = " ".join(text.split())
    return "".join(letter for letter in line if unicodedata.category(letter) not in ("Cc", "Cs"))[:MOST_WORDS]
