"""What changed inside a table: facts of both versions, without rows of it."""

from dataclasses import dataclass
from typing import Literal

State = Literal["drifted", "undecided", "steady"]


@dataclass(frozen=True, kw_only=True)
class ColumnSide:
    """One column in one version. `low` and `high` are None for what is no number, `categories` for what has none."""

    type: str
    nulls: int = 0
    low: float | None = None
    high: float | None = None
    categories: int | None = None


@dataclass(frozen=True, kw_only=True)
class Bars:
    """How the values of a column are distributed: shares of both versions, each adding up to 1.

    Share i is of the values between `edges[i]` and `edges[i + 1]`, the outer ones with all beyond; or of `labels[i]`.
    """

    base: tuple[float, ...]
    head: tuple[float, ...]
    edges: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ColumnChange:
    """One column that differs; a side is None where that version does not have it.

    `cells` counts values that differ in rows of the same key; `came` and `went` are categories, at most five each.
    """

    name: str
    base: ColumnSide | None = None
    head: ColumnSide | None = None
    cells: int | None = None
    came: tuple[str, ...] = ()
    went: tuple[str, ...] = ()
    bars: Bars | None = None


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One effect on a column, or on a pair of them, with bounds that hold together; it matters beyond `margin`."""

    effect: Literal["shape", "categories", "nulls", "unseen", "correlation"]
    columns: tuple[str, ...]
    value: float
    low: float
    high: float
    margin: float
    state: State


@dataclass(frozen=True, kw_only=True)
class Other:
    """A column that is gone, or that holds something else than it did."""

    column: str
    sentence: str


@dataclass(frozen=True, kw_only=True)
class DriftChange:
    """Whether a table drifted: effects that did or that are undecided, the gravest first; the others are counted.

    `drifted` counts columns, `steady` and `undecided` comparisons.
    """

    state: State
    base_rows: int
    rows: int
    effects: tuple[Effect, ...] = ()
    others: tuple[Other, ...] = ()
    drifted: int = 0
    steady: int = 0
    undecided: int = 0
    new: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TableChange:
    """One table that differs. Rows are None on the side that does not have it.

    `changed` rows have the same `key`, and are None without one. `more` columns differ and are not in here, `same` do
    not differ. `problem` says why the table was not compared.
    """

    path: str
    base_rows: int | None = None
    head_rows: int | None = None
    added: int | None = None
    removed: int | None = None
    changed: int | None = None
    key: tuple[str, ...] = ()
    columns: tuple[ColumnChange, ...] = ()
    more: int = 0
    same: int = 0
    drift: DriftChange | None = None
    problem: str = ""
