"""Row ids as numbers: hashes, the same on every machine, that find duplicates and cut a test set in halves."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mltool.paired.arrays import numbers

Keys = NDArray[np.uint64]

BASE = np.uint64(0x9E3779B97F4A7C15)
INVERSE = np.uint64(pow(int(BASE), -1, 2**64))
ROWS_AT_ONCE = 100_000


def keys(ids: pa.Array) -> Keys:
    """Return a hash of each id, shape (n,); nothing may be missing."""
    if pa.types.is_integer(ids.type):
        return mixed(numbers(ids.cast(pa.int64(), safe=False)).view(np.uint64))
    text = ids.cast(pa.large_string())
    parts = [_hashed(text[at : at + ROWS_AT_ONCE]) for at in range(0, len(text), ROWS_AT_ONCE)]
    return np.concatenate(parts) if parts else np.zeros(0, np.uint64)


def twice(ids: pa.Array, hashed: Keys) -> int:
    """Return how many rows have an id that stands above them already."""
    if pa.types.is_integer(ids.type) and _rising(numbers(ids)):
        return 0
    ordered = np.sort(hashed)
    if not np.any(ordered[1:] == ordered[:-1]):
        return 0
    # Equal hashes are equal ids but for one case in 10¹³, so this is asked of files that are wrong.
    return len(ids) - int(pc.count_distinct(ids).as_py())


def _rising(values: NDArray[np.integer]) -> bool:
    return bool(np.all(values[1:] > values[:-1]))


def mixed(values: Keys) -> Keys:
    """Return numbers whose bits all depend on all bits given: SplitMix64's finaliser, doi:10.1145/2660193.2660195."""
    found = values + BASE
    found = (found ^ (found >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    found = (found ^ (found >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return found ^ (found >> np.uint64(31))


def _hashed(text: pa.Array) -> Keys:
    """Return polynomials of the bytes modulo 2⁶⁴, from running sums (Karp and Rabin 1987, doi:10.1147/rd.312.0249)."""
    _, offsets, data = text.buffers()
    ends = np.frombuffer(offsets, np.int64)[text.offset : text.offset + len(text) + 1]
    first, size = int(ends[0]), int(ends[-1] - ends[0])
    letters = np.frombuffer(data, np.uint8, size, first).astype(np.uint64) if size else np.zeros(0, np.uint64)
    sums = np.zeros(size + 1, np.uint64)
    np.cumsum((letters + np.uint64(1)) * _powers(BASE, size), out=sums[1:])
    starts, stops = ends[:-1] - first, ends[1:] - first
    return mixed((sums[stops] - sums[starts]) * _powers(INVERSE, size + 1)[starts])


def _powers(base: np.uint64, count: int) -> Keys:
    found = np.full(count, base, np.uint64)
    found[:1] = 1
    return np.cumprod(found, dtype=np.uint64)
