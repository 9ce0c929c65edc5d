"""Groups of rows by the values of a column, or of two."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mltool.paired import arrays
from mltool.paired.join import Codes

TOGETHER = " & "
"""Between two columns, and between two values: `carrier & origin=AA & JFK`."""
MISSING = "(missing)"


@dataclass(frozen=True, kw_only=True, eq=False)
class Groups:
    """A way to cut the rows: the group of each, as a position in `names`, shape (n,)."""

    column: str
    codes: Codes
    names: tuple[str, ...]


def by(column: str, extra: Mapping[str, pa.Array]) -> Groups:
    """Return the groups that a column makes, or two joined by `&`; raises KeyError for a column that is not there.

    A missing value is a group of its own.
    """
    parts = [by_one(name, extra[name]) for name in column.split(TOGETHER)]
    found = parts[0]
    for part in parts[1:]:
        found = crossed(found, part)
    return replace(found, column=column)


def by_one(name: str, column: pa.Array) -> Groups:
    """Return the groups that the values of one column make."""
    coded = column if pa.types.is_dictionary(column.type) else pc.dictionary_encode(column)
    names = [_text(value) for value in coded.dictionary.to_pylist()]
    last = arrays.column(np.array([len(names)]))[0]
    codes = arrays.numbers(pc.fill_null(coded.indices.cast(pa.int64()), last))
    # Two values may be one in words, such as 1 and 1.0, and a dictionary may hold what no row has.
    words, places = np.unique([*names, MISSING], return_inverse=True)
    counts = np.bincount(places[codes], minlength=len(words))
    kept = np.cumsum(counts > 0) - 1
    return Groups(column=name, codes=kept[places[codes]], names=tuple(map(str, words[counts > 0])))


def crossed(one: Groups, other: Groups) -> Groups:
    """Return the groups of rows that are alike in both ways."""
    flat = one.codes * len(other.names) + other.codes
    seen, codes = np.unique(flat, return_inverse=True)
    size = len(other.names)
    names = tuple(f"{one.names[code // size]}{TOGETHER}{other.names[code % size]}" for code in seen)
    return Groups(column=f"{one.column}{TOGETHER}{other.column}", codes=codes, names=names)


def _text(value: object) -> str:
    if value is None or value != value:
        return MISSING
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
