"""What was read of a table → a verdict with a sentence for each rule of its contract."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from mltool.data import contract_expression, contract_parts
from mltool.data.check_column import Example, Found, Tally
from mltool.data.contract import Column, Contract, Environment
from mltool.data.contract_rules import NUMBERS, age
from mltool.gates.verdict import Outcome

PARTS = 3
"""Parts that a sentence names."""
FURTHEST_EAST = timedelta(hours=14)
"""How far ahead of UTC a clock may be; a time without a zone may be of one there."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The contract, and what it depends on besides the table."""

    contract: Contract
    environment: str
    now: datetime
    last_rows: int | None

    @property
    def place(self) -> Environment:
        """Return what is different in the environment that was named."""
        return self.contract.environments.get(self.environment, Environment())


@dataclass(frozen=True, kw_only=True)
class Part:
    """One file of the table, `name` empty where it is the only one. `fitting` are the columns that were read.

    A declared column of `stored` that is not among them is of another type.
    """

    name: str
    stored: Mapping[str, str]
    fitting: tuple[str, ...]
    rows: int
    torn: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Read:
    """What one pass over a table found. A declared column that is not in `tallies` is absent or of another type.

    A key that is not in `repeated`, and a rule that is not in `broken`, could not be asked of some part.
    """

    source: str
    parts: tuple[Part, ...]
    tallies: Mapping[str, Tally]
    repeated: Mapping[tuple[str, ...], Found] = field(default_factory=dict)
    keyless: Mapping[tuple[str, ...], Found] = field(default_factory=dict)
    broken: Mapping[str, Found] = field(default_factory=dict)
    misplaced: Found = field(default_factory=Found)

    @property
    def rows(self) -> int:
        """Return the rows of all parts."""
        return sum(part.rows for part in self.parts)

    @property
    def stored(self) -> Mapping[str, str]:
        """Return every column that some part has, and what the first that has it holds."""
        return {name: kind for part in reversed(self.parts) for name, kind in part.stored.items()}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One rule's answer. `column` is empty for a rule on the table; `count` of `rows` break it."""

    column: str
    rule: str
    outcome: Outcome
    sentence: str
    count: int = 0
    rows: int = 0
    examples: tuple[Example, ...] = ()


def judge(asked: Asked, read: Read) -> Iterator[Verdict]:
    """Yield a verdict for each rule: those on the table first, then column by column."""
    yield from _rows(asked, read)
    yield from _extra(asked, read)
    if asked.contract.key:
        yield _key(asked, read)
    if asked.contract.part and any(part.name for part in read.parts):
        yield _place(asked, read)
    for text in asked.contract.rules:
        yield _rule(asked, read, text)
    for name, column in asked.contract.columns.items():
        yield from _presence(asked, read, name)
        if name in read.stored and name not in asked.place.absent:
            yield from _column(asked, read, name, column)


def _rows(asked: Asked, read: Read) -> Iterator[Verdict]:
    rules, rows = asked.contract.rows, read.rows
    most = "…" if rules.max is None else f"{rules.max:,}"
    allowed = f"at least {rules.min:,}" if rules.max is None else f"{rules.min:,} to {most}"
    good = rules.min <= rows and (rules.max is None or rows <= rules.max)
    yield _verdict("", "rows", f"{read.source} has {rows:,} rows; allowed: {allowed}.", good=good)
    for part in read.parts:
        if part.torn:
            said = f"{len(part.torn):,} lines{_in([part])} do not have as many fields as the header,"
            said += f" the first is line {part.torn[0]:,}."
            yield _verdict("", "lines", said, good=False, count=len(part.torn))
    if rules.change is not None:
        yield _change(rows, asked.last_rows, rules.change)


def _change(rows: int, last: int | None, allowed: float) -> Verdict:
    if last is None:
        sentence = "The row count of the last version is not known, so the change is not judged."
        return Verdict(column="", rule="change", outcome=Outcome.SKIP, sentence=sentence)
    said = f"{rows:,} rows after {last:,}; a change of {_percent(allowed)} is allowed."
    return _verdict("", "change", said, good=abs(rows - last) <= allowed * last)


