"""Drift by one rule: a column drifted where the lower bound of an effect is beyond a margin that matters.

All bounds of a check hold together but for `alpha`, which is shared out among the effects that are looked at.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from mltool.data import drift_bounds as bounds
from mltool.data.profile import Column, Pair, Profile, lean, pairs
from mltool.data.profile_sample import Seen, look, sample
from mltool.data.profile_source import Kind, Source

Effect = Literal["shape", "categories", "nulls", "unseen", "correlation"]
State = Literal["drifted", "steady", "undecided"]

HELD: Final[dict[Kind, str]] = {
    "numbers": "numbers",
    "words": "text or truth values",
    "times": "times",
    "other": "no plain values",
}


@dataclass(frozen=True, kw_only=True)
class Margins:
    """What a change must exceed to matter: distance of shapes, categories and correlations; shares of rows."""

    distance: float = 0.1
    nulls: float = 0.01
    unseen: float = 0.001

    def of(self, effect: Effect) -> float:
        """Return the margin of an effect."""
        return {"nulls": self.nulls, "unseen": self.unseen}.get(effect, self.distance)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One effect on one column, or on a pair of them, with its simultaneous bounds."""

    effect: Effect
    columns: tuple[str, ...]
    value: float
    low: float
    high: float
    margin: float

    @property
    def state(self) -> State:
        """Return drifted where even the lower bound is beyond the margin, steady where the upper one is within it."""
        if self.low > self.margin:
            return "drifted"
        return "steady" if self.high <= self.margin else "undecided"


@dataclass(frozen=True, kw_only=True)
class Changed:
    """A column that is not what it was: nothing can be measured on it."""

    column: str
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Drift:
    """What a check found; `new` columns are not in the profile."""

    old_rows: int
    rows: int
    findings: tuple[Finding, ...]
    changed: tuple[Changed, ...] = ()
    new: tuple[str, ...] = ()

    @property
    def state(self) -> State:
        """Return drifted where anything did or is not what it was, undecided where anything is."""
        states = {finding.state for finding in self.findings}
        if self.changed or "drifted" in states:
            return "drifted"
        return "undecided" if "undecided" in states else "steady"


def judge(profile: Profile, source: Source, *, alpha: float = 0.05, margins: Margins | None = None) -> Drift:
    """Return how a table drifted from a profile; one column at a time is in memory.

    `alpha` is the chance of one false alarm or more. Raises UserError where the file breaks off.
    """
    margins, shared = margins or Margins(), levels(profile, alpha)
    rows = sample(source.rows)
    found: list[Finding] = []
    changed: list[Changed] = []
    seen: list[Seen] = []
    for old in profile.columns:
        new = look(source, old.name, rows) if old.name in source.columns else None
        if new is None or _is_other(old, new, profile.rows):
            changed.append(_changed(old, new))
            continue
        effects = _effects(old, new, profile.rows, shared)
        found += (_finding(effect, (old.name,), bounded, margins) for effect, bounded in effects)
        seen.append(lean(new))
    for before, after in _matched(profile.pairs, pairs(seen)):
        bounded = bounds.correlation(before, after, shared["correlation"])
        found.append(_finding("correlation", (before.left, before.right), bounded, margins))
    known = {old.name for old in profile.columns}
    new_names = tuple(name for name in source.columns if name not in known)
    return Drift(old_rows=profile.rows, rows=source.rows, findings=tuple(found), changed=tuple(changed), new=new_names)


def _changed(old: Column, new: Seen | None) -> Changed:
    sentence = f"held {HELD[old.kind]}, and now holds {HELD[new.kind]}" if new else "is gone"
    return Changed(column=old.name, sentence=sentence)


def levels(profile: Profile, alpha: float) -> dict[Effect, float]:
    """Return the level of one effect of each kind; what no column needs goes to the others."""
    categories = sum(old.words is not None and bool(old.words.listed) for old in profile.columns)
    numbers = sum(old.numbers is not None for old in profile.columns)
    pools: tuple[tuple[tuple[Effect, ...], float, int], ...] = (
        (("shape", "categories"), 0.7, numbers + categories),
        (("nulls",), 0.1, len(profile.columns)),
        (("unseen",), 0.1, categories),
        (("correlation",), 0.1, len(profile.pairs)),
    )
    spent = sum(share for _, share, count in pools if count)
    return {effect: alpha * share / spent / count for effects, share, count in pools if count for effect in effects}


def _is_other(old: Column, new: Seen, old_rows: int) -> bool:
    """Return whether the kind of values differs; a column that is all nulls is of any kind."""
    return old.kind != new.kind and old.nulls < old_rows and new.nulls < new.rows


def _effects(
    old: Column, new: Seen, old_rows: int, levels: Mapping[Effect, float]
) -> Iterator[tuple[Effect, bounds.Bounded]]:
    yield "nulls", bounds.nulls((old.nulls, old_rows), (new.nulls, new.rows), levels["nulls"])
    if old.numbers is not None and new.values:
        yield "shape", bounds.shape(old.numbers, new.values, levels["shape"])
    if old.words is not None and old.words.listed and new.words:
        yield "categories", bounds.categories(old.words, new.words, levels["categories"])
        yield "unseen", bounds.unseen(old.words, new.words, levels["unseen"])


def _matched(before: tuple[Pair, ...], after: tuple[Pair, ...]) -> Iterator[tuple[Pair, Pair]]:
    now = {frozenset((pair.left, pair.right)): pair for pair in after}
    for old in before:
        if new := now.get(frozenset((old.left, old.right))):
            yield old, new


def _finding(effect: Effect, columns: tuple[str, ...], found: bounds.Bounded, margins: Margins) -> Finding:
    return Finding(
        effect=effect, columns=columns, value=found.value, low=found.low, high=found.high, margin=margins.of(effect)
    )
