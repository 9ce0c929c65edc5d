"""Read a table once, part by part and block by block, and judge it by its contract."""

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa

from mltool.data import check_keys, check_references, contract_parts
from mltool.data.check_column import Example, Found, Place, Tally, look, note_rows, short, typed
from mltool.data.check_judge import judge
from mltool.data.check_keys import Prints, Seen
from mltool.data.check_values import fits
from mltool.data.check_verdicts import Asked, Part, Read, Verdict
from mltool.data.contract import Contract
from mltool.data.contract_expression import Expression
from mltool.data.contract_parts import Source
from mltool.data.contract_rules import expressions
from mltool.data.contract_table import Table, blocks
from mltool.errors import UserError

EXAMPLES = 3
Columns = Mapping[str, pa.Array]


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What was asked, what was read, and what came of it."""

    asked: Asked
    read: Read
    verdicts: tuple[Verdict, ...]


@dataclass
class _Pass:
    """What is kept between the blocks of one pass. `seen` has the fingerprints of each set of columns.

    `known` has those of the tables that are referred to, `rules` each rule with what breaks it.
    """

    tallies: dict[str, Tally]
    seen: dict[tuple[str, ...], Seen]
    known: Mapping[str, Prints]
    rules: list[tuple[Expression, Found]]
    keyless: dict[tuple[str, ...], Found] = field(default_factory=dict)
    misplaced: Found = field(default_factory=Found)


def check(
    contract: Contract,
    source: Source,
    *,
    now: datetime,
    environment: str = "",
    last_rows: int | None = None,
    examples: int = EXAMPLES,
) -> Checked:
    """Return the verdicts of the contract on the table, a pass or a failure for each rule.

    `now` (with a zone) is what ages are counted to, `last_rows` how many rows the last version had, None if nobody
    knows, `examples` how many values are kept of each broken rule. Raises UserError for an environment that the
    contract does not have, for a file that breaks off, and for a table that is referred to and cannot be read.
    """
    if environment and environment not in contract.environments:
        known = ", ".join(sorted(contract.environments)) or "none"
        raise UserError(f"The contract has no environment `{environment}`.", f"It has: {known}.")
    asked = Asked(contract=contract, environment=environment, now=now, last_rows=last_rows)
    read = _read(contract, source, examples)
    return Checked(asked=asked, read=read, verdicts=tuple(judge(asked, read)))


def _read(contract: Contract, source: Source, most: int) -> Read:
    fitting = {part: _fitting(contract, table) for part, table in source.parts.items()}
    some = dict.fromkeys(name for names in fitting.values() for name in names)
    everywhere = set(some).intersection(*fitting.values())
    state = _Pass(
        tallies={name: Tally() for name in some},
        seen={key: Seen() for key in _keys(contract) if everywhere.issuperset(key)},
        known=check_references.load(contract.columns, some),
        rules=[(rule, Found()) for rule in expressions(contract) if everywhere.issuperset(rule.columns)],
    )
    parts = [_part(contract, name, table, fitting[name], state, most) for name, table in source.parts.items()]
    return Read(
        source=str(source.path),
        parts=tuple(parts),
        tallies=state.tallies,
        repeated={key: _repeated(contract, source, key, seen, most) for key, seen in state.seen.items()},
        keyless=state.keyless,
        broken={rule.text: found for rule, found in state.rules},
        misplaced=state.misplaced,
    )


def _fitting(contract: Contract, table: Table) -> list[str]:
    """Return the columns of the contract that the part has, of a type that can be what is declared."""
    return [
        name
        for name, column in contract.columns.items()
        if name in table.stored and (not table.parsed or name in table.void or fits(table.stored[name], column.type))
    ]


def _part(contract: Contract, name: str, table: Table, fitting: list[str], state: _Pass, most: int) -> Part:
    # A column that rules compare is not worth encoding: it would be decoded again.
    compared = {column for rule, _ in state.rules for column in rule.columns}
    categories = [
        column
        for column in fitting
        if contract.columns[column].values and contract.columns[column].type == "text" and column not in compared
    ]
    rows = 0
    for block in blocks(table, fitting or list(table.stored)[:1], dictionaries=categories):
        place = Place(start=rows, most=most, parsed=table.parsed, part=name)
        _look(contract, state, block, fitting, place)
        rows += block.num_rows
    return Part(name=name, stored=table.stored, fitting=tuple(fitting), rows=rows, torn=tuple(table.torn))


def _look(contract: Contract, state: _Pass, block: pa.RecordBatch, fitting: Sequence[str], place: Place) -> None:
    values = {
        name: look(state.tallies[name], contract.columns[name], block.column(name), place, state.known.get(name))
        for name in fitting
    }
    for key, seen in state.seen.items():
        prints, whole = check_keys.prints([values[name] for name in key])
        seen.add(prints)
        state.keyless.setdefault(key, Found()).count += int(len(whole) - whole.sum())
    for rule, found in state.rules:
        mask = rule.broken(values)
        if mask is not None:
            note_rows(found, mask, place, functools.partial(_shown, contract, rule.columns, block))
    if contract.part and place.part and contract_parts.named(contract.part) <= set(fitting):
        mask = contract_parts.misplaced(contract.part, place.part, values)
        if mask is not None:
            names = sorted(contract_parts.named(contract.part))
            note_rows(state.misplaced, mask, place, functools.partial(_shown, contract, names, block))


def _shown(contract: Contract, names: Iterable[str], block: pa.RecordBatch, row: int) -> str:
    """Return what one row has in some columns, empty where one of them is sensitive."""
    if any(contract.columns[name].sensitive for name in names):
        return ""
    return ", ".join(f"{name} {short(block.column(name)[row])}" for name in names)


def _keys(contract: Contract) -> Mapping[tuple[str, ...], None]:
    single = ((name,) for name, column in contract.columns.items() if column.unique)
    return dict.fromkeys([*([contract.key] if contract.key else []), *single])


def _repeated(contract: Contract, source: Source, key: tuple[str, ...], seen: Seen, most: int) -> Found:
    count, twice = seen.repeats(max(most, 1))
    found = Found(count=count)
    if not count or not most:
        return found
    # Where the rows are is looked up only now that there are some.
    shown, wanted = not any(contract.columns[name].sensitive for name in key), set(twice.tolist())
    for part, table in source.parts.items():
        for row, text in _rows_of(contract, table, key, wanted):
            found.examples.append(Example(row=row, value=text[:80] if shown else "", part=part))
            if len(found.examples) >= most:
                return found
    return found


def _rows_of(contract: Contract, table: Table, key: tuple[str, ...], wanted: set[int]) -> Iterator[tuple[int, str]]:
    """Yield the rows, counted from 1, whose key has one of the fingerprints, and the key as text."""
    start = 0
    for block in blocks(table, key):
        columns = [typed(block.column(name), contract.columns[name].type, parsed=table.parsed)[0] for name in key]
        prints, whole = check_keys.prints(columns)
        places = whole.nonzero()[0]
        for place in places[[value in wanted for value in prints.tolist()]].tolist():
            yield start + place + 1, ", ".join(short(block.column(name)[place]) for name in key)
        start += block.num_rows
