"""What is wrong with a contract that reads well: rules that contradict each other or do not go with the type."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pyarrow as pa
import pyarrow.compute as pc

from mltool.data.contract import Column, Contract

AGE = re.compile(r"([1-9]\d*)([mhd])")
UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
NUMBERS = ("integer", "number")


def age(text: str) -> timedelta:
    """Return what `90m`, `36h` or `7d` says. Raises ValueError for anything else."""
    found = AGE.fullmatch(text)
    if not found:
        raise ValueError(text)
    return int(found[1]) * UNITS[found[2]]


def problems(contract: Contract) -> Iterator[str]:
    """Yield a sentence for each rule that cannot be meant."""
    if not contract.columns:
        yield "`columns` names none; a contract without columns asks nothing"
    for name, column in contract.columns.items():
        for problem in (*_shares(column), *_types(column), *_texts(column)):
            yield f"`columns.{name}`: {problem}"
    rows = contract.rows
    if rows.min < 0 or (rows.max is not None and rows.max < rows.min) or (rows.change is not None and rows.change < 0):
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


def _shares(column: Column) -> Iterator[str]:
    for rule in ("missing", "outside", "unseen"):
        if not 0 <= getattr(column, rule) <= 1:
            yield f"`{rule}` is a share between 0 and 1, not {getattr(column, rule):g}"
    if column.outside and column.min is None and column.max is None:
        yield "`outside` needs a `min` or a `max`"
    if column.unseen and not column.values:
        yield "`unseen` needs `values`"


def _types(column: Column) -> Iterator[str]:
    if (column.min is not None or column.max is not None) and column.type not in NUMBERS:
        yield f"`min` and `max` go with type integer or number, not {column.type}"
    if column.min is not None and column.max is not None and not column.min <= column.max:
        yield f"`min` {column.min:g} is above `max` {column.max:g}"
    if column.pattern and column.type != "text":
        yield f"`pattern` goes with type text, not {column.type}"
    if column.max_age and column.type not in ("date", "timestamp"):
        yield f"`max_age` goes with type date or timestamp, not {column.type}"
    if column.unique and column.type == "any":
        yield "`unique` needs a type"
    if column.values:
        texts = [isinstance(value, str) for value in column.values]
        if column.type not in ("text", *NUMBERS) or any(text != (column.type == "text") for text in texts):
            yield f"`values` do not fit type {column.type}; in YAML, '1' is text and 1 is a number"


def _texts(column: Column) -> Iterator[str]:
    if column.max_age and not AGE.fullmatch(column.max_age):
        yield f"`max_age` is written as 90m, 36h or 7d, not `{column.max_age}`"
    if column.pattern:
        try:
            pc.match_substring_regex(pa.array([""]), column.pattern)
        except pa.ArrowInvalid as error:
            yield f"`pattern` is no regular expression that RE2 reads: {str(error).splitlines()[0]}"
