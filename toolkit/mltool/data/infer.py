"""A first contract out of a table: what is there, a little widened, for people to tighten."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mltool.data import check_keys, check_values, contract_parts
from mltool.data.check_keys import Seen
from mltool.data.contract import Column, Contract, Rows, Type
from mltool.data.contract_parts import Source
from mltool.data.contract_table import Table, blocks
from mltool.errors import UserError

CATEGORIES = 50
"""A text with more distinct values than this is no category."""
LONGEST = 100
"""Nor is one with more characters in one of them."""
REPEATS = 10
"""Nor is one whose values come back less often than this on average."""
PRIVATE = re.compile(
    r"(^|_)(e?mail|phone|mobile|(first|last|full|sur)_?name|address|street|birth\w*|dob|ssn|iban|passport|ip)(_|$)",
    re.IGNORECASE,
)
OTHER_COMMAS = re.compile(r"[;|\t]")
GUESSES: tuple[Type, ...] = ("boolean", "integer", "number", "date", "timestamp", "text")
GUESSED: dict[Type, str] = check_values.WRITTEN | {
    # 0 and 1 are numbers, and 00123 is a code.
    "boolean": r"^([Tt]rue|TRUE|[Ff]alse|FALSE)$",
    "integer": r"^-?(0|[1-9]\d{0,17})$",
    "number": r"^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$",
}


@dataclass
class _Column:
    """What is known of one column so far; `counts` is None once there are too many, `seen` once one came twice."""

    type: Type
    missing: int = 0
    infinite: int = 0
    low: float | None = None
    high: float | None = None
    counts: Counter[str] | None = field(default_factory=Counter)
    seen: Seen | None = None


def infer(source: Source) -> Contract:
    """Return a contract that the table keeps.

    Raises UserError for a table without rows or with lines that are torn, and for parts that are not alike.
    """
    if not source.columns:
        raise UserError(f"{source.path} has no columns.")
    contract_parts.check_alike(source)
    if len(source.columns) == 1 and (found := OTHER_COMMAS.search(source.columns[0])):
        said = f"{source.path} has one column only, and its name holds `{found[0]}`"
        raise UserError(f"{said.replace(chr(9), 'a tab')}.", "Is that what separates its fields? Write it with commas.")
    columns, rows = columns_of(source, source.columns, alike=True)
    for table in source.parts.values():
        if table.torn:
            remedy = "Mend them first; no line is left out silently."
            if not rows:
                remedy = "Has its first line a name for each column, that of the row numbers too?"
            raise UserError(
                f"{table.path}: {len(table.torn):,} lines do not have as many fields as the header, the first is line"
                f" {table.torn[0]:,}.",
                remedy,
            )
    if not rows:
        raise UserError(f"{source.path} has no rows, so nothing can be learned from it.")
    key = next((name for name, column in columns.items() if column.unique), None)
    if key:
        columns[key] = replace(columns[key], unique=False)
    bounds = Rows(min=max(1, int(_rounded(rows / 2, -1))), max=int(_rounded(rows * 2, 1)))
    return Contract(columns=columns, rows=bounds, key=(key,) if key else ())


def columns_of(source: Source, names: Iterable[str], *, alike: bool = False) -> tuple[dict[str, Column], int]:
    """Return rules for these columns of the table, and how many rows it has.

    The first that has no value twice, none missing, and is text or integer is marked unique. Of a column that parts
    hold differently, all that is said is how often it is missing; where they must be `alike`, that is a UserError.
    """
    names = list(names)
    types = _types(source, names, alike=alike)
    rows = 0
    found = {name: _Column(type=types[name]) for name in names}
    for column in found.values():
        column.seen = Seen() if column.type in ("integer", "text") else None
    for name_of, table, block in _blocks(source, names):
        rows += block.num_rows
        for name in name_of:
            _learn(found[name], block.column(name), parsed=table.parsed)
        for name in set(names).difference(name_of):
            found[name].missing += block.num_rows
    key = next((name for name in names if rows > 1 and _is_unique(found[name])), None)
    return {name: _rules(name, column, rows, unique=name == key) for name, column in found.items()}, rows


def _blocks(source: Source, names: Iterable[str]) -> Iterator[tuple[list[str], Table, pa.RecordBatch]]:
    """Yield each block of each part, with the columns of `names` that it has."""
    for table in source.parts.values():
        held = [name for name in names if name in table.stored]
        for block in blocks(table, held or list(table.stored)[:1]):
            yield held, table, block


def _types(source: Source, names: list[str], *, alike: bool) -> Mapping[str, Type]:
    """Return the type of each column: that of all its parts, `any` where they do not agree."""
    found: dict[str, dict[Type, str]] = {name: {} for name in names}
    for part, table in source.parts.items():
        held = [name for name in names if name in table.stored and name not in table.void]
        for name, kind in ({n: table.stored[n] for n in held} if table.parsed else _guess(table, held)).items():
            found[name].setdefault(kind, part)
    types: dict[str, Type] = {}
    for name, kinds in found.items():
        types[name] = (
            "number" if set(kinds) == {"integer", "number"} else next(iter(kinds)) if len(kinds) == 1 else "any"
        )
        if alike and types[name] == "any" and len(kinds) > 1:
            said = " and ".join(f"{kind} in {part}" for kind, part in kinds.items())
            raise UserError(f"{source.path}: `{name}` holds {said}.", "Make them alike.")
    return types


def outwards(low: float, high: float) -> tuple[float, float]:
    """Return a range of two digits that holds this one."""
    return _rounded(low, -1), _rounded(high, 1)


def upwards(share: float) -> float:
    """Return a number of two digits that is not below this one."""
    return _rounded(share, 1)


def _guess(table: Table, names: list[str]) -> Mapping[str, Type]:
    """Return the type of each column of texts: the first of GUESSES that takes all of its values."""
    left: dict[str, list[Type]] = {name: list(GUESSES) for name in names}
    filled: set[str] = set()
    for block in blocks(table, names):
        for name in names:
            texts = block.column(name).drop_null()
            filled |= {name} if len(texts) else set()
            left[name] = [guess for guess in left[name] if guess == "text" or _takes(texts, guess)]
    return {name: left[name][0] if name in filled else "any" for name in names}


def _takes(texts: pa.Array, guess: Type) -> bool:
    written = pc.all(pc.match_substring_regex(texts, GUESSED[guess])).as_py()
    return written is None or (written and check_values.all_are(texts, guess))


def _learn(column: _Column, block: pa.Array, *, parsed: bool) -> None:
    if not parsed:
        block, _ = check_values.parse(block, column.type)
    values, _ = check_values.stored(block, column.type)
    column.missing += values.null_count
    if column.type in ("integer", "number"):
        _learn_range(column, values)
    if column.type == "text" and column.counts is not None:
        for entry in values.drop_null().value_counts().to_pylist():
            column.counts[entry["values"]] += entry["counts"]
        few = len(column.counts) <= CATEGORIES and all(len(value) <= LONGEST for value in column.counts)
        column.counts = column.counts if few else None
    if column.seen is not None:
        prints, _ = check_keys.prints([values])
        column.seen.add(prints)
        if values.null_count or len(np.unique(prints)) < len(prints):
            column.seen = None


def _learn_range(column: _Column, values: pa.Array) -> None:
    if pa.types.is_floating(values.type):
        finite = pc.is_finite(values)
        column.infinite += pc.sum(pc.invert(finite)).as_py() or 0
        values = values.filter(finite)
    low, high = check_values.ends(values)
    if low is not None and high is not None:
        column.low = low if column.low is None else min(column.low, low)
        column.high = high if column.high is None else max(column.high, high)


def _is_unique(column: _Column) -> bool:
    return column.seen is not None and column.seen.repeats(1)[0] == 0


def _rules(name: str, column: _Column, rows: int, *, unique: bool) -> Column:
    private = bool(PRIVATE.search(name))
    values, unseen = ((), 0.0) if private else _categories(column.counts, rows - column.missing)
    low, high = (None, None) if unique or column.low is None else outwards(column.low, column.high or 0.0)
    if column.type == "integer" and low is not None and high is not None:
        low, high = int(low), int(high)
    if column.infinite and low is None:
        return Column(missing=_share(column.missing, rows))
    return Column(
        type=column.type,
        missing=_share(column.missing, rows),
        min=low,
        max=high,
        outside=_share(column.infinite, rows - column.missing),
        values=values,
        unseen=unseen,
        unique=unique,
        sensitive=private,
    )


def _categories(counts: Counter[str] | None, present: int) -> tuple[tuple[str, ...], float]:
    """Return the categories, and the share to expect of others: by Good and Turing, that of those seen once."""
    if not counts or present < REPEATS * len(counts):
        return (), 0.0
    return tuple(sorted(counts)), _share(sum(count == 1 for count in counts.values()), present)


def _share(count: int, rows: int) -> float:
    """Return the share with three standard errors on top, so that the next sample of the same data keeps it."""
    if not count:
        return 0.0
    share = count / rows
    return min(1.0, upwards(share + 3 * math.sqrt(share * (1 - share) / rows)))


def _rounded(value: float, towards: int) -> float:
    """Return the next number of two digits in the direction given by the sign of `towards`."""
    if not value:
        return 0.0
    unit = 10.0 ** (math.floor(math.log10(abs(value))) - 1)
    steps = math.ceil(value / unit) if towards > 0 else math.floor(value / unit)
    while steps * unit * towards < value * towards:  # a division that rounded the wrong way
        steps += towards
    return float(f"{steps * unit:.3g}")
