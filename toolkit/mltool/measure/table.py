"""Tables of predictions and rows: CSV and parquet, in and out, with every missing value named."""

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mltool import disk
from mltool.errors import UserError

KINDS = ".csv or .parquet"


def read(path: Path) -> pd.DataFrame:
    """Return the table in a CSV or parquet file.

    In CSV only an empty field and `NaN` are missing values, so a label `NA` or `None` stays a label. Raises UserError
    for a file that is absent, empty, of another kind or broken.
    """
    try:
        frame = _parse(path)
    except FileNotFoundError as error:
        raise UserError(f"{path} does not exist.", "Run the stage that writes it, or name another file.") from error
    except (OSError, ValueError) as error:
        raise UserError(f"{path} is not a table that can be read: {_first_line(error)}.") from error
    if frame.empty:
        raise UserError(f"{path} has no rows.", "A measurement needs at least one.")
    return frame


def write(path: Path, frame: pd.DataFrame) -> None:
    """Write the table, whole or not at all; the index is left out. Raises UserError for an unknown ending."""
    buffer = io.BytesIO()
    if path.suffix == ".parquet":
        frame.to_parquet(buffer, index=False)
    elif path.suffix == ".csv":
        frame.to_csv(buffer, index=False, lineterminator="\n")
    else:
        raise UserError(f"{path}: a table is written as {KINDS}.")
    disk.write(path, buffer.getvalue())


def require(frame: pd.DataFrame, columns: Iterable[str], *, source: str) -> None:
    """Raise UserError if a column is absent or has a missing or infinite value; `source` names the table."""
    for column in columns:
        if column not in frame.columns:
            present = ", ".join(map(str, frame.columns))
            raise UserError(f"{source} has no column `{column}`.", f"Its columns: {present}.")
        bad = holes(frame[column])
        if bad.any():
            first = int(np.flatnonzero(bad)[0]) + 1
            raise UserError(
                f"{source}: `{column}` has {int(bad.sum())} missing or infinite values, the first in row {first}.",
                "Mend the stage that writes it; no row is left out silently.",
            )


def holes(column: "pd.Series[Any]") -> np.ndarray:
    """Return, for each row, whether its value is missing, NaN or infinite."""
    bad = column.isna().to_numpy(dtype=bool)
    if pd.api.types.is_float_dtype(column.dtype):
        return np.asarray(bad | np.isinf(column.to_numpy(dtype=float, na_value=np.nan)))
    return bad


def _parse(path: Path) -> pd.DataFrame:
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    if path.suffix == ".csv":
        return pd.read_csv(path, keep_default_na=False, na_values=["", "NaN", "nan"])
    raise UserError(f"{path}: a table is read from {KINDS}.")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
