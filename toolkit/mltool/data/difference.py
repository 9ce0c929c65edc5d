"""What differs between two versions of a table: rows, columns, nulls, ranges, categories, and whether it drifted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mltool.data import difference_rows, drift, profile
from mltool.data.profile_source import Source
from mltool.errors import UserError

SHOWN = 5
"""Categories that are named of those that came or went."""


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Rows that are in one version alone, and rows of the same key that differ; without a key nothing is `changed`.

    `columns` are those that were compared: what both versions have.
    """

    old: int
    new: int
    added: int
    removed: int
    changed: int | None
    columns: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """One column in one version."""

    type: str
    nulls: int
    low: float | None = None
    high: float | None = None
    categories: int | None = None


@dataclass(frozen=True, kw_only=True)
class ColumnDifference:
    """One column; a side is None where the version does not have it.

    `cells` counts the values that differ in rows of the same key; `came` and `went` are categories, the most frequent
    first, at most five.
    """

    name: str
    old: Facts | None
    new: Facts | None
    cells: int | None = None
    came: tuple[str, ...] = ()
    went: tuple[str, ...] = ()

    @property
    def differs(self) -> bool:
        """Return whether anything that is shown of the column does."""
        return self.old != self.new or bool(self.cells or self.came or self.went)


@dataclass(frozen=True, kw_only=True)
class TableDifference:
    """Two versions of one table, with the profiles of both."""

    rows: Rows
    columns: tuple[ColumnDifference, ...]
    drift: drift.Drift
    profiles: tuple[profile.Profile, profile.Profile]


def compare(old: Source, new: Source, *, key: Sequence[str] = ()) -> TableDifference:
    """Return what differs between two versions of a table.

    Rows are the same where their `key` is; without one, where all of their columns are that both versions have. Raises
    UserError for a key column that is absent, or a key that stands in more than one row.
    """
    shared = tuple(name for name in old.columns if name in new.columns)
    for name in key:
        for side in (old, new):
            if name not in side.columns:
                columns = ", ".join(side.columns)
                raise UserError(
                    f"{side.name} has no column `{name}`.",
                    f"It has {columns}. Of several tables `--path` names the one that the key is for.",
                )
    rows, cells = _by_key(old, new, key, shared) if key else (_by_row(old, new, shared), {})
    before, after = profile.make(old), profile.make(new)
    return TableDifference(
        rows=rows,
        columns=tuple(_columns(old, new, (before, after), cells)),
        drift=drift.judge(before, new),
        profiles=(before, after),
    )


def _by_row(old: Source, new: Source, shared: Sequence[str]) -> Rows:
    before, after = (difference_rows.rows(side, shared, like=other) for side, other in ((old, new), (new, old)))
    both = difference_rows.common(before, after)
    return Rows(
        old=old.rows,
        new=new.rows,
        added=new.rows - both,
        removed=old.rows - both,
        changed=None,
        columns=tuple(shared),
    )


def _by_key(old: Source, new: Source, key: Sequence[str], shared: Sequence[str]) -> tuple[Rows, dict[str, int]]:
    """Return the rows, and of each column the values that differ in rows of the same key."""
    before, after = (difference_rows.rows(side, key, like=other) for side, other in ((old, new), (new, old)))
    difference_rows.unique(old, key, before)
    difference_rows.unique(new, key, after)
    old_at, new_at = difference_rows.matched(before, after)
    changed, cells = np.zeros(len(old_at), bool), {}
    for name in shared:
        if name not in key:
            was = difference_rows.column(old, name, like=new)[old_at]
            differs = was != difference_rows.column(new, name, like=old)[new_at]
            changed |= differs
            cells[name] = int(np.count_nonzero(differs))
    rows = Rows(
        old=old.rows,
        new=new.rows,
        added=new.rows - len(new_at),
        removed=old.rows - len(old_at),
        changed=int(np.count_nonzero(changed)),
        columns=tuple(shared),
    )
    return rows, cells


def _columns(
    old: Source, new: Source, profiles: tuple[profile.Profile, profile.Profile], cells: Mapping[str, int]
) -> Iterator[ColumnDifference]:
    """Yield each column, those of the old version first."""
    before, after = ({column.name: column for column in side.columns} for side in profiles)
    for name in dict.fromkeys((*before, *after)):
        was, now = before.get(name), after.get(name)
        yield ColumnDifference(
            name=name,
            old=_facts(was, old.types[name]) if was else None,
            new=_facts(now, new.types[name]) if now else None,
            cells=cells.get(name),
            came=_missing(now, was),
            went=_missing(was, now),
        )


def _facts(column: profile.Column, stored: str) -> Facts:
    numbers, words = column.numbers, column.words
    return Facts(
        type=stored,
        nulls=column.nulls,
        low=numbers.low if numbers else None,
        high=numbers.high if numbers else None,
        categories=words.distinct if words and words.listed else None,
    )


def _missing(column: profile.Column | None, other: profile.Column | None) -> tuple[str, ...]:
    """Return the most frequent categories of a column that the other version does not have, where both are known."""
    if column is None or other is None or column.words is None or other.words is None or not other.words.listed:
        return ()
    if len(other.words.listed) < other.words.distinct:
        return ()
    return tuple(word for word in column.words.listed if word not in other.words.listed)[:SHOWN]
