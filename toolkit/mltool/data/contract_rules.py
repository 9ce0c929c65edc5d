"""What is wrong with a contract that reads well: rules that contradict each other or do not go with the type."""

import math
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import PurePath

import pyarrow as pa
import pyarrow.compute as pc

from mltool.data import contract_expression
from mltool.data.check_values import instant
from mltool.data.contract import Column, Contract
from mltool.data.contract_expression import Expression

AGE = re.compile(r"([1-9]\d*)([mhd])")
UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
NUMBERS = ("integer", "number")
TIMES = ("date", "timestamp")
DAY = len("2026-03-01")
PLACES = re.compile(r"\{([^{}:]+)(?::0([1-9]))?\}")
"""A column in the name of a part, and to how many digits its number is filled with zeros."""


def age(text: str) -> timedelta:
    """Return what `90m`, `36h` or `7d` says. Raises ValueError for anything else."""
    found = AGE.fullmatch(text)
    if not found:
        raise ValueError(text)
    try:
        return int(found[1]) * UNITS[found[2]]
    except OverflowError as error:
        raise ValueError(text) from error


def whole(pattern: str) -> str:
    """Return the regular expression (RE2) that a text matches if all of it matches this one."""
    return rf"\A(?:{pattern})\z"


def problems(contract: Contract) -> Iterator[str]:
    """Yield a sentence for each rule that cannot be meant."""
    if not contract.columns:
        yield "`columns` names none; a contract without columns asks nothing"
    for name, column in contract.columns.items():
        for problem in (*_shares(column), *_types(column), *_texts(column)):
            yield f"`columns.{name}`: {problem}"
    yield from _tables(contract)
    rows = contract.rows
    change = 0 if rows.change is None else rows.change
    if rows.min < 0 or (rows.max is not None and rows.max < rows.min) or not 0 <= change < math.inf:
        yield "`rows`: they need 0 ≤ min ≤ max and 0 ≤ change"
    named = [("key", contract.key)]
    for name, place in contract.environments.items():
        named += [(f"environments.{name}.absent", place.absent), (f"environments.{name}.optional", place.optional)]
    for where, columns in named:
        for named_column in columns:
            if named_column not in contract.columns:
                yield f"`{where}`: `{named_column}` is none of the columns"
            elif where == "key" and contract.columns[named_column].type == "any":
                yield f"`key`: `{named_column}` needs a type"


def range_of(column: Column) -> tuple[int | float, int | float]:
    """Return both ends as numbers, infinite where there is none; of dates and times, in microseconds since 1970.

    A day as the last of timestamps is that whole day.
    """
    low = instant(column.min) if isinstance(column.min, str) else column.min
    high = instant(column.max) if isinstance(column.max, str) else column.max
    if isinstance(column.max, str) and isinstance(high, int) and column.type == "timestamp" and len(column.max) == DAY:
        high += 24 * 60 * 60 * 10**6 - 1
    return -math.inf if low is None else low, math.inf if high is None else high


def expressions(contract: Contract) -> tuple[Expression, ...]:
    """Return the rules of the contract, ready to be asked. Raises ValueError for one that cannot be."""
    types = {name: column.type for name, column in contract.columns.items()}
    return tuple(contract_expression.parse(text, types) for text in contract.rules)


def reference(text: str) -> tuple[str, str]:
    """Return the path and the column of `FILE:COLUMN`. Raises ValueError for anything else."""
    path, _, column = text.rpartition(":")
    if not path or not column:
        raise ValueError(text)
    return path, column


