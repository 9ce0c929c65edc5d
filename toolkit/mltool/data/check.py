"""Read a table once and judge it by its contract."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from mltool.data import check_keys, check_values
from mltool.data.check_column import Example, Found, Tally, look
from mltool.data.check_judge import Asked, Read, Verdict, judge
from mltool.data.check_keys import Seen
from mltool.data.check_values import fits
from mltool.data.contract import Contract
from mltool.data.contract_table import Table, blocks
from mltool.errors import UserError

EXAMPLES = 3


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What was asked, what was read, and what came of it."""

    asked: Asked
    read: Read
    verdicts: tuple[Verdict, ...]


@dataclass
class _Pass:
    """What is kept between the blocks of one pass. `seen` has the fingerprints of each set of columns."""

    tallies: dict[str, Tally]
    seen: dict[tuple[str, ...], Seen]
    rows: int = 0
    keyless: dict[tuple[str, ...], Found] = field(default_factory=dict)


def check(
    contract: Contract,
    table: Table,
    *,
    now: datetime,
    environment: str = "",
    last_rows: int | None = None,
    examples: int = EXAMPLES,
) -> Checked:
    """Return the verdicts of the contract on the table, a pass or a failure for each rule.

    `now` (with a zone) is what ages are counted to, `last_rows` how many rows the last version had, None if nobody
    knows, `examples` how many values are kept of each broken rule. Raises UserError for an environment that the
    contract does not have, and for a file that breaks off.
    """
    if environment and environment not in contract.environments:
        known = ", ".join(sorted(contract.environments)) or "none"
        raise UserError(f"The contract has no environment `{environment}`.", f"It has: {known}.")
    asked = Asked(contract=contract, environment=environment, now=now, last_rows=last_rows)
    with ExitStack() as stack:
        read = _read(asked, table, Path(stack.enter_context(check_keys.scratch())), examples)
    return Checked(asked=asked, read=read, verdicts=tuple(judge(asked, read)))


def _read(asked: Asked, table: Table, scratch: Path, most: int) -> Read:
    columns = asked.contract.columns
    fitting = [
        name
        for name in columns
        if name in table.stored
        and (not table.parsed or name in table.void or fits(table.stored[name], columns[name].type))
    ]
    state = _Pass(
        tallies={name: Tally() for name in fitting},
        seen={key: Seen(folder=scratch) for key in _keys(asked.contract) if set(key) <= set(fitting)},
    )
    categories = [name for name in fitting if columns[name].values and columns[name].type == "text"]
    for block in blocks(table, fitting or list(table.stored)[:1], dictionaries=categories):
        _look(asked.contract, table, state, block, most)
    torn = tuple(table.torn)
    return Read(
        source=str(table.path),
        stored=table.stored,
        rows=state.rows,
        tallies=state.tallies,
        repeated={key: _repeated(asked.contract, table, key, seen, most) for key, seen in state.seen.items()},
        keyless=state.keyless,
        torn=torn,
    )


def _look(contract: Contract, table: Table, state: _Pass, block: pa.RecordBatch, most: int) -> None:
    values = {
        name: look(tally, contract.columns[name], block.column(name), start=state.rows, most=most, parsed=table.parsed)
        for name, tally in state.tallies.items()
    }
    for key, seen in state.seen.items():
        prints, whole = check_keys.prints([values[name] for name in key])
        seen.add(prints)
        state.keyless.setdefault(key, Found()).count += int(len(whole) - whole.sum())
    state.rows += block.num_rows


def _keys(contract: Contract) -> Mapping[tuple[str, ...], None]:
    single = ((name,) for name, column in contract.columns.items() if column.unique)
    return dict.fromkeys([*([contract.key] if contract.key else []), *single])


def _repeated(contract: Contract, table: Table, key: tuple[str, ...], seen: Seen, most: int) -> Found:
    count, twice = seen.repeats(max(most, 1))
    found = Found(count=count)
    if not count or not most:
        return found
    # Where the rows are is looked up only now that there are some.
    shown, start, wanted = not any(contract.columns[name].sensitive for name in key), 0, set(twice.tolist())
    for block in blocks(table, key):
        columns = [_typed(contract, table, name, block.column(name)) for name in key]
        prints, whole = check_keys.prints(columns)
        places = whole.nonzero()[0]
        for place in places[[value in wanted for value in prints.tolist()]][: most - len(found.examples)]:
            text = ", ".join(str(block.column(name)[int(place)].cast(pa.string()).as_py()) for name in key)
            found.examples.append(Example(row=start + int(place) + 1, value=text[:80] if shown else ""))
        start += block.num_rows
        if len(found.examples) >= most:
            break
    return found


def _typed(contract: Contract, table: Table, name: str, block: pa.Array) -> pa.Array:
    if table.parsed:
        return check_values.stored(block, contract.columns[name].type)[0]
    return check_values.stored(check_values.parse(block, contract.columns[name].type)[0], "any")[0]
