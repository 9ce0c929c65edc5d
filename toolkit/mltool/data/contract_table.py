"""A table in a Parquet or CSV file, read block by block so that its size does not matter."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import csv, parquet

from mltool.data.contract import Type
from mltool.errors import UserError

ROWS = 1 << 16
"""Rows in one block: with a hundred columns of eight bytes, 50 MB."""
NULLS = ["", "NaN", "nan", "NULL", "null"]
"""What says in CSV that a value is missing; a country may be called NA."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """One file. `stored` is the kind of each column, in order; every column of a CSV file is text until it is parsed.

    `void` are those of no type, which hold nothing but nulls.

    `torn` gets the numbers of the lines that do not have the fields of the header, when the blocks are read.
    """

    path: Path
    stored: Mapping[str, Type]
    parsed: bool
    void: frozenset[str] = frozenset()
    torn: list[int] = field(default_factory=list)


def open_table(path: Path) -> Table:
    """Return the table, not yet read. Raises UserError for what is absent, no table, or has a column twice."""
    if path.is_dir():
        raise UserError(f"{path} is a folder.", "Name one table in it.")
    if path.exists() and not path.is_file():
        raise UserError(f"{path} is a pipe or a device, and a table is read more than once.", "Write it to a file.")
    try:
        with path.open("rb") as file:
            parsed = path.suffix == ".parquet" or file.read(4) == b"PAR1"
        schema = parquet.read_schema(path) if parsed else _header(path)
    except FileNotFoundError as error:
        raise UserError(f"{path} does not exist.", "Run the stage that writes it, or name another file.") from error
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from error
    _check_names(path, schema.names, parsed=parsed)
    void = frozenset(item.name for item in schema if pa.types.is_null(item.type))
    return Table(path=path, stored={item.name: kind(item.type) for item in schema}, parsed=parsed, void=void)


def kind(stored: pa.DataType) -> Type:
    """Return what a column of this Arrow type holds; `any` for lists, structs, bytes and the like."""
    if pa.types.is_dictionary(stored):
        return kind(stored.value_type)
    known: tuple[tuple[Any, Type], ...] = (
        (pa.types.is_boolean, "boolean"),
        (pa.types.is_integer, "integer"),
        (pa.types.is_floating, "number"),
        (pa.types.is_decimal, "number"),
        (pa.types.is_date, "date"),
        (pa.types.is_timestamp, "timestamp"),
        (_is_text, "text"),
    )
    return next((name for holds, name in known if holds(stored)), "any")


def blocks(table: Table, columns: Iterable[str], *, dictionaries: Iterable[str] = ()) -> Iterator[pa.RecordBatch]:
    """Yield the columns, at most ROWS rows at a time; texts in `dictionaries` are encoded where that is for free.

    Raises UserError where the file breaks off.
    """
    wanted = list(columns)
    try:
        yield from (_parquet if table.parsed else _csv)(table, wanted, list(dictionaries))
    except (OSError, pa.ArrowException) as error:
        raise _unreadable(table.path, error) from error


def _parquet(table: Table, columns: list[str], dictionaries: list[str]) -> Iterator[pa.RecordBatch]:
    # Not pre-buffered and through a small buffer: one row group may be all of the file.
    with parquet.ParquetFile(
        table.path, read_dictionary=dictionaries, pre_buffer=False, buffer_size=1 << 20, memory_map=False
    ) as file:
        yield from file.iter_batches(batch_size=ROWS, columns=columns)


def _csv(table: Table, columns: list[str], _: list[str]) -> Iterator[pa.RecordBatch]:
    table.torn.clear()

    def torn(row: csv.InvalidRow) -> str:
        table.torn.append(row.number or 0)
        return "skip"

    reader = csv.open_csv(
        table.path,
        # Only a single thread knows the number of a torn line.
        read_options=csv.ReadOptions(use_threads=False, block_size=1 << 22),
        parse_options=csv.ParseOptions(
            newlines_in_values=True,
            invalid_row_handler=torn,
            # An empty line is a missing value where there is one column only.
            ignore_empty_lines=len(table.stored) > 1,
        ),
        convert_options=csv.ConvertOptions(
            include_columns=columns,
            column_types=dict.fromkeys(columns, pa.string()),
            strings_can_be_null=True,
            null_values=NULLS,
        ),
    )
    with reader:
        for block in reader:
            yield from (block.slice(start, ROWS) for start in range(0, block.num_rows, ROWS))


def _header(path: Path) -> pa.Schema:
    skip = csv.ParseOptions(newlines_in_values=True, invalid_row_handler=lambda _: "skip")
    with csv.open_csv(path, parse_options=skip) as reader:
        names = reader.schema.names
    if any("\0" in name for name in names):
        raise pa.ArrowInvalid("its first line holds bytes that are no text")
    return pa.schema([(name, pa.string()) for name in names])


def _check_names(path: Path, names: list[str], *, parsed: bool) -> None:
    first: dict[str, int] = {}
    for place, name in enumerate(names, 1):
        if name in first:
            # The first line of what is no CSV may be a secret.
            said = f"more than one column `{name}`" if parsed else "more than one column of a name"
            raise UserError(f"{path} has {said}: {first[name]} and {place}.", "Give each a name of its own.")
        first[name] = place


def _is_text(stored: pa.DataType) -> bool:
    return bool(pa.types.is_string(stored) or pa.types.is_large_string(stored) or pa.types.is_string_view(stored))


def _unreadable(path: Path, error: Exception) -> UserError:
    if isinstance(error, UnicodeDecodeError) or "invalid UTF8" in str(error):
        return UserError(
            f"{path} is no table that can be read (not UTF-8 text).",
            "Write it anew: `iconv -f latin1 -t utf-8 old.csv > new.csv`.",
        )
    # Arrow's sentence may quote a line of the data: what stands before the first colon says enough.
    first = (str(error).splitlines() or [type(error).__name__])[0].partition(":")[0]
    return UserError(f"{path} is no table that can be read ({first}).", "It takes Parquet and CSV.")
