"""What was read of one column → a verdict with a sentence for each of its rules."""

import difflib
from collections.abc import Iterator
from datetime import datetime, timedelta

from mltool.data.check_column import Found, Tally
from mltool.data.check_values import EPOCH
from mltool.data.check_verdicts import (
    Asked,
    Read,
    Verdict,
    allowing,
    in_parts,
    left_out,
    of_rows,
    parts_named,
    such_as,
    verdict,
    where_of,
)
from mltool.data.contract import Column
from mltool.data.contract_rules import NUMBERS, age

FURTHEST_EAST = timedelta(hours=14)
"""How far ahead of UTC a clock may be; a time without a zone may be of one there."""


def presence(asked: Asked, read: Read, name: str) -> Iterator[Verdict]:
    """Yield whether a column is there, and whether it may be."""
    there = [part for part in read.parts if name in part.stored]
    lacking = [part for part in read.parts if name not in part.stored]
    if name in asked.place.absent:
        said = f"`{name}` is {'there' if there else 'absent'}{in_parts(there, len(read.parts))};"
        yield verdict(name, "absent", f"{said} it must not be{where_of(asked)}.", good=not there)
    elif lacking and name in left_out(asked, read):
        said = f"`{name}` is not in {parts_named(lacking, len(read.parts))}; it may be left out{where_of(asked)}."
        yield verdict(name, "present", said, good=True)
    elif lacking:
        strangers = {other.lower(): other for other in lacking[0].stored if other not in asked.contract.columns}
        near = difflib.get_close_matches(name.lower(), strangers, n=1, cutoff=0.7)
        hint = f"; is it now `{strangers[near[0]]}`?" if near else "."
        yield verdict(name, "present", f"`{name}` is not in {parts_named(lacking, len(read.parts))}{hint}", good=False)


def column_rules(asked: Asked, read: Read, name: str, column: Column) -> Iterator[Verdict]:
    """Yield a verdict for each rule of a column that some part of the table has."""
    odd = [part for part in read.parts if name in part.stored and name not in part.fitting]
    if odd:
        said = f"`{name}` is {column.type}, but {parts_named(odd, len(read.parts))} holds {odd[0].stored[name]}."
        yield verdict(name, "type", said, good=False)
    tally = read.tallies.get(name)
    if tally is None:
        return
    wrong, said = tally.wrong, f"`{name}` is {column.type}."
    if column.type != "any" and (wrong.count or not odd):
        if wrong.count:
            present = tally.rows - tally.missing
            said = f"{of_rows(wrong, present)} values of `{name}` are not {column.type}{such_as(wrong)}."
        yield verdict(name, "type", said, good=not wrong.count, found=wrong, rows=tally.rows)
    share = tally.missing / tally.rows if tally.rows else 0.0
    said = f"`{name}` is missing in {tally.missing:,} of {tally.rows:,} rows{allowing(column.missing)}."
    yield verdict(name, "missing", said, good=share <= column.missing, count=tally.missing, rows=tally.rows)
    yield from _values(name, column, tally)
    if column.unique and (name,) in read.repeated:
        found = read.repeated[(name,)]
        said = f"{found.count:,} values of `{name}` repeat an earlier one{such_as(found)}."
        yield verdict(name, "unique", said, good=not found.count, found=found, rows=tally.rows)
    elif column.unique and not odd:
        said = f"Whether `{name}` repeats cannot be told: parts lack it."
        yield verdict(name, "unique", said, good=name in left_out(asked, read))
    if column.max_age:
        yield _age(name, column, tally, asked.now)


def _values(name: str, column: Column, tally: Tally) -> Iterator[Verdict]:
    if column.type in NUMBERS or column.min is not None or column.max is not None:
        ends = f"outside {_end(column.min)} to {_end(column.max)}"
        if column.min is None and column.max is None:
            ends = "infinite"
        yield _judged(name, "range", tally.outside, tally, column.outside, f"values of `{name}` are {ends}")
    if column.values:
        yield _judged(
            name, "values", tally.unseen, tally, column.unseen, f"values of `{name}` are in no known category"
        )
    if column.pattern:
        what = f"values of `{name}` do not match `{column.pattern}`"
        yield _judged(name, "pattern", tally.unmatched, tally, 0.0, what)
    if column.min_length is not None or column.max_length is not None:
        what = f"values of `{name}` do not have {column.min_length or 0} to {_end(column.max_length)} characters"
        yield _judged(name, "length", tally.length, tally, 0.0, what)
    if column.references:
        what = f"values of `{name}` do not stand in {column.references}"
        yield _judged(name, "references", tally.strange, tally, 0.0, what)


def _judged(name: str, rule: str, found: Found, tally: Tally, allowed: float, what: str) -> Verdict:
    share = found.count / tally.present if found.count else 0.0
    said = f"{of_rows(found, tally.present)} {what}{such_as(found)}{allowing(allowed)}."
    return verdict(name, rule, said, good=share <= allowed, found=found, rows=tally.present)


def _age(name: str, column: Column, tally: Tally, now: datetime) -> Verdict:
    if tally.newest is None:
        return verdict(name, "max_age", f"`{name}` has no value, so how old the data is cannot be told.", good=False)
    old, ahead = age_of(tally, now)
    if ahead:
        said = f"The newest `{name}` is in the future, so it says nothing of the age."
        return verdict(name, "max_age", said, good=False)
    said = f"The newest `{name}` is {_span(old)} old; allowed: {column.max_age}."
    return verdict(name, "max_age", said, good=old <= age(column.max_age))


def age_of(tally: Tally, now: datetime) -> tuple[timedelta, bool]:
    """Return how old the newest value is, and whether it lies in the future; without a zone it is taken for UTC."""
    old = (now - EPOCH) - timedelta(microseconds=tally.newest or 0)
    return old, old < (timedelta() if tally.zoned else -FURTHEST_EAST)


def _end(value: float | str | None) -> str:
    return "…" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _span(old: timedelta) -> str:
    hours = max(old, timedelta()) // timedelta(hours=1)
    return f"{hours // 24} days" if hours >= 48 else f"{hours} hours"
