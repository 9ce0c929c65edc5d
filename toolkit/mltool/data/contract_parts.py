"""A table in one file, or in the files of a folder: which they are, and what the path of each promises."""

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from mltool.data.contract_rules import PLACES
from mltool.data.contract_table import Table, open_table
from mltool.errors import UserError

SUFFIXES: Final = (".parquet", ".csv")


@dataclass(frozen=True, kw_only=True)
class Source:
    """What a contract is asked of. Of a file, the only part has no name; of a folder, each has its path in it."""

    path: Path
    parts: Mapping[str, Table]

    @property
    def columns(self) -> tuple[str, ...]:
        """Return every column that some part has, in the order of the first that has it."""
        return tuple(dict.fromkeys(name for table in self.parts.values() for name in table.stored))


def open_source(path: Path) -> Source:
    """Return a file as one part, or the Parquet and CSV files of a folder and of those in it, not yet read.

    Names that begin with a dot or an underscore are no parts. Raises UserError for a part that is no table, for any
    other file, and for a folder without parts.
    """
    if not path.is_dir():
        return Source(path=path, parts={"": open_table(path)})
    parts = {file.relative_to(path).as_posix(): open_table(file) for file in sorted(_files(path))}
    if not parts:
        raise UserError(f"{path} holds no table.", "Parts end in .parquet or .csv.")
    return Source(path=path, parts=parts)


def check_alike(source: Source) -> None:
    """Raise UserError where a part has other columns than the first."""
    parts = iter(source.parts.items())
    first, table = next(parts)
    for name, other in parts:
        odd = sorted(set(table.stored) ^ set(other.stored))
        if odd:
            has, lacks = (first, name) if odd[0] in table.stored else (name, first)
            raise UserError(f"{source.path}: {has} has the column `{odd[0]}`, {lacks} has not.", "Make them alike.")


def named(pattern: str) -> frozenset[str]:
    """Return the columns that the path of a part is made of."""
    return frozenset(name for name, _ in PLACES.findall(pattern))


def misplaced(pattern: str, part: str, columns: Mapping[str, pa.Array]) -> pa.Array | None:
    """Return the rows whose columns say another path than the part has, None if there is none.

    A value that is missing says another path. The suffix of the path is not looked at.
    """
    names = sorted(named(pattern))
    held = [columns[name] for name in names]
    held = [each.dictionary_decode() if isinstance(each, pa.DictionaryArray) else each for each in held]
    wanted = part.rpartition(".")[0]
    different = pa.table(held, names=names).group_by(names).aggregate([]).to_pylist()
    odd = [values for values in different if _path(pattern, values) != wanted]
    masks = [_rows_with(values, dict(zip(names, held, strict=True))) for values in odd]
    return functools.reduce(pc.or_, masks) if masks else None


def _files(folder: Path) -> Iterator[Path]:
    for file in folder.rglob("*"):
        if any(name.startswith((".", "_")) for name in file.relative_to(folder).parts):
            continue
        if file.is_dir():
            if file.is_symlink():
                raise UserError(f"{file} is a link to a folder, which is not followed.", "Put the parts there.")
            continue
        if file.suffix not in SUFFIXES:
            remedy = "Take it out, or let its name begin with an underscore."
            raise UserError(f"{file} is no part of a table: those end in .parquet or .csv.", remedy)
        yield file


def _path(pattern: str, values: Mapping[str, Any]) -> str:
    def shown(found: re.Match[str]) -> str:
        value = values[found[1]]
        if value is None:
            return "\0"
        text = str(int(value)) if isinstance(value, float) else str(value)
        return text.zfill(int(found[2] or 0))

    return PLACES.sub(shown, pattern)


def _rows_with(values: Mapping[str, Any], columns: Mapping[str, pa.Array]) -> pa.Array:
    masks = (
        pc.is_null(column)
        if values[name] is None
        else pc.fill_null(pc.equal(column, pa.scalar(values[name], column.type)), fill_value=False)
        for name, column in columns.items()
    )
    return functools.reduce(pc.and_, masks)
