"""Whether values stand in a column of another table, as carriers do in the list of carriers."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from mltool.data import check_keys
from mltool.data.check_column import typed
from mltool.data.check_keys import Prints
from mltool.data.check_values import fits
from mltool.data.contract import Column
from mltool.data.contract_parts import Source, open_source
from mltool.data.contract_rules import reference
from mltool.data.contract_table import Table, blocks
from mltool.errors import UserError

TOGETHER = 1 << 22
"""Fingerprints of blocks that wait to be made one sorted list of different ones."""


def load(columns: Mapping[str, Column], names: Iterable[str]) -> Mapping[str, Prints]:
    """Return for each of the named columns that refers to another table the fingerprints that stand there, sorted.

    Takes eight bytes of memory for each different value of that table. Raises UserError for a table that cannot be
    read, or does not have the column, or has it of another type.
    """
    found: dict[str, Prints] = {}
    for name in names:
        if columns[name].references:
            path, other = reference(columns[name].references)
            found[name] = _prints(open_source(Path(path)), other, columns[name])
    return found


def _prints(source: Source, name: str, column: Column) -> Prints:
    known, waiting, count = np.empty(0, np.uint64), [], 0
    for table in source.parts.values():
        _check(table, name, column)
        for block in blocks(table, [name]):
            values, wrong = typed(block.column(name), column.type, parsed=table.parsed)
            if wrong is not None:
                raise UserError(
                    f"{table.path}: not every value of `{name}` is {column.type}.", "Mend that table first."
                )
            waiting.append(check_keys.prints([values])[0])
            count += len(waiting[-1])
            if count > TOGETHER:
                known, waiting, count = np.unique(np.concatenate([known, *waiting])), [], 0
    if source.parts and any(table.torn for table in source.parts.values()):
        raise UserError(f"{source.path} has lines without the fields of its header.", "Mend that table first.")
    return np.unique(np.concatenate([known, *waiting]))


def _check(table: Table, name: str, column: Column) -> None:
    if name not in table.stored:
        # Who may change the contract could else read the first line of any file.
        remedy = f"It has: {', '.join(table.stored)[:200]}." if table.parsed else "Look at its first line."
        raise UserError(f"{table.path} has no column `{name}`.", remedy)
    if table.parsed and name not in table.void and not fits(table.stored[name], column.type):
        raise UserError(f"{table.path}: `{name}` is {table.stored[name]}, but is referred to by {column.type}.")
