"""Golden rows: a sample and the edges of the data, with what the model says of each."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from mltool.measure.export.outputs import Model, Outputs, cells
from mltool.measure.export.schema import Column, cell

SAMPLE = 64
MOST_EDGES = 64
UNSEEN = "(never seen)"


@dataclass(frozen=True, kw_only=True, eq=False)
class Golden:
    """Rows of the types of the training table, a name for each, and what the model says of them."""

    names: tuple[str, ...]
    rows: pd.DataFrame
    outputs: Outputs


def choose(model: Model, rows: pd.DataFrame, columns: tuple[Column, ...], *, margin: float) -> Golden:
    """Return sample and edge rows; a row whose score is within `margin` of the threshold decides nothing and is left
    out. The sample is spread evenly over `rows`, so that it is the same wherever it is drawn.
    """
    sample = rows[list(model.columns)].iloc[_spread(len(rows), SAMPLE)].reset_index(drop=True)
    named = [(f"sample-{number + 1}", sample.iloc[[number]]) for number in range(len(sample))]
    edges = list(_edges(sample, columns))
    named += [edges[number] for number in _spread(len(edges), MOST_EDGES)]
    chosen = pd.concat([row for _, row in named], ignore_index=True).astype(sample.dtypes.to_dict())
    outputs = model.predict(chosen)
    kept = np.flatnonzero(_clear(model, outputs, margin))
    return Golden(
        names=tuple(named[number][0] for number in kept),
        rows=chosen.iloc[kept].reset_index(drop=True),
        outputs=outputs.at(kept),
    )


def closed(model: Model, rows: pd.DataFrame, columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """Return the columns, with those text columns closed in which the model refuses what training never had."""
    return tuple(
        replace(
            column,
            closed=_open(column, rows) and not _takes(model, _with(rows.iloc[[0]], column.name, UNSEEN)),
        )
        for column in columns
    )


def lines(golden: Golden, model: Model) -> str:
    """Return `golden.jsonl`."""
    expected = _expected(golden.outputs, model)
    names = [str(name) for name in golden.rows.columns]
    rows = (dict(zip(names, row, strict=True)) for row in cells(golden.rows))
    return "".join(
        json.dumps({"id": name, "row": row, "expected": said}, ensure_ascii=False, allow_nan=False) + "\n"
        for name, row, said in zip(golden.names, rows, expected, strict=True)
    )


def _expected(outputs: Outputs, model: Model) -> Iterable[Mapping[str, Any]]:
    if outputs.labels is None:
        return [{"value": _number(value)} for value in outputs.amounts().tolist()]
    labels = [cell(label) for label in outputs.labels]
    if outputs.scores is None:
        return [{"label": label} for label in labels]
    scores = [list(map(_number, row)) for row in outputs.scores.tolist()]
    if model.task == "binary":
        return [{"label": label, "score": score[1]} for label, score in zip(labels, scores, strict=True)]
    names = [str(name) for name in model.classes]
    return [
        {"label": label, "scores": dict(zip(names, score, strict=True))}
        for label, score in zip(labels, scores, strict=True)
    ]


def _number(value: float) -> float:
    # The last digits of a double are those of one processor; far fewer decide whether two predictions are the same.
    return float(f"{value:.12g}")


def _edges(sample: pd.DataFrame, columns: tuple[Column, ...]) -> Iterator[tuple[str, pd.DataFrame]]:
    base = sample.iloc[[0]]
    nullable = [column.name for column in columns if column.nullable]
    for name in nullable:
        yield f"edge-null-{name}", _with(base, name, None)
    if len(nullable) > 1:
        empty = base
        for name in nullable:
            empty = _with(empty, name, None)
        yield "edge-null-all", empty
    for column in columns:
        if column.low is not None:
            yield f"edge-minimum-{column.name}", _with(base, column.name, column.low)
            yield f"edge-maximum-{column.name}", _with(base, column.name, column.high)
        if _open(column, sample) and not column.closed:
            yield f"edge-unseen-{column.name}", _with(base, column.name, UNSEEN)


def _open(column: Column, rows: pd.DataFrame) -> bool:
    """Return whether a text that training never saw can stand in the column at all: a category of pandas it is not."""
    return column.kind == "string" and not isinstance(rows[column.name].dtype, pd.CategoricalDtype)


def _with(row: pd.DataFrame, name: str, value: Any) -> pd.DataFrame:
    return row.assign(**{name: pd.Series([value], index=row.index, dtype=row[name].dtype)})


def _takes(model: Model, row: pd.DataFrame) -> bool:
    try:
        model.predict(row)
    except Exception:  # noqa: BLE001 - any way of refusing a row is a refusal
        return False
    return True


def _clear(model: Model, outputs: Outputs, margin: float) -> np.ndarray:
    if outputs.scores is None:
        return np.ones(len(outputs), dtype=bool)
    if model.task == "binary":
        cut = 0.5 if model.threshold is None else model.threshold
        return np.asarray(np.abs(outputs.scores[:, 1] - cut) > margin)
    best = np.sort(outputs.scores, axis=1)
    return np.asarray(best[:, -1] - best[:, -2] > margin)


def _spread(count: int, most: int) -> list[int]:
    return sorted({int(place) for place in np.linspace(0, count - 1, min(count, most))}) if count else []
