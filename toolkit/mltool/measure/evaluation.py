"""Everything a predictions file says about a model: metrics, scores by slice, data of plots."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mltool.config import Predictions
from mltool.errors import UserError
from mltool.measure import facts, predictions
from mltool.measure.gaps import gaps
from mltool.measure.plots import Points, plots
from mltool.measure.predicted import Predicted, Task
from mltool.measure.scores import score

MIN_ROWS = 30
MOST_VALUES = 200

Slices = Mapping[str, Mapping[str, Mapping[str, float]]]


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What was measured. `slices` is `{column: {value: {"rows": n, metric: score}}}`, `gaps` `{column: {metric: gap}}`
    between the column's groups; `notes` say what was not.
    """

    task: Task
    metrics: Mapping[str, float]
    slices: Slices
    plots: Mapping[str, Points]
    gaps: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def evaluate(
    frame: pd.DataFrame,
    *,
    columns: Predictions | None = None,
    task: Task | None = None,
    slices: Sequence[str] = (),
    groups: Sequence[str] = (),
    positive: str | None = None,
    min_rows: int = MIN_ROWS,
) -> Evaluation:
    """Return the evaluation of a table of predictions.

    The task is told from the values unless given; `positive` names the positive class where it is not 1 or True; a
    slice below `min_rows` rows gets its count and no scores, and a group no part in the gaps between the `groups` of a
    column. Raises UserError as `check` and `gaps` do, and for a column that is absent or has more than 200 values.
    """
    columns = columns or Predictions()
    predicted = predictions.check(frame, columns=columns, task=task, positive=positive)
    _check_both_classes(predicted, columns)
    metrics = {"rows": len(frame), **score(predicted)}
    between = {
        column: gaps(predicted, _group(frame, column, columns.path, metrics), column=column, min_rows=min_rows)
        for column in groups
    }
    return Evaluation(
        task=predicted.task,
        metrics=metrics,
        slices={
            column: by_value(predicted, _values(frame, column, columns.path), min_rows=min_rows) for column in slices
        },
        plots=plots(predicted),
        gaps={column: found for column, (found, _) in between.items()},
        notes=(*predicted.notes, *(note for _, notes in between.values() for note in notes)),
    )


def by_value(predicted: Predicted, values: Sequence[str], *, min_rows: int) -> Mapping[str, Mapping[str, float]]:
    """Return count and scores of the rows of each value, in the order of the values."""
    groups = pd.Series(values).groupby(pd.Series(values)).indices
    return {str(value): _slice(predicted.at(np.asarray(rows)), min_rows) for value, rows in sorted(groups.items())}


def write(evaluation: Evaluation, *, metrics: Path, slices: Path, plots: Path) -> tuple[Path, ...]:
    """Write metrics with the gaps, slices and, into the folder `plots`, one JSON file a plot; return the paths.

    `slices` is not written when no slice was asked for.
    """
    facts.write(metrics, {**evaluation.metrics, **evaluation.gaps})
    written = [metrics]
    if evaluation.slices:
        facts.write(slices, evaluation.slices)
        written.append(slices)
    for name, points in evaluation.plots.items():
        facts.write_points(plots / f"{name}.json", points)
        written.append(plots / f"{name}.json")
    return tuple(written)


def _slice(predicted: Predicted, min_rows: int) -> Mapping[str, float]:
    rows = len(predicted.truth)
    return {"rows": rows} if rows < min_rows else {"rows": rows, **score(predicted)}


def _values(frame: pd.DataFrame, column: str, source: str) -> list[str]:
    if column not in frame.columns:
        raise UserError(f"{source} has no column `{column}` to slice by.", f"Its columns: {', '.join(frame.columns)}.")
    distinct = frame[column].nunique()
    if distinct > MOST_VALUES:
        raise UserError(
            f"{source}: `{column}` has {distinct} values, too many to slice by.",
            f"Group them into at most {MOST_VALUES} where the predictions are written.",
        )
    # A missing group is a group: its rows must show up somewhere.
    return ["(missing)" if pd.isna(value) else _name(value) for value in frame[column].tolist()]


def _group(frame: pd.DataFrame, column: str, source: str, metrics: Mapping[str, float]) -> list[str]:
    if column in metrics:
        raise UserError(f"{source}: a column called `{column}` has the name of a metric.", "Call it something else.")
    return _values(frame, column, source)


def _name(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _check_both_classes(predicted: Predicted, columns: Predictions) -> None:
    if predicted.task != "regression" and len(pd.unique(pd.Series(predicted.truth))) == 1:
        raise UserError(
            f"{columns.path}: `{columns.truth}` has the same value in all {len(predicted.truth)} rows.",
            "A model that tells classes apart cannot be measured on one class; look at the split.",
        )
