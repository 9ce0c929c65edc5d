"""A table to be profiled: typed columns out of a file, one at a time, block by block."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa
from pyarrow import csv, parquet

from mltool.data.contract_table import NULLS, kind, open_table
from mltool.errors import UserError

Kind = Literal["numbers", "words", "times", "other"]
"""Numbers have an order and a size; words, to which truth values belong, have neither."""
ROWS = 1 << 17
WHOLE = 1 << 26
"""Bytes of a CSV file up to which the type of a column is told from all of its rows, not from the first block."""
BLOCK = 1 << 24
BUFFER = 1 << 20
"""Bytes read ahead of Parquet. Without a buffer a row group is read whole, and one may be all of the file."""
_KINDS: Mapping[str, Kind] = {
    "boolean": "words",
    "integer": "numbers",
    "number": "numbers",
    "text": "words",
    "date": "times",
    "timestamp": "times",
}


@dataclass(frozen=True, kw_only=True)
class Source:
    """A file of `rows` rows; `name` is what its reader calls it, `columns` says of each what it holds, in order."""

    name: str
    rows: int
    columns: Mapping[str, Kind]
    types: Mapping[str, str]
    file: parquet.ParquetFile

    def blocks(self, column: str) -> Iterator[pa.Array]:
        """Yield one column, a block at a time. Raises UserError where the file breaks off."""
        for batch in self.batches((column,)):
            yield batch.column(0)

    def batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Yield these columns together, a block of rows at a time. Raises UserError where the file breaks off."""
        try:
            yield from self.file.iter_batches(batch_size=ROWS, columns=list(columns))
        except (OSError, pa.ArrowException) as error:
            raise _broken(self.name, error) from error


@contextmanager
def opened(path: Path, name: str = "") -> Iterator[Source]:
    """Yield the table in a Parquet or CSV file; `name` is what errors call it.

    CSV goes through a Parquet file of its own, so that any size of it can be read column by column. Raises UserError
    for a file that is absent, no table, or empty.
    """
    name = name or str(path)
    table = open_table(path)
    with tempfile.TemporaryDirectory(prefix="mltool-") as folder:
        place = path if table.parsed else _converted(path, Path(folder) / "table.parquet", name)
        words = [column for column, stored in table.stored.items() if stored == "text"] if table.parsed else []
        with parquet.ParquetFile(place, read_dictionary=words, buffer_size=BUFFER) as file:
            yield _source(file, name)


def _source(file: parquet.ParquetFile, name: str) -> Source:
    rows = file.metadata.num_rows
    if not rows:
        raise UserError(f"{name} has no rows.", "Run the stage that writes it, or name another file.")
    schema = file.schema_arrow
    return Source(
        name=name,
        rows=rows,
        columns={item.name: _KINDS.get(kind(item.type), "other") for item in schema},
        types={item.name: str(_plain(item.type)) for item in schema},
        file=file,
    )


def _plain(stored: pa.DataType) -> pa.DataType:
    return stored.value_type if pa.types.is_dictionary(stored) else stored


def _converted(path: Path, place: Path, name: str) -> Path:
    convert = csv.ConvertOptions(strings_can_be_null=True, null_values=NULLS)
    parse = csv.ParseOptions(newlines_in_values=True)
    try:
        if path.stat().st_size <= WHOLE:
            parquet.write_table(csv.read_csv(path, parse_options=parse, convert_options=convert), place)
            return place
        read = csv.ReadOptions(block_size=BLOCK)
        with csv.open_csv(path, read_options=read, parse_options=parse, convert_options=convert) as first:
            convert.column_types = {item.name: _widened(item.type) for item in first.schema}
        with (
            csv.open_csv(path, read_options=read, parse_options=parse, convert_options=convert) as reader,
            parquet.ParquetWriter(place, reader.schema) as writer,
        ):
            for batch in reader:
                writer.write_batch(batch)
    except (OSError, pa.ArrowException) as error:
        raise _broken(name, error) from error
    return place


def _widened(told: pa.DataType) -> pa.DataType:
    """Return a type that also takes what later blocks may hold: 3 may become 3.5, and nothing may become text."""
    if pa.types.is_integer(told):
        return pa.float64()
    return pa.string() if pa.types.is_null(told) else told


def _broken(name: str, error: Exception) -> UserError:
    # Arrow's sentence may quote a line of the data: what stands before the first colon says enough.
    first = (str(error).splitlines() or [type(error).__name__])[0].partition(":")[0]
    return UserError(f"{name} cannot be read ({first}).", "Write it again, best as Parquet.")
