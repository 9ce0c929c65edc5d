"""What people attest of the ML Test Score."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, kw_only=True)
class Attested:
    """What a person answers for, where no program can tell; half a point of the ML Test Score, for a time."""

    item: str
    """The item, as `mltool score` names it: `model.2`."""
    who: str
    """Who looked, and answers for it."""
    when: date
    """The day on which they did."""
    until: date
    """The last day on which it counts, at most 366 days later: then somebody has to look again."""
    evidence: str
    """What they looked at, for others to read: an address (https://…), or a file in Git."""
    says: str = ""
    """What they found, in a sentence."""
