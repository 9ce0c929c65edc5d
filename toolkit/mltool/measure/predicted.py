"""Truth and prediction as arrays, checked: what metrics and plots are made from."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Task = Literal["binary", "multiclass", "regression"]

SUM_SLACK = 1e-3
"""How far from 1 the probabilities of all classes may add up: they may have been stored as 32-bit floats."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Predicted:
    """Truth and prediction of n rows, nothing missing.

    `truth` and `label` have shape (n,): amounts of a regression, else positions in `labels`, the classes in order; of
    a binary task the second is the positive one. `score` (n,) is that one's score; `scores` (n,) each class's.
    """

    task: Task
    truth: np.ndarray
    label: np.ndarray
    labels: tuple[Any, ...] = ()
    score: np.ndarray | None = None
    scores: tuple[np.ndarray, ...] = ()
    notes: tuple[str, ...] = ()

    def at(self, rows: np.ndarray) -> "Predicted":
        """Return the rows at these positions, with all the classes of the whole."""
        return Predicted(
            task=self.task,
            truth=self.truth[rows],
            label=self.label[rows],
            labels=self.labels,
            score=None if self.score is None else self.score[rows],
            scores=tuple(values[rows] for values in self.scores),
        )