def _extra(asked: Asked, read: Read) -> Iterator[Verdict]:
    if asked.contract.extra == "allow":
        return
    extra = [name for name in read.stored if name not in asked.contract.columns]
    where = [part for part in read.parts if set(extra) & set(part.stored)]
    said = "It has no column beyond the contract's."
    if extra:
        said = f"The contract does not know {_named(extra)}{_in(where, len(read.parts))}."
    yield _verdict("", "extra", said, good=not extra, count=len(extra))


def _place(asked: Asked, read: Read) -> Verdict:
    found, pattern = read.misplaced, asked.contract.part
    said = f"Each part holds only the rows that its path `{pattern}` says."
    if found.count:
        said = f"{found.count:,} rows are in a part whose path is not their `{pattern}`{_such_as(found)}."
    unread = [part for part in read.parts if not contract_parts.named(pattern) <= set(part.fitting)]
    if unread:
        said = f"Whether rows are where `{pattern}` says cannot be told{_in(unread)}: see the columns."
    return _verdict("", "part", said, good=not found.count and not unread, found=found, rows=read.rows)


def _rule(asked: Asked, read: Read, text: str) -> Verdict:
    without = _left_out(asked, read)
    if text not in read.broken:
        names = contract_expression.parse(text, {n: c.type for n, c in asked.contract.columns.items()}).columns
        if any(name in without for name in names):
            said = f"`{text}` is not asked: a column of it is left out{_where(asked)}."
            return Verdict(column="", rule="rules", outcome=Outcome.SKIP, sentence=said)
        return _verdict("", "rules", f"`{text}` cannot be judged: see its columns.", good=False)
    found = read.broken[text]
    said = f"`{text}` does not hold in {_of(found, read.rows)} rows{_such_as(found)}."
    return _verdict("", "rules", said, good=not found.count, found=found, rows=read.rows)


def _key(asked: Asked, read: Read) -> Verdict:
    key, name = asked.contract.key, ", ".join(asked.contract.key)
    if _left_out(asked, read).intersection(key):
        said = f"There is no key ({name}){_where(asked)}."
        return Verdict(column="", rule="key", outcome=Outcome.SKIP, sentence=said)
    if key not in read.repeated:
        return _verdict("", "key", f"The key ({name}) cannot be read: see its columns.", good=False)
    holes, found = read.keyless.get(key, Found()).count, read.repeated[key]
    said = f"No two rows have the same key ({name})."
    if holes or found.count:
        said = f"{found.count:,} rows repeat the key ({name}) of another{_such_as(found)}"
        said += f"; in {holes:,} it is missing." if holes else "."
    return _verdict("", "key", said, good=not holes and not found.count, found=found, rows=read.rows)


def _left_out(asked: Asked, read: Read) -> set[str]:
    """Return the columns that are not there and need not be."""
    contract, place = asked.contract, asked.place
    free = {*place.absent, *place.optional, *(name for name, column in contract.columns.items() if column.optional)}
    return {name for name in free if any(name not in part.stored for part in read.parts)}


def _presence(asked: Asked, read: Read, name: str) -> Iterator[Verdict]:
    there = [part for part in read.parts if name in part.stored]
    lacking = [part for part in read.parts if name not in part.stored]
    if name in asked.place.absent:
        said = f"`{name}` is {'there' if there else 'absent'}{_in(there, len(read.parts))};"
        yield _verdict(name, "absent", f"{said} it must not be{_where(asked)}.", good=not there)
    elif lacking and name in _left_out(asked, read):
        said = f"`{name}` is not in {_parts(lacking, len(read.parts))}; it may be left out{_where(asked)}."
        yield _verdict(name, "present", said, good=True)
    elif lacking:
        strangers = {other.lower(): other for other in lacking[0].stored if other not in asked.contract.columns}
        near = difflib.get_close_matches(name.lower(), strangers, n=1, cutoff=0.7)
        hint = f"; is it now `{strangers[near[0]]}`?" if near else "."
        yield _verdict(name, "present", f"`{name}` is not in {_parts(lacking, len(read.parts))}{hint}", good=False)


