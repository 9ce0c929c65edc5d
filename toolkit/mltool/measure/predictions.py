"""A table of predictions → Predicted, or the one sentence that says why not."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from mltool.config import Predictions
from mltool.errors import UserError
from mltool.measure import table
from mltool.measure.predicted import SUM_SLACK, Predicted, Task

MOST_CLASSES = 20
"""Whole numbers with more distinct values may be classes or amounts: the caller has to say."""


def check(
    frame: pd.DataFrame,
    *,
    columns: Predictions | None = None,
    task: Task | None = None,
    positive: str | None = None,
) -> Predicted:
    """Return the predictions in `frame`.

    Scores are optional: `y_score` for a binary task, `y_score_<class>` for each class of a multiclass one. Raises
    UserError for a column that is absent or has a missing or infinite value, a row id that occurs twice, labels that
    do not fit together, and where task or positive class cannot be told from the values.
    """
    columns = columns or Predictions()
    source = columns.path
    table.require(frame, (columns.id, columns.truth, columns.label), source=source)
    _check_ids(frame[columns.id], source)
    truth, label = _pair(frame, columns)
    task = task or infer(truth, label, source=source)
    if task == "regression":
        return _regression(truth, label, source)
    truth, label = _as_classes(truth), _as_classes(label)
    if task == "binary":
        return _binary(frame, truth, label, columns=columns, positive=positive)
    return _multiclass(frame, truth, label, columns=columns)


def infer(truth: np.ndarray, label: np.ndarray, *, source: str) -> Task:
    """Return the task that the values show, or raise UserError where whole numbers could be either."""
    both = np.concatenate([truth, label])
    distinct = len(pd.unique(pd.Series(both)))
    if both.dtype.kind == "f" and not np.array_equal(both, np.round(both)):
        return "regression"
    if distinct <= 2:
        return "binary"
    if both.dtype.kind in "iuf" and distinct > MOST_CLASSES:
        raise UserError(
            f"{source}: {distinct} different whole numbers may be classes or amounts.",
            "Say which: `--task multiclass` or `--task regression`.",
        )
    return "multiclass"


def _check_ids(ids: "pd.Series[Any]", source: str) -> None:
    twice = ids[ids.duplicated()]
    if len(twice):
        raise UserError(
            f"{source}: `{ids.name}` names {len(twice)} rows twice, the first is `{twice.iloc[0]}`.",
            "Every row needs an id of its own, so that two models can be compared row by row.",
        )


def _pair(frame: pd.DataFrame, columns: Predictions) -> tuple[np.ndarray, np.ndarray]:
    truth, label = _array(frame[columns.truth]), _array(frame[columns.label])
    if (truth.dtype.kind == "O") != (label.dtype.kind == "O"):
        raise UserError(
            f"{columns.path}: `{columns.truth}` and `{columns.label}` hold different things "
            f"(`{truth[0]}` and `{label[0]}`).",
            "Write the labels the same way in both.",
        )
    return truth, label


def _array(column: "pd.Series[Any]") -> np.ndarray:
    if pd.api.types.is_bool_dtype(column.dtype):
        return column.to_numpy(dtype=int)
    if pd.api.types.is_integer_dtype(column.dtype):
        return column.to_numpy(dtype=np.int64)
    if pd.api.types.is_float_dtype(column.dtype):
        return column.to_numpy(dtype=float)
    return np.array([str(value) for value in column], dtype=object)


def _as_classes(values: np.ndarray) -> np.ndarray:
    # A table that once held a missing label reads back as 1.0: still class 1.
    whole = values.dtype.kind == "f" and np.array_equal(values, np.round(values))
    return values.astype(np.int64) if whole else values


def _regression(truth: np.ndarray, label: np.ndarray, source: str) -> Predicted:
    if truth.dtype.kind == "O":
        raise UserError(f"{source}: a regression needs numbers, and `{truth[0]}` is none.")
    return Predicted(task="regression", truth=truth.astype(float), label=label.astype(float))


def _binary(
    frame: pd.DataFrame, truth: np.ndarray, label: np.ndarray, *, columns: Predictions, positive: str | None
) -> Predicted:
    classes = sorted(pd.unique(pd.Series(np.concatenate([truth, label]))).tolist())
    if len(classes) > 2:
        raise UserError(f"{columns.path}: {len(classes)} different labels are no binary task.", "Use `multiclass`.")
    yes = _positive(classes, positive, columns.path)
    no = next((name for name in classes if name != yes), 0)
    score, notes = _score(frame, columns)
    return Predicted(
        task="binary",
        truth=(truth == yes).astype(int),
        label=(label == yes).astype(int),
        labels=(no, yes),
        score=score,
        notes=notes,
    )


def _positive(classes: list[Any], asked: str | None, source: str) -> Any:
    if asked is not None:
        code = {"True": "1", "False": "0"}.get(asked, asked)  # truth values have become 0 and 1
        found = [name for name in classes if str(name) in (asked, code)]
        if not found:
            raise UserError(f"{source}: no row has the positive label `{asked}`.", f"Labels: {classes}.")
        return found[0]
    if set(classes) <= {0, 1}:
        return 1
    raise UserError(
        f"{source}: which of the labels {classes} is the positive one?", f"Say it: `--positive {classes[-1]}`."
    )


def _score(frame: pd.DataFrame, columns: Predictions) -> tuple[np.ndarray | None, tuple[str, ...]]:
    if columns.score not in frame.columns:
        return None, (f"No column `{columns.score}`: no curves and no metrics of a score.",)
    score = _numbers(frame, columns.score, source=columns.path)
    if score.min() < 0 or score.max() > 1:
        return score, (f"`{columns.score}` is no probability: no log_loss, brier and calibration.",)
    return score, ()


def _numbers(frame: pd.DataFrame, column: str, *, source: str) -> np.ndarray:
    table.require(frame, (column,), source=source)
    if not pd.api.types.is_numeric_dtype(frame[column].dtype):
        raise UserError(f"{source}: `{column}` must hold numbers.", f"It holds `{frame[column].iloc[0]}`.")
    return frame[column].to_numpy(dtype=float)


def _multiclass(frame: pd.DataFrame, truth: np.ndarray, label: np.ndarray, *, columns: Predictions) -> Predicted:
    classes = tuple(sorted(pd.unique(pd.Series(np.concatenate([truth, label]))).tolist()))
    scores = _scores(frame, columns, classes)
    if scores:
        classes = tuple(sorted(scores))
    notes = tuple(_multiclass_notes(scores, truth, columns))
    truth, label = (pd.Categorical(values, categories=list(classes)).codes.astype(int) for values in (truth, label))
    points = tuple(scores[name] for name in classes) if scores else ()
    return Predicted(task="multiclass", truth=truth, label=label, labels=classes, scores=points, notes=notes)


def _scores(frame: pd.DataFrame, columns: Predictions, classes: tuple[Any, ...]) -> dict[Any, np.ndarray]:
    """Return the scores by class: of every class that occurs, and of those that only have a column."""
    start = f"{columns.score}_"
    found = {column.removeprefix(start): column for column in frame.columns if column.startswith(start)}
    absent = next((name for name in classes if str(name) not in found), None)
    if found and absent is not None:
        raise UserError(
            f"{columns.path} has scores of some classes and no column `{start}{absent}`.", "Write all or none."
        )
    known = {str(name): name for name in classes}
    kind = type(classes[0])
    try:
        names = {name: known[name] if name in known else kind(name) for name in found}
    except ValueError as error:
        raise UserError(
            f"{columns.path}: a column `{start}…` is of no class: {error}.", f"Classes: {list(classes)}."
        ) from error
    return {names[name]: _numbers(frame, column, source=columns.path) for name, column in found.items()}


def _multiclass_notes(scores: dict[Any, np.ndarray], truth: np.ndarray, columns: Predictions) -> Iterator[str]:
    if not scores:
        yield f"No columns `{columns.score}_<class>`: no metrics of a score."
        return
    if not np.allclose(sum(scores.values()), 1, atol=SUM_SLACK):
        yield f"The `{columns.score}_<class>` of a row do not add up to 1: no log_loss."
    never = set(scores) - set(truth.tolist())
    if never:
        yield f"No row is of class {', '.join(sorted(map(str, never)))}: no roc_auc_macro."
