"""What was read of a table → a verdict with a sentence for each rule of its contract."""

from collections.abc import Iterator

from mltool.data import check_judge_column, contract_expression, contract_parts
from mltool.data.check_column import Found
from mltool.data.check_verdicts import (
    Asked,
    Read,
    Verdict,
    in_parts,
    left_out,
    of_rows,
    percent,
    such_as,
    verdict,
    where_of,
)
from mltool.gates.verdict import Outcome


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
        yield from check_judge_column.presence(asked, read, name)
        if name in read.stored and name not in asked.place.absent:
            yield from check_judge_column.column_rules(asked, read, name, column)


def _rows(asked: Asked, read: Read) -> Iterator[Verdict]:
    rules, rows = asked.contract.rows, read.rows
    most = "…" if rules.max is None else f"{rules.max:,}"
    allowed = f"at least {rules.min:,}" if rules.max is None else f"{rules.min:,} to {most}"
    good = rules.min <= rows and (rules.max is None or rows <= rules.max)
    yield verdict("", "rows", f"{read.source} has {rows:,} rows; allowed: {allowed}.", good=good)
    for part in read.parts:
        if part.torn:
            said = f"{len(part.torn):,} lines{in_parts([part])} do not have as many fields as the header,"
            said += f" the first is line {part.torn[0]:,}."
            yield verdict("", "lines", said, good=False, count=len(part.torn))
    if rules.change is not None:
        yield _change(rows, asked.last_rows, rules.change)


def _change(rows: int, last: int | None, allowed: float) -> Verdict:
    if last is None:
        sentence = "The row count of the last version is not known, so the change is not judged."
        return Verdict(column="", rule="change", outcome=Outcome.SKIP, sentence=sentence)
    said = f"{rows:,} rows after {last:,}; a change of {percent(allowed)} is allowed."
    return verdict("", "change", said, good=abs(rows - last) <= allowed * last)


def _extra(asked: Asked, read: Read) -> Iterator[Verdict]:
    if asked.contract.extra == "allow":
        return
    extra = [name for name in read.stored if name not in asked.contract.columns]
    where = [part for part in read.parts if set(extra) & set(part.stored)]
    said = "It has no column beyond the contract's."
    if extra:
        said = f"The contract does not know {_named(extra)}{in_parts(where, len(read.parts))}."
    yield verdict("", "extra", said, good=not extra, count=len(extra))


def _place(asked: Asked, read: Read) -> Verdict:
    found, pattern = read.misplaced, asked.contract.part
    said = f"Each part holds only the rows that its path `{pattern}` says."
    if found.count:
        said = f"{found.count:,} rows are in a part whose path is not their `{pattern}`{such_as(found)}."
    unread = [part for part in read.parts if not contract_parts.named(pattern) <= set(part.fitting)]
    if unread:
        said = f"Whether rows are where `{pattern}` says cannot be told{in_parts(unread)}: see the columns."
    return verdict("", "part", said, good=not found.count and not unread, found=found, rows=read.rows)


def _rule(asked: Asked, read: Read, text: str) -> Verdict:
    without = left_out(asked, read)
    if text not in read.broken:
        names = contract_expression.parse(text, {n: c.type for n, c in asked.contract.columns.items()}).columns
        if any(name in without for name in names):
            said = f"`{text}` is not asked: a column of it is left out{where_of(asked)}."
            return Verdict(column="", rule="rules", outcome=Outcome.SKIP, sentence=said)
        return verdict("", "rules", f"`{text}` cannot be judged: see its columns.", good=False)
    found = read.broken[text]
    said = f"`{text}` does not hold in {of_rows(found, read.rows)} rows{such_as(found)}."
    return verdict("", "rules", said, good=not found.count, found=found, rows=read.rows)


def _key(asked: Asked, read: Read) -> Verdict:
    key, name = asked.contract.key, ", ".join(asked.contract.key)
    if left_out(asked, read).intersection(key):
        said = f"There is no key ({name}){where_of(asked)}."
        return Verdict(column="", rule="key", outcome=Outcome.SKIP, sentence=said)
    if key not in read.repeated:
        return verdict("", "key", f"The key ({name}) cannot be read: see its columns.", good=False)
    holes, found = read.keyless.get(key, Found()).count, read.repeated[key]
    said = f"No two rows have the same key ({name})."
    if holes or found.count:
        said = f"{found.count:,} rows repeat the key ({name}) of another{such_as(found)}"
        said += f"; in {holes:,} it is missing." if holes else "."
    return verdict("", "key", said, good=not holes and not found.count, found=found, rows=read.rows)


def _named(names: list[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more columns"