def _column(asked: Asked, read: Read, name: str, column: Column) -> Iterator[Verdict]:
    odd = [part for part in read.parts if name in part.stored and name not in part.fitting]
    if odd:
        said = f"`{name}` is {column.type}, but {_parts(odd, len(read.parts))} holds {odd[0].stored[name]}."
        yield _verdict(name, "type", said, good=False)
    tally = read.tallies.get(name)
    if tally is None:
        return
    wrong, said = tally.wrong, f"`{name}` is {column.type}."
    if column.type != "any" and (wrong.count or not odd):
        if wrong.count:
            said = (
                f"{_of(wrong, tally.rows - tally.missing)} values of `{name}` are not {column.type}{_such_as(wrong)}."
            )
        yield _verdict(name, "type", said, good=not wrong.count, found=wrong, rows=tally.rows)
    share = tally.missing / tally.rows if tally.rows else 0.0
    said = f"`{name}` is missing in {tally.missing:,} of {tally.rows:,} rows{_allowed(column.missing)}."
    yield _verdict(name, "missing", said, good=share <= column.missing, count=tally.missing, rows=tally.rows)
    yield from _values(name, column, tally)
    if column.unique and (name,) in read.repeated:
        found = read.repeated[(name,)]
        said = f"{found.count:,} values of `{name}` repeat an earlier one{_such_as(found)}."
        yield _verdict(name, "unique", said, good=not found.count, found=found, rows=tally.rows)
    elif column.unique and not odd:
        said = f"Whether `{name}` repeats cannot be told: parts lack it."
        yield _verdict(name, "unique", said, good=name in _left_out(asked, read))
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
    said = f"{_of(found, tally.present)} {what}{_such_as(found)}{_allowed(allowed)}."
    return _verdict(name, rule, said, good=share <= allowed, found=found, rows=tally.present)


def _age(name: str, column: Column, tally: Tally, now: datetime) -> Verdict:
    if tally.newest is None:
        return _verdict(name, "max_age", f"`{name}` has no value, so how old the data is cannot be told.", good=False)
    old, ahead = age_of(tally.newest, now)
    if ahead:
        said = f"The newest `{name}` is in the future, so it says nothing of the age."
        return _verdict(name, "max_age", said, good=False)
    said = f"The newest `{name}` is {_span(old)} old; allowed: {column.max_age}."
    return _verdict(name, "max_age", said, good=old <= age(column.max_age))


def age_of(newest: datetime, now: datetime) -> tuple[timedelta, bool]:
    """Return how old a time is, and whether it lies in the future; without a zone it is taken for UTC."""
    zone = newest.tzinfo is not None
    old = now - (newest if zone else newest.replace(tzinfo=UTC))
    return old, old < (timedelta() if zone else -FURTHEST_EAST)


def _verdict(
    column: str, rule: str, sentence: str, *, good: bool, found: Found | None = None, count: int = 0, rows: int = 0
) -> Verdict:
    outcome = Outcome.PASS if good else Outcome.FAIL
    examples = tuple(found.examples) if found else ()
    count = found.count if found else count
    return Verdict(
        column=column, rule=rule, outcome=outcome, sentence=sentence, count=count, rows=rows, examples=examples
    )


def _such_as(found: Found) -> str:
    shown = [f"{example.value!r} in {_row(example)}" for example in found.examples if example.value]
    hidden = [_row(example) for example in found.examples if not example.value]
    return f", such as {', '.join(shown or hidden)}" if shown or hidden else ""


def _row(example: Example) -> str:
    return f"row {example.row:,} of {example.part}" if example.part else f"row {example.row:,}"


def _where(asked: Asked) -> str:
    return f" in {asked.environment}" if asked.environment else ""


def _in(parts: Sequence[Part], of: int = 0) -> str:
    """Return which parts, nothing where there is one only, or where it is all of them."""
    return "" if not parts or not parts[0].name or len(parts) == of else f" in {_parts(parts)}"


def _parts(parts: Sequence[Part], of: int = 0) -> str:
    if not parts[0].name or len(parts) == of:
        return "the table"
    names = [part.name for part in parts]
    shown = ", ".join(names[:PARTS])
    return shown if len(names) <= PARTS else f"{shown} and {len(names) - PARTS} more parts"


def _of(found: Found, rows: int) -> str:
    return f"{found.count:,} of {rows:,}"


def _allowed(share: float) -> str:
    return f"; allowed: {_percent(share)}" if share else ""


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _end(value: float | str | None) -> str:
    return "…" if value is None else value if isinstance(value, str) else f"{value:g}"


def _span(old: timedelta) -> str:
    hours = max(old, timedelta()) // timedelta(hours=1)
    return f"{hours // 24} days" if hours >= 48 else f"{hours} hours"


def _named(names: list[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more columns"
