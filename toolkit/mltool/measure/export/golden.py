"""Golden rows: a sample and the edges of the data, with what the model says of each."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mltool.measure.export.native import Native, Outputs
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


def choose(native: Native, rows: pd.DataFrame, columns: tuple[Column, ...], *, margin: float) -> Golden:
    """Return sample and edge rows; a row whose score is within `margin` of the threshold decides nothing and is left
    out. The sample is spread evenly over `rows`, so that it is the same wherever it is drawn.
    """
    sample = rows[list(native.columns)].iloc[_spread(len(rows), SAMPLE)].reset_index(drop=True)
    named = [(f"sample-{number + 1}", sample.iloc[[number]]) for number in range(len(sample))]
    edges = list(_edges(sample, columns))
    named += [edges[number] for number in _spread(len(edges), MOST_EDGES)]
    chosen = pd.concat([row for _, row in named], ignore_index=True).astype(sample.dtypes.to_dict())
    outputs = native.predict(chosen)
    kept = np.flatnonzero(_clear(native, outputs, margin))
    return Golden(
        names=tuple(named[number][0] for number in kept),
        rows=chosen.iloc[kept].reset_index(drop=True),
        outputs=at(outputs, kept),
    )


def at(outputs: Outputs, rows: np.ndarray) -> Outputs:
    """Return the outputs of the rows at these positions."""
    return Outputs(
        values=None if outputs.values is None else outputs.values[rows],
        labels=None if outputs.labels is None else outputs.labels[rows],
        scores=None if outputs.scores is None else outputs.scores[rows],
    )


def closed(native: Native, rows: pd.DataFrame, columns: tuple[Column, ...]) -> frozenset[str]:
    """Return the text columns in which the model refuses a value that training never had."""
    return frozenset(
        column.name
        for column in columns
        if column.kind == "string" and not _takes(native, _with(rows.iloc[[0]], column.name, UNSEEN))
    )


def lines(golden: Golden, native: Native) -> str:
    """Return `golden.jsonl`."""
    expected = _expected(golden.outputs, native)
    rows = records(golden.rows)
    return "".join(
        json.dumps({"id": name, "row": row, "expected": said}, ensure_ascii=False, allow_nan=False) + "\n"
        for name, row, said in zip(golden.names, rows, expected, strict=True)
    )


def records(rows: pd.DataFrame) -> Iterator[Mapping[str, Any]]:
    """Yield each row as a request would hold it."""
    names = [str(name) for name in rows.columns]
    for values in zip(*(rows[name].tolist() for name in names), strict=True):
        yield dict(zip(names, map(cell, values), strict=True))


def _expected(outputs: Outputs, native: Native) -> Iterable[Mapping[str, Any]]:
    if outputs.values is not None:
        return [{"value": value} for value in outputs.values.tolist()]
    assert outputs.labels is not None  # noqa: S101 - what is no regression has both
    assert outputs.scores is not None  # noqa: S101
    labels, scores = map(cell, outputs.labels.tolist()), outputs.scores.tolist()
    if native.task == "binary":
        return [{"label": label, "score": score[1]} for label, score in zip(labels, scores, strict=True)]
    names = [str(name) for name in native.classes]
    return [
        {"label": label, "scores": dict(zip(names, score, strict=True))}
        for label, score in zip(labels, scores, strict=True)
    ]


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
        if column.kind == "string" and not column.closed:
            yield f"edge-unseen-{column.name}", _with(base, column.name, UNSEEN)


def _with(row: pd.DataFrame, name: str, value: Any) -> pd.DataFrame:
    return row.assign(**{name: pd.Series([value], index=row.index, dtype=row[name].dtype)})


def _takes(native: Native, row: pd.DataFrame) -> bool:
    try:
        native.predict(row)
    except Exception:  # noqa: BLE001 - any way of refusing a row is a refusal
        return False
    return True


def _clear(native: Native, outputs: Outputs, margin: float) -> np.ndarray:
    if outputs.scores is None:
        return np.ones(0 if outputs.values is None else len(outputs.values), dtype=bool)
    if native.task == "binary":
        cut = 0.5 if native.threshold is None else native.threshold
        return np.asarray(np.abs(outputs.scores[:, 1] - cut) > margin)
    best = np.sort(outputs.scores, axis=1)
    return np.asarray(best[:, -1] - best[:, -2] > margin)


def _spread(count: int, most: int) -> list[int]:
    return sorted({int(place) for place in np.linspace(0, count - 1, min(count, most))}) if count else []
