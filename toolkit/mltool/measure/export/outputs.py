"""What a model says of rows, in whichever form it runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from mltool.measure.export.schema import cell
from mltool.measure.predicted import Task
from mltool.serving.schema import Predict, Row, Schema


@dataclass(frozen=True, kw_only=True, eq=False)
class Outputs:
    """What was said of n rows: `values` (n,) of a regression; else `labels` (n,) and, but for a loader that has none,
    `scores` (n, classes).
    """

    values: np.ndarray | None = None
    labels: np.ndarray | None = None
    scores: np.ndarray | None = None

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.amounts() if self.labels is None else self.labels)

    def amounts(self) -> np.ndarray:
        """Return the values of a regression."""
        assert self.values is not None  # noqa: S101 - what has no labels has values
        return self.values

    def at(self, rows: np.ndarray) -> "Outputs":
        """Return the outputs of the rows at these positions."""
        return Outputs(
            values=None if self.values is None else self.values[rows],
            labels=None if self.labels is None else self.labels[rows],
            scores=None if self.scores is None else self.scores[rows],
        )


class Model(Protocol):
    """A model that can be exported."""

    @property
    def task(self) -> Task:
        """Return what it predicts."""
        ...

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that it takes, in their order."""
        ...

    @property
    def classes(self) -> tuple[Any, ...]:
        """Return the classes in the order of its scores; none for a regression."""
        ...

    @property
    def threshold(self) -> float | None:
        """Return the score from which the second of two classes is the label."""
        ...

    def predict(self, rows: pd.DataFrame) -> Outputs:
        """Return what it says of the rows."""
        ...


def served(predict: Predict, schema: Schema, rows: pd.DataFrame) -> Outputs:
    """Return what the server would answer to these rows."""
    said = predict(list(cells(rows[list(schema.columns)])))
    if schema.task == "regression":
        return Outputs(values=np.array([answer["value"] for answer in said], dtype=float))
    labels = np.array([answer["label"] for answer in said], dtype=object)
    if schema.task == "binary" and all("score" in answer for answer in said):
        second = np.array([answer["score"] for answer in said], dtype=float)
        return Outputs(labels=labels, scores=np.column_stack([1 - second, second]))
    if all("scores" in answer for answer in said):
        names = [str(name) for name in schema.classes]
        return Outputs(labels=labels, scores=np.array([[answer["scores"][name] for name in names] for answer in said]))
    return Outputs(labels=labels)


def cells(rows: pd.DataFrame) -> Sequence[Row]:
    """Return the cells of each row as a request would hold them."""
    columns = [[cell(value) for value in rows[name].tolist()] for name in rows.columns]
    return list(zip(*columns, strict=True))
