"""Which rows of a test table stand in the training table too, told by hashes of 64 bits and never by what is in them.

Of the test table sixteen bytes a row are kept; the training table, of any size, goes by block by block. Two rows that
differ have the same hash once in 2⁶⁴ pairs: with a million test rows and a thousand million others, in 5 of 100,000
comparisons there is one row too many.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mltool.data import difference_rows
from mltool.data.difference_rows import Hashes
from mltool.data.profile_source import Source, opened
from mltool.errors import UserError
from mltool.gates.test_set_leakage import Leakage

Flags = NDArray[np.bool_]


def find(train: Path, test: Path, *, ignore: Sequence[str] = (), key: Sequence[str] = (), label: str = "") -> Leakage:
    """Return how many rows of `test` stand in `train`: the same in every column that both have but those of `ignore`,
    or, with a `key`, of the same key.

    With a `label`, rows that are the same but for it are counted too. Values are compared as values: categories as what
    they stand for, 1 as 1.0, a missing one equal to a missing one; floats to the last bit. A row without a whole key
    is the same as no other. Raises UserError for columns that are absent or of another type on the other side, and for
    tables that cannot be read.
    """
    with opened(train) as seen, opened(test) as rows:
        names = _columns(seen, rows, ignore=ignore, key=key, label=label)
        every, leaks = _matched(seen, rows, names)
        for name in key:  # nobody is who has no name
            leaks &= ~np.concatenate([block.is_null().to_numpy(zero_copy_only=False) for block in rows.blocks(name)])
        relabelled = None
        if label:
            bare = tuple(name for name in names if name != label)
            relabelled = int(np.count_nonzero(_matched(seen, rows, bare)[1] & ~leaks))
        return Leakage(
            train=train.as_posix(),
            test=test.as_posix(),
            digest=_digest(test),
            train_rows=seen.rows,
            test_rows=rows.rows,
            columns=names,
            leaked=int(np.count_nonzero(leaks)),
            repeated=len(every) - len(np.unique(every)),
            key=tuple(key),
            ignored=tuple(ignore),
            label=label,
            relabelled=relabelled,
        )


def share(train: Path, test: Path) -> float | None:
    """Return the share of the rows of `test` that stand in `train`, the same in every column of `test`.

    None where `train` lacks one, or has it in another type: rows of other columns cannot be told apart by the rest. So
    where a file is empty or no table.
    """
    try:
        with opened(train) as seen, opened(test) as rows:
            names = tuple(rows.columns)
            if any(name not in seen.columns or _apart(seen, rows, name) for name in names):
                return None
            _, leaks = _matched(seen, rows, names)
            return float(np.count_nonzero(leaks)) / rows.rows
    except UserError:
        return None


def _columns(train: Source, test: Source, *, ignore: Sequence[str], key: Sequence[str], label: str) -> tuple[str, ...]:
    """Return the columns to compare. Raises UserError where one that was named is not there, or none is left."""
    for name in (*key, *filter(None, (label,))):
        for side in (train, test):
            if name not in side.columns:
                raise UserError(f"{side.name} has no column `{name}`.", f"It has {', '.join(side.columns)}.")
    for name in ignore:
        if name not in train.columns and name not in test.columns:
            raise UserError(f"Neither table has a column `{name}` to ignore.", f"They have {', '.join(test.columns)}.")
    shared = tuple(key) or tuple(name for name in test.columns if name in train.columns and name not in ignore)
    if not shared or shared == (label,):
        raise UserError(f"{train.name} and {test.name} share no column to compare.", "Name the tables of one data set.")
    for name in shared:
        if why := _apart(train, test, name):
            raise UserError(
                f"`{name}` is {why}, so that equal values would not look equal.",
                f"Write it the same way in both, or leave it out with `--ignore {name}`.",
            )
    return shared


def _apart(train: Source, test: Source, name: str) -> str:
    """Return in words how the types of a column differ in a way that hides equal values; empty where they do not."""
    types = train.types[name], test.types[name]
    if types[0] == types[1] or "null" in types:
        return ""
    kinds = {train.columns[name], test.columns[name]}
    # Numbers are compared as such, but 0.1 is another number in 32 bits than in 64.
    floats = {stored for stored in types if stored in ("halffloat", "float", "double")}
    texts = {"string", "large_string", "string_view"}
    if (kinds == {"numbers"} and len(floats) < 2) or set(types) <= texts:
        return ""
    return f"{types[0]} in {train.name} and {types[1]} in {test.name}"


def _matched(train: Source, test: Source, names: Sequence[str]) -> tuple[Hashes, Flags]:
    """Return the hash of each test row, and whether a training row has it; both of shape (test rows,)."""
    every = difference_rows.rows(test, names, like=train)
    known = np.unique(every)
    seen = np.zeros(len(known), bool)
    for block in difference_rows.blocks(train, names, like=test):
        place = np.minimum(np.searchsorted(known, block), len(known) - 1)
        seen[place[known[place] == block]] = True
    return every, seen[np.searchsorted(known, every)]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return f"md5:{hashlib.file_digest(file, _md5).hexdigest()}"


def _md5() -> "hashlib._Hash":
    return hashlib.md5(usedforsecurity=False)
