"""The words of scaffolding: a file to write, and what happens to each path."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, kw_only=True)
class File:
    """One file that a template makes. `once` files belong to the project as soon as they are there."""

    path: str
    content: str
    why: str = ""
    once: bool = False


class Kind(StrEnum):
    """What a path is, compared with what the template makes of it."""

    NEW = "new"
    """Not there yet."""
    SAME = "same"
    """Already as it should be."""
    CHANGED = "changed"
    """Ours, untouched since we wrote it, and no longer what the template and the settings make."""
    EDITED = "edited"
    """Ours, changed by hand since."""
    FOREIGN = "foreign"
    """There, and not written by us."""
    OBSOLETE = "obsolete"
    """Ours, untouched, and no longer wanted by the settings."""
    KEPT = "kept"
    """A `once` file that is there: the project's own."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One path with its content `now` and `then`; None where there is no file."""

    kind: Kind
    path: str
    now: str | None
    then: str | None
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What would be done, before it is done."""

    steps: tuple[Step, ...]

    def of(self, *kinds: Kind) -> tuple[Step, ...]:
        """Return the steps of these kinds."""
        return tuple(step for step in self.steps if step.kind in kinds)
