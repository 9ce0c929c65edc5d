"""The predictions of one model, out of a file, as arrays."""

import io
import mmap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv, parquet

from mltool.config import Predictions
from mltool.errors import UserError
from mltool.paired.arrays import numbers

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Side:
    """n predictions of one model. `ids`, `truth` and `label` are Arrow arrays of length n, nothing missing in them.

    `scores` maps a class, as text, to its score, shape (n,); a binary file has one under `""`. `extra` holds the other
    columns that were asked for: slices, the cluster, the time.
    """

    source: str
    ids: pa.Array
    truth: pa.Array
    label: pa.Array
    scores: Mapping[str, Floats] = field(default_factory=dict)
    extra: Mapping[str, pa.Array] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)


def read(content: bytes | mmap.mmap, columns: Predictions, *, source: str, extra: Iterable[str] = ()) -> Side:
    """Return the predictions in the bytes of a Parquet or CSV file; `source` names it in errors.

    Only the columns that are needed are read; those of `extra` that hold text are dictionaries. Raises UserError for a
    file that is neither, for a column that is absent, there twice, nested or has a missing value, and for a score that
    is no finite number.
    """
    try:
        table = _table(content, columns, source, tuple(extra))
    except pa.ArrowException as error:
        raise UserError(f"{source} cannot be read: {str(error).splitlines()[0]}.", "Write it again.") from error
    needed = (columns.id, columns.truth, columns.label)
    for name in (*needed, *extra):
        if name not in table.column_names:
            raise UserError(
                f"{source} has no column `{name}`.",
                f"Its columns: {', '.join(table.column_names)}. [predictions] in mltool.toml names them.",
            )
    _refuse(table, (*needed, *extra), columns.score, source)
    ids, truth, label = (_whole(table, name, source) for name in needed)
    return Side(
        source=source,
        ids=ids,
        truth=truth,
        label=label,
        scores=_scores(table, columns, source),
        extra={name: _one(table.unify_dictionaries()[name]) for name in extra},
    )


def _refuse(table: pa.Table, names: Iterable[str], score: str, source: str) -> None:
    """Raise UserError for a column that is there twice, or that holds no single values."""
    there = table.column_names
    scores = (name for name in there if name == score or name.startswith(f"{score}_"))
    for name in (*names, *scores):
        if there.count(name) > 1:
            raise UserError(f"{source} has {there.count(name)} columns `{name}`.", "Give each a name of its own.")
        if pa.types.is_nested(table.schema.field(name).type):
            raise UserError(f"{source}: `{name}` holds {table.schema.field(name).type}.", "Write one value a row.")


def _table(content: bytes | mmap.mmap, columns: Predictions, source: str, extra: tuple[str, ...]) -> pa.Table:
    if source.endswith(".parquet") or content[:4] == b"PAR1":
        buffer = pa.BufferReader(content)
        file = parquet.ParquetFile(buffer, read_dictionary=_texts(content, columns, extra))
        wanted = [name for name in file.schema_arrow.names if _is_wanted(name, columns, extra)]
        return file.read(columns=wanted)
    # Only these say that a value is missing: a class or a country may be called NA.
    missing = csv.ConvertOptions(strings_can_be_null=True, null_values=["", "NaN", "nan", "NULL", "null"])
    return csv.read_csv(io.BytesIO(content), convert_options=missing)


def _texts(content: bytes | mmap.mmap, columns: Predictions, extra: tuple[str, ...]) -> list[str]:
    """Return the columns of text that are read for their values alone."""
    schema = parquet.read_schema(pa.BufferReader(content))
    others = {*extra} - {columns.id, columns.truth, columns.label}
    kinds = zip(schema.names, schema.types, strict=True)
    return [name for name, kind in kinds if name in others and (pa.types.is_string(kind) or pa.types.is_binary(kind))]


def _is_wanted(name: str, columns: Predictions, extra: tuple[str, ...]) -> bool:
    return name in (columns.id, columns.truth, columns.label, columns.score, *extra) or name.startswith(
        f"{columns.score}_"
    )


def _whole(table: pa.Table, name: str, source: str) -> pa.Array:
    column = _one(table[name])
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    missing = column.null_count
    if pa.types.is_floating(column.type):
        missing += int(pc.sum(pc.is_nan(column)).as_py() or 0)
    if missing:
        raise UserError(f"{source}: `{name}` is missing in {missing} of {len(column)} rows.", "Write a value for each.")
    return column


def _one(column: pa.ChunkedArray) -> pa.Array:
    found = column.combine_chunks()
    return found if isinstance(found, pa.Array) else pa.concat_arrays(found.chunks)


def _scores(table: pa.Table, columns: Predictions, source: str) -> Mapping[str, Floats]:
    found = {"": columns.score} if columns.score in table.column_names else {}
    prefix = f"{columns.score}_"
    found |= {name.removeprefix(prefix): name for name in table.column_names if name.startswith(prefix)}
    return {label: _floats(_whole(table, name, source), name, source) for label, name in found.items()}


def _floats(column: pa.Array, name: str, source: str) -> Floats:
    try:
        values = numbers(column.cast(pa.float64()))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise UserError(f"{source}: `{name}` holds {column.type}, not numbers.") from error
    if not np.isfinite(values).all():
        raise UserError(f"{source}: `{name}` holds an infinite value.", "A score is a finite number.")
    return np.asarray(values, dtype=np.float64)
