"""The rows that a model takes, told from the rows that it was trained on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from mltool.errors import UserError

MOST_CATEGORIES = 200
"""A text column with more values is free text: its values are not listed."""

Kind = Literal["string", "number", "integer", "boolean"]


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column: what may stand in it, and what did in training.

    `categories` are the texts seen, None for free text; `low` and `high` the least and greatest number seen. Seen is
    not allowed: they describe, unless the model itself takes nothing else (`closed`).
    """

    name: str
    kind: Kind
    nullable: bool
    categories: tuple[str, ...] | None = None
    low: float | int | None = None
    high: float | int | None = None
    closed: bool = False

    def document(self) -> dict[str, Any]:
        """Return the column as it stands in `schema.json`."""
        found: dict[str, Any] = {"name": self.name, "type": self.kind, "nullable": self.nullable}
        if self.categories is not None:
            found["categories"] = list(self.categories)
        if self.closed:
            found["closed"] = True
        if self.low is not None:
            found |= {"minimum": self.low, "maximum": self.high}
        return found


def columns(rows: pd.DataFrame, others: pd.DataFrame, names: Sequence[str], *, source: str) -> tuple[Column, ...]:
    """Return the columns `names` of the training rows, in that order; what may be missing is told from `others` too.

    Raises UserError for a column that is absent, empty, or holds what JSON cannot.
    """
    require(rows, names, source=source)
    return tuple(_column(rows[name], others[name], source) for name in names)


def require(rows: pd.DataFrame, names: Sequence[str], *, source: str) -> None:
    """Raise UserError for a column that the rows do not have."""
    for name in names:
        if name not in rows.columns:
            raise UserError(
                f"{source} has no column `{name}`, which the model takes.", "Name rows that it can predict."
            )


def cell(value: Any) -> Any:
    """Return one value of a table as JSON has it; a missing one is None."""
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    return value.item() if isinstance(value, np.generic) else value


def _column(column: "pd.Series[Any]", other: "pd.Series[Any]", source: str) -> Column:
    name, known = str(column.name), column.dropna()
    if known.empty:
        raise UserError(f"{source}: `{name}` is empty in all {len(column)} rows.", "Train the model without it.")
    kind = _kind(known, name, source)
    nullable = bool(column.isna().any() or other.isna().any())
    if kind == "string":
        texts = sorted(map(str, known.unique()))
        return Column(
            name=name,
            kind=kind,
            nullable=nullable,
            categories=tuple(texts) if len(texts) <= MOST_CATEGORIES else None,
        )
    if kind == "boolean":
        return Column(name=name, kind=kind, nullable=nullable)
    return Column(name=name, kind=kind, nullable=nullable, low=cell(known.min()), high=cell(known.max()))


def _kind(known: "pd.Series[Any]", name: str, source: str) -> Kind:
    dtype = known.infer_objects().dtype
    if pd.api.types.is_bool_dtype(dtype):
        return "boolean"
    if pd.api.types.is_integer_dtype(dtype):
        return "integer"
    if pd.api.types.is_float_dtype(dtype):
        if np.isinf(known.to_numpy(dtype=float)).any():
            raise UserError(
                f"{source}: `{name}` has infinite values, which JSON cannot hold.", "Write them as missing."
            )
        return "number"
    if all(isinstance(value, str) for value in known.unique()):
        return "string"
    raise UserError(
        f"{source}: `{name}` holds {type(known.iloc[0]).__name__}; a request holds texts, numbers and truth values.",
        "Turn it into one of them before the model, in the stage that splits the rows.",
    )
