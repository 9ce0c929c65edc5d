"""Which rows two versions of a table share: by hashes of 64 bits, so that sixteen bytes a row are all that is kept."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mltool.data import arrays
from mltool.data.profile_source import Source
from mltool.errors import UserError

Hashes = NDArray[np.uint64]
_MISSING = np.uint64(0x6E756C6C)


def column(source: Source, name: str, *, like: Source) -> Hashes:
    """Return a hash of each value of a column, shape (rows,); equal values of both tables have equal ones.

    What is a number in both is compared as one: 1 is 1.0. Missing values and NaN are equal to each other.
    """
    how = _how(source, name, like)
    return np.concatenate([how(block) for block in source.blocks(name)])


def rows(source: Source, names: Sequence[str], *, like: Source) -> Hashes:
    """Return a hash of each row, of these columns in this order."""
    found = np.zeros(source.rows, np.uint64)
    for name in names:
        found = _mixed(found ^ column(source, name, like=like))
    return found


def blocks(source: Source, names: Sequence[str], *, like: Source) -> Iterator[Hashes]:
    """Yield what `rows` returns, a block at a time."""
    hows = [_how(source, name, like) for name in names]
    for batch in source.batches(names):
        found = np.zeros(batch.num_rows, np.uint64)
        for name, how in zip(names, hows, strict=True):
            found = _mixed(found ^ how(batch.column(name)))
        yield found


def matched(old: Hashes, new: Hashes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where the keys that both sides have stand in each, in the order of the old one."""
    _, before, after = np.intersect1d(old, new, assume_unique=True, return_indices=True)
    # In one order at least, columns are read as they lie in memory.
    order = np.argsort(before)
    return before[order], after[order]


def common(old: Hashes, new: Hashes) -> int:
    """Return how many rows are in both, a row that stands twice in both counting twice."""
    (old_rows, old_counts), (new_rows, new_counts) = (np.unique(side, return_counts=True) for side in (old, new))
    _, before, after = np.intersect1d(old_rows, new_rows, assume_unique=True, return_indices=True)
    return int(np.minimum(old_counts[before], new_counts[after]).sum())


def unique(source: Source, key: Sequence[str], hashes: Hashes) -> None:
    """Raise UserError where a key stands in more than one row."""
    ordered = np.sort(hashes)
    twice = int(np.count_nonzero(ordered[1:] == ordered[:-1]))
    if twice:
        names = ", ".join(f"`{name}`" for name in key)
        raise UserError(
            f"{source.name}: {names} is no key, {twice:,} of {source.rows:,} rows repeat one that stands above them.",
            "Name more columns with --key, or none: whole rows are compared then.",
        )


def _how(source: Source, name: str, like: Source) -> Callable[[pa.Array], Hashes]:
    """Return how the values of a column are hashed where they are compared with those of another table."""
    kinds = {source.columns[name], like.columns[name]}
    same = source.types[name] == like.types[name]
    return _numbers if kinds == {"numbers"} else _times if kinds == {"times"} and same else _texts


def _numbers(block: pa.Array) -> Hashes:
    plain = block.dictionary_decode() if pa.types.is_dictionary(block.type) else block
    values = arrays.floats(plain)
    # Adding 0 makes −0 the same as 0.
    found = _mixed((values + 0.0).view(np.uint64))
    if pa.types.is_integer(plain.type):
        found = _large(plain, values, found)
    found[np.isnan(values)] = _MISSING
    return found


def _large(integers: pa.Array, values: NDArray[np.float64], found: Hashes) -> Hashes:
    """Return the hashes with those of integers that a float cannot tell apart taken from all of their bits."""
    beyond = np.abs(values) >= 2.0**53
    if beyond.any():
        bits = arrays.fixed(integers)
        found[beyond] = _mixed(bits[beyond].astype(np.uint64) if bits.dtype == np.uint64 else _bits(bits[beyond]))
    return found


def _bits(integers: NDArray[np.int64]) -> Hashes:
    return integers.astype(np.int64).view(np.uint64)


def _times(block: pa.Array) -> Hashes:
    bits = block.cast(pa.int32()).cast(pa.int64()) if pa.types.is_date32(block.type) else block.cast(pa.int64())
    found = _mixed(arrays.fixed(bits).view(np.uint64))
    found[arrays.missing(block)] = _MISSING
    return found


def _texts(block: pa.Array) -> Hashes:
    encoded = block if pa.types.is_dictionary(block.type) else _text(block).dictionary_encode()
    # The last one is for what is missing.
    each = [_hashed(str(word)) for word in encoded.dictionary.to_pylist()]
    table = np.array([*each, int(_MISSING)], np.uint64)
    return table[np.where(arrays.missing(encoded.indices), len(each), arrays.fixed(encoded.indices))]


def _text(block: pa.Array) -> pa.Array:
    """Return any values as text; lists and structs as Python writes them."""
    try:
        return block.cast(pa.string())
    except pa.ArrowException:
        return pa.array([None if value is None else repr(value) for value in block.to_pylist()], pa.string())


@lru_cache(maxsize=1 << 16)
def _hashed(word: str) -> int:
    return int.from_bytes(blake2b(word.encode(errors="surrogatepass"), digest_size=8).digest(), "little")


def _mixed(values: Hashes) -> Hashes:
    """Return numbers whose bits all depend on all bits given: SplitMix64's finaliser, doi:10.1145/2660193.2660195."""
    found = values + np.uint64(0x9E3779B97F4A7C15)
    found = (found ^ (found >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    found = (found ^ (found >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return found ^ (found >> np.uint64(31))
