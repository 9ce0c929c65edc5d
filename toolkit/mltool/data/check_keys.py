"""Whether rows repeat, in memory that does not grow with them: 64-bit fingerprints, on disk once there are many."""

import hashlib
import os
import tempfile
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import IO, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mltool.data.check_values import FURTHEST, MICROSECONDS
from mltool.data.contract_table import kind
from mltool.errors import UserError

Prints = NDArray[np.uint64]
IN_MEMORY = 1 << 23
"""Fingerprints held at once: 64 MB."""
PARTS = 64
TEXT_BYTES = 1 << 20
ODD = np.uint64(0x9E3779B97F4A7C15)


@dataclass
class Seen:
    """The fingerprints of all rows so far; those beyond `most` go to a file without a name, which ends with us."""

    most: int = IN_MEMORY
    count: int = 0
    _held: list[Prints] = field(default_factory=list)
    _holding: int = 0
    _file: IO[bytes] | None = None
    _runs: list[tuple[int, NDArray[np.int64]]] = field(default_factory=list)
    """Where each sorted run begins in the file, and where its parts begin in it, both counted in fingerprints."""

    def add(self, prints: Prints) -> None:
        """Add the fingerprints of one block."""
        self._held.append(prints)
        self.count += len(prints)
        self._holding += len(prints)
        if self._holding > self.most:
            self._spill()

    def repeats(self, most: int) -> tuple[int, Prints]:
        """Return how many rows repeat an earlier one, and at most `most` of the fingerprints that are there twice."""
        if not self._file:
            return _repeats(np.concatenate([*self._held, np.empty(0, np.uint64)]), most)
        self._spill()
        surplus, found = 0, np.empty(0, np.uint64)
        for part in range(PARTS):
            extra, repeated = _repeats(self._part(self._file, part), most)
            surplus, found = surplus + extra, np.concatenate([found, repeated])[:most]
        return surplus, found

    def _spill(self) -> None:
        held = np.sort(np.concatenate([*self._held, np.empty(0, np.uint64)]))
        cuts = np.searchsorted(held, np.arange(1, PARTS, dtype=np.uint64) << np.uint64(58))
        try:
            if not self._file:
                self._file = tempfile.TemporaryFile(prefix="mltool-keys-")  # noqa: SIM115 - it is read at the end
                weakref.finalize(self, self._file.close)
            self._file.seek(0, os.SEEK_END)
            start = self._file.tell() // held.itemsize
            self._file.write(held.data)
            self._file.flush()
        except OSError as error:
            what = (
                f"Cannot write {held.nbytes >> 20:,} MB of fingerprints to {tempfile.gettempdir()}: {error.strerror}."
            )
            raise UserError(what, "Make room, or name another folder in TMPDIR.") from error
        self._runs.append((start, np.concatenate([[0], cuts, [len(held)]])))
        self._held, self._holding = [], 0

    def _part(self, file: IO[bytes], part: int) -> Prints:
        """Return the fingerprints of all runs whose first six bits are `part`."""
        found = [np.empty(0, np.uint64)]
        for start, cuts in self._runs:
            file.seek((start + int(cuts[part])) * 8)
            found.append(np.frombuffer(file.read(int(cuts[part + 1] - cuts[part]) * 8), np.uint64))
        return np.concatenate(found)


def prints(columns: Sequence[pa.Array]) -> tuple[Prints, NDArray[np.bool_]]:
    """Return a fingerprint for each row of the columns where none is null, and which rows (of all) those are.

    One column of integers, dates or times has no two values with one fingerprint; of others, two in 2⁶⁴.
    """
    whole = np.ones(len(columns[0]), bool)
    for column in columns:
        if column.null_count:
            whole &= column.is_valid().to_numpy(zero_copy_only=False)
    kept = pa.array(whole)
    found = [_of_one(column if whole.all() else column.filter(kept)) for column in columns]
    total = found[0]
    for one in found[1:]:
        total = _mix(total + ODD) + one
    return (_mix(total) if len(found) > 1 else total), whole


def _of_one(column: pa.Array) -> Prints:
    """Return the fingerprint of each value; none is null."""
    if isinstance(column, pa.DictionaryArray):
        places: Any = column.indices.to_numpy()
        entries = _of_one(column.dictionary)
        chosen: Prints = entries[places]
        return chosen
    if kind(column.type) == "text":
        return _of_texts(column.cast(pa.large_string()))
    if pa.types.is_floating(column.type):
        return _mix(_of_floats(column.cast(pa.float64()).to_numpy()))
    if pa.types.is_timestamp(column.type):
        return _mix(_of_times(column))
    if pa.types.is_date(column.type):
        column = column.cast(pa.date32()).cast(pa.int32())
    values: Any = column.cast(pa.int64(), safe=False).to_numpy(zero_copy_only=False)
    return _mix(values.astype(np.int64).view(np.uint64))


def _of_floats(values: Any) -> Prints:
    """Return a whole number as its integer, so that it is one value however a part stores it, and else the bits."""
    bits: Prints = values.view(np.uint64)
    whole = (np.trunc(values) == values) & (np.abs(values) < 2.0**63)
    return np.where(whole, np.where(whole, values, 0).astype(np.int64).view(np.uint64), bits)


def _of_times(column: pa.Array) -> Prints:
    """Return microseconds, in whatever unit a part stores them; what those cannot say is mixed in."""
    if column.type.unit != "ns":
        held, each = np.asarray(column.cast(pa.int64())), MICROSECONDS[column.type.unit]
        beyond = (held > FURTHEST // each) | (held < -FURTHEST // each)
        return np.where(beyond, held.view(np.uint64) * ODD, held.view(np.uint64) * np.uint64(each))
    held = np.asarray(column.cast(pa.int64()))
    micros, rest = np.divmod(held, 1000)
    return micros.view(np.uint64) + rest.view(np.uint64) * ODD


def _of_texts(texts: pa.Array) -> Prints:
    """Return for each text the sum over its bytes of a hash of byte and place (tabulation hashing), and its length."""
    if texts.nbytes > TEXT_BYTES and len(texts) > 1:
        middle = len(texts) // 2
        halves: Prints = np.concatenate([_of_texts(texts[:middle]), _of_texts(texts[middle:])])
        return halves
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, np.int64, len(texts) + 1, texts.offset * 8)
    length = np.diff(ends)
    if length.max(initial=0) > TEXT_BYTES:  # it stands alone, and the hash below takes forty bytes for each of its
        digest = hashlib.blake2b(memoryview(data)[ends[0] : ends[1]], digest_size=8).digest()
        return np.frombuffer(digest, np.uint64)
    held = np.frombuffer(data, np.uint8, int(ends[-1] - ends[0]), int(ends[0])) if data else np.empty(0, np.uint8)
    place = np.arange(len(held), dtype=np.uint64) - np.repeat((ends[:-1] - ends[0]).astype(np.uint64), length)
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(_mix((place << np.uint64(8)) + held + np.uint64(1)))])
    total: Prints = np.diff(sums[ends - ends[0]])
    return _mix(total ^ length.astype(np.uint64))


def _mix(values: Prints) -> Prints:
    """Return the finalizer of splitmix64: each output for one input only (https://doi.org/10.1145/2660193.2660195)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _repeats(held: Prints, most: int) -> tuple[int, Prints]:
    held.sort()
    again = held[1:][held[1:] == held[:-1]]
    return len(again), np.unique(again)[:most]
