"""What a table must be: its columns, its keys, how many rows, and what differs between training and serving."""

from dataclasses import dataclass, field
from typing import Literal

Type = Literal["integer", "number", "text", "boolean", "date", "timestamp", "any"]


@dataclass(frozen=True, kw_only=True)
class Column:
    """The rules of one column. A share is between 0 and 1; what it does not say is not looked at."""

    type: Type = "any"
    """`number` takes integers too; `integer` takes whole numbers however they are stored."""
    missing: float = 0.0
    """The share of rows that may be null or NaN."""
    optional: bool = False
    """Whether the column may be left out."""
    min: int | float | str | None = None
    max: int | float | str | None = None
    """Both ends are allowed. Without either, a number must still be finite.

    Of dates and timestamps, text as in ISO 8601; a day as `max` of timestamps is that whole day.
    """
    outside: float = 0.0
    """The share of present values that may lie outside `min` and `max`."""
    values: tuple[str | int | float, ...] = ()
    """The categories that are known."""
    unseen: float = 0.0
    """The share of present values that may be none of `values`."""
    pattern: str = ""
    """A regular expression (RE2) that each whole text matches."""
    min_length: int | None = None
    max_length: int | None = None
    """How many characters each text may have, both ends allowed."""
    unique: bool = False
    """Whether no two rows have the same value."""
    max_age: str = ""
    """How old the newest value may be: `90m`, `36h`, `7d`."""
    references: str = ""
    """`FILE:COLUMN`, where each value must stand; the path is seen from where the check runs."""
    sensitive: bool = False
    """Whether its values must never be shown."""
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class Rows:
    """How many rows there must be."""

    min: int = 1
    max: int | None = None
    change: float | None = None
    """How far from the last version's count, as a share of that."""


@dataclass(frozen=True, kw_only=True)
class Environment:
    """What is different in one place where such tables come from."""

    absent: tuple[str, ...] = ()
    """Columns that must not be there, such as the label when serving."""
    optional: tuple[str, ...] = ()
    """Columns that may be left out."""


@dataclass(frozen=True, kw_only=True)
class Contract:
    """All that is asked of a table."""

    columns: dict[str, Column]
    description: str = ""
    rows: Rows = field(default_factory=Rows)
    key: tuple[str, ...] = ()
    """Columns that together name a row: never missing, never twice."""
    rules: tuple[str, ...] = ()
    """What holds in each row, such as `departed <= arrived`; of a row where a value is missing it is not known."""
    part: str = ""
    """What the path of each part of a folder is, such as `{year}-{month:02}`, out of the columns in braces."""
    extra: Literal["fail", "allow"] = "fail"
    """What a column that the contract does not name is."""
    environments: dict[str, Environment] = field(default_factory=dict)