def _tables(contract: Contract) -> Iterator[str]:
    types = {name: column.type for name, column in contract.columns.items()}
    for text in contract.rules:
        try:
            contract_expression.parse(text, types)
        except ValueError as error:
            yield f"`rules`: `{text[:60]}`: {error}"
    if len(set(contract.rules)) < len(contract.rules):
        yield "`rules`: one is there twice"
    if not contract.part:
        return
    if re.search(r"[{}]", PLACES.sub("", contract.part)) or not PLACES.search(contract.part):
        yield f"`part` is written as {{year}}-{{month:02}}, not `{contract.part}`"
    for name, digits in PLACES.findall(contract.part):
        if types.get(name) not in ("integer", "text", "date") or (digits and types[name] != "integer"):
            yield f"`part`: `{name}` is no column of integers, texts or dates, or text is to be filled with zeros"


def _shares(column: Column) -> Iterator[str]:
    for rule in ("missing", "outside", "unseen"):
        if not 0 <= getattr(column, rule) <= 1:
            yield f"`{rule}` is a share between 0 and 1, not {getattr(column, rule):g}"
    if column.outside and column.min is None and column.max is None:
        yield "`outside` needs a `min` or a `max`"
    if column.unseen and not column.values:
        yield "`unseen` needs `values`"


def _types(column: Column) -> Iterator[str]:
    yield from _ranges(column)
    if column.pattern and column.type != "text":
        yield f"`pattern` goes with type text, not {column.type}"
    if column.max_age and column.type not in ("date", "timestamp"):
        yield f"`max_age` goes with type date or timestamp, not {column.type}"
    if column.references and column.type not in ("integer", "text", "date"):
        yield f"`references` goes with type integer, text or date, not {column.type}"
    if column.unique and column.type == "any":
        yield "`unique` needs a type"
    if column.values:
        if not all(isinstance(value, str) or _is_finite(value) for value in column.values):
            yield "`values` holds what is no number of 64 bits"
        texts = [isinstance(value, str) for value in column.values]
        if column.type not in ("text", *NUMBERS) or any(text != (column.type == "text") for text in texts):
            yield f"`values` do not fit type {column.type}; in YAML, '1' is text and 1 is a number"


def _ranges(column: Column) -> Iterator[str]:
    ends = [end for end in (column.min, column.max) if end is not None]
    if ends and column.type not in NUMBERS + TIMES:
        yield f"`min` and `max` go with numbers, dates and timestamps, not {column.type}"
        return
    if any(isinstance(end, str) != (column.type in TIMES) or not _is_number(end) for end in ends):
        yield f"`min` and `max` are no {column.type}"
        return
    try:
        low, high = range_of(column)
    except ValueError as error:
        yield str(error)
        return
    if not low <= high:
        yield f"`min` {column.min} is above `max` {column.max}"


def _is_number(end: float | str) -> bool:
    """Return whether it is text, or no NaN and not beyond what 64 bits hold; a range may be open at an end."""
    return isinstance(end, str) or _is_finite(end) or end in (math.inf, -math.inf)


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _texts(column: Column) -> Iterator[str]:
    least, most = column.min_length or 0, column.max_length
    if (column.min_length, most) != (None, None) and column.type != "text":
        yield f"`min_length` and `max_length` go with type text, not {column.type}"
    if least < 0 or (most is not None and most < least):
        yield "lengths need 0 ≤ min_length ≤ max_length"
    if column.references:
        try:
            path = PurePath(reference(column.references)[0])
            if path.is_absolute() or ".." in path.parts:
                yield f"`references` leads out of the folder where the check runs: `{column.references}`"
        except ValueError:
            yield f"`references` is written as data/carriers.csv:code, not `{column.references}`"
    if column.max_age:
        try:
            age(column.max_age)
        except ValueError:
            yield f"`max_age` is written as 90m, 36h or 7d, not `{column.max_age}`"
    if column.pattern:
        try:
            pc.match_substring_regex(pa.array([""]), column.pattern)
            pc.match_substring_regex(pa.array([""]), whole(column.pattern))  # where \Q has no \E
        except pa.ArrowInvalid as error:
            yield f"`pattern` is no regular expression that RE2 reads: {str(error).splitlines()[0]}"
