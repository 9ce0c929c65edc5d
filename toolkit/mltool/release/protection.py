"""How a repository is protected, as its forge says it; and one finding about it."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["open", "unseen", "note"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is open, could not be seen, or should be known; `remedy` is the exact setting or command."""

    level: Level
    about: str
    sentence: str
    remedy: str = ""


@dataclass(frozen=True, kw_only=True)
class Unseen:
    """The forge did not answer: `said` is its reason."""

    said: str


@dataclass(frozen=True, kw_only=True)
class Place:
    """An environment of the forge. `any_ref`: jobs of every branch and tag may use it."""

    name: str
    reviewers: int = 0
    self_review: bool = True
    any_ref: bool = True
    admins_bypass: bool = True


@dataclass(frozen=True, kw_only=True)
class TagRule:
    """An active rule set on tags: patterns as `refs/tags/…` or `~ALL`, and the rules in it (`creation`, `update`, …).

    `writers_bypass`: everybody who may push is an exception.
    """

    include: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    rules: frozenset[str] = frozenset()
    writers_bypass: bool = False


@dataclass(frozen=True, kw_only=True)
class Branch:
    """The default branch: whether changes need a pull request, and how many reviews; the checks that must pass."""

    name: str
    by_pull: bool = False
    reviews: int = 0
    checks: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Jobs:
    """What every job may do unless its workflow says less."""

    token_writes: bool
    may_approve: bool


@dataclass(frozen=True, kw_only=True)
class Forge:
    """What the forge says about itself."""

    repository: str
    places: tuple[Place, ...] | Unseen
    tags: tuple[TagRule, ...] | Unseen
    branch: Branch | Unseen
    jobs: Jobs | Unseen
    immutable: bool | Unseen
