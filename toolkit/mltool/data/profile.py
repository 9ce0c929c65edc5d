"""A profile: what a drift check needs to know of a table, small enough to lie in Git, without a row of it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from mltool.data import profile_order
from mltool.data.profile_ranks import correlations
from mltool.data.profile_sample import Seen, look, sample
from mltool.data.profile_source import Kind, Source
from mltool.errors import UserError

SCHEMA: Final = "mltool.profile/1"
POINTS = 1025
MOST_WORDS = 10_000


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """The distribution of `count` numbers: at each of `values`, how many are `upto` it and how many are `equal` to it.

    The values are quantiles at equal steps, each once; all counts are exact for the sample.
    """

    count: int
    low: float
    high: float
    values: tuple[float, ...]
    upto: tuple[int, ...]
    equal: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Words:
    """The most frequent texts among `count`, and how many `distinct` ones there are, of them seen once and twice.

    Nothing is listed where most texts stand once: names and addresses are no categories, and not for a profile.
    """

    count: int
    distinct: int
    once: int
    twice: int
    listed: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column; `nulls` counts all rows, `numbers` or `words` the sample."""

    name: str
    kind: Kind
    nulls: int
    numbers: Numbers | None = None
    words: Words | None = None


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Spearman's rank correlation of two columns over `rows` rows."""

    left: str
    right: str
    rho: float
    rows: int


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A table of `rows` rows."""

    rows: int
    columns: tuple[Column, ...]
    pairs: tuple[Pair, ...] = ()
    schema: str = SCHEMA


def make(source: Source, *, without: Iterable[str] = ()) -> Profile:
    """Return the profile of a table, but for the columns `without`; one column at a time is in memory.

    The same table has the same profile. Raises UserError for a column that is not there.
    """
    left_out = set(without)
    if unknown := left_out - set(source.columns):
        raise UserError(f"{source.name} has no column `{min(unknown)}`.", f"It has {', '.join(source.columns)}.")
    rows = sample(source.rows)
    columns, paired = [], []
    for name in source.columns:
        if name not in left_out:
            seen = look(source, name, rows)
            columns.append(column(seen))
            paired.append(lean(seen))
    return Profile(rows=source.rows, columns=tuple(columns), pairs=pairs(paired))


def column(seen: Seen) -> Column:
    """Return what a profile keeps of a column."""
    return Column(
        name=seen.name,
        kind=seen.kind,
        nulls=seen.nulls,
        numbers=_numbers(seen) if seen.values else None,
        words=_words(seen) if seen.words else None,
    )


def lean(seen: Seen) -> Seen:
    """Return what correlations need of a column, so that the rest of it can go."""
    return Seen(name=seen.name, kind=seen.kind, rows=seen.rows, nulls=seen.nulls, paired=seen.paired)


def pairs(columns: list[Seen]) -> tuple[Pair, ...]:
    """Return the rank correlations, rounded to six digits."""
    found = correlations(columns)
    return tuple(Pair(left=left, right=right, rho=round(rho, 6), rows=rows) for left, right, rho, rows in found)


def _numbers(seen: Seen) -> Numbers:
    count = sum(map(len, seen.values))
    ranks = np.linspace(0, count - 1, min(POINTS, count)).round().astype(np.int64)
    values = np.unique(profile_order.at(seen.values, ranks))
    upto, below = profile_order.counts(seen.values, values)
    return Numbers(
        count=count,
        low=seen.low or 0.0,
        high=seen.high or 0.0,
        values=tuple(values.tolist()),
        upto=tuple(upto.tolist()),
        equal=tuple((upto - below).tolist()),
    )


def _words(seen: Seen) -> Words:
    count = seen.words.total()
    frequencies = list(seen.words.values())
    once = frequencies.count(1)
    ranked = sorted(seen.words.items(), key=lambda item: (-item[1], item[0]))
    return Words(
        count=count,
        distinct=len(seen.words),
        once=once,
        twice=frequencies.count(2),
        listed=dict(ranked[:MOST_WORDS]) if once <= count / 2 else {},
    )


def write(profile: Profile) -> bytes:
    """Return the profile as JSON, a column or a pair a line."""
    return b"".join(_lines(profile))


def _lines(profile: Profile) -> Iterator[bytes]:
    yield b'{"schema": "%s", "rows": %d,\n"columns": [\n' % (profile.schema.encode(), profile.rows)
    yield b",\n".join(map(msgspec.json.encode, profile.columns))
    yield b'\n],\n"pairs": [\n'
    yield b",\n".join(map(msgspec.json.encode, profile.pairs))
    yield b"\n]}\n"


def read(path: Path) -> Profile:
    """Return a stored profile. Raises UserError where it is absent or none."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Profile)
    except OSError as error:
        raise UserError(
            f"The profile {path} cannot be read: {error.strerror}.", "`mltool measure profile TABLE --out` writes it."
        ) from error
    except msgspec.DecodeError as error:
        raise UserError(
            f"{path} is no profile: {error}.", "`mltool measure profile TABLE --out` writes one."
        ) from error
    if found.schema != SCHEMA:
        raise UserError(f"{path} is of the schema {found.schema}, not {SCHEMA}.", "Write it again with this mltool.")
    return found
