"""The fitted model as it predicts in Python: what every other form of it is held against."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import is_classifier, is_regressor
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV
from sklearn.pipeline import Pipeline

from mltool.errors import UserError
from mltool.measure.export.outputs import Outputs
from mltool.measure.export.schema import cell
from mltool.measure.predicted import Task


@dataclass(frozen=True, kw_only=True, eq=False)
class Native:
    """A fitted scikit-learn model, and what was found out about it.

    `bare` is the model without the threshold that it may carry. The label is that of the highest score; of a binary
    task `classes[1]` from `threshold` on.
    """

    model: Any
    bare: Any
    task: Task
    columns: tuple[str, ...]
    named: bool
    classes: tuple[Any, ...] = ()
    threshold: float | None = None

    def predict(self, rows: pd.DataFrame) -> Outputs:
        """Return what the model says of the rows; raises UserError where it does not take them."""
        try:
            return self._said(rows)
        except Exception as error:
            reason = (str(error).splitlines() or [""])[0].rstrip(".")
            raise UserError(
                f"The model cannot predict the rows: {type(error).__name__}: {reason}.",
                "Rows that it meets when it serves belong into its training, missing values too.",
            ) from error

    def _said(self, rows: pd.DataFrame) -> Outputs:
        if self.task == "regression":
            return Outputs(values=np.asarray(self.model.predict(self.table(rows)), dtype=float))
        scores = np.asarray(self.model.predict_proba(self.table(rows)), dtype=float)
        return Outputs(labels=np.array(self.classes, dtype=object)[self._chosen(scores)], scores=scores)

    def table(self, rows: pd.DataFrame) -> Any:
        """Return the rows as the model was fitted on them."""
        given = rows[list(self.columns)]
        return given if self.named else given.to_numpy()

    def _chosen(self, scores: np.ndarray) -> np.ndarray:
        if self.threshold is not None:
            return (scores[:, 1] >= self.threshold).astype(int)
        return (scores[:, 1] > 0.5).astype(int) if self.task == "binary" else scores.argmax(axis=1)


def check_labels(native: Native, rows: pd.DataFrame, *, source: str) -> None:
    """Raise UserError where the model's labels do not follow from its scores, as those of SVC."""
    if native.task == "regression":
        return
    follows = native.predict(rows).labels
    said = np.array([cell(label) for label in native.model.predict(native.table(rows))], dtype=object)
    differ = int(np.sum(said != follows))
    if differ:
        raise UserError(
            f"{source}: in {differ:,} of {len(rows):,} rows the label is not that of the highest probability.",
            "Wrap the model in CalibratedClassifierCV, whose labels follow from its probabilities.",
        )


def inspect(model: Any, rows: pd.DataFrame, *, truth: str, source: str) -> Native:
    """Return the model with its task, classes, columns and threshold.

    The columns are those it was fitted on, else all of `rows` but the truth. Raises UserError for a model that is not
    fitted, predicts several things at once, or says no probabilities.
    """
    bare, threshold = _bare(model, source)
    columns, named = _columns(model, rows, truth=truth, source=source)
    if is_regressor(model):
        return Native(model=model, bare=bare, task="regression", columns=columns, named=named)
    if not is_classifier(model) or not hasattr(model, "predict_proba"):
        raise UserError(
            f"{source}: {type(_last(model)).__name__} says no probabilities and is no regression.",
            "Wrap it in CalibratedClassifierCV, or release it through a loader.",
        )
    classes = model.classes_
    if isinstance(classes, list):
        raise UserError(f"{source} predicts {len(classes)} things at once.", "Release one model for each.")
    return Native(
        model=model,
        bare=bare,
        task="binary" if len(classes) == 2 else "multiclass",
        columns=columns,
        named=named,
        classes=tuple(cell(name) for name in classes),
        threshold=threshold,
    )


def _columns(model: Any, rows: pd.DataFrame, *, truth: str, source: str) -> tuple[tuple[str, ...], bool]:
    known = getattr(model, "feature_names_in_", None)
    if known is not None:
        return tuple(map(str, known)), True
    wanted = getattr(model, "n_features_in_", None)
    if wanted is None:
        raise UserError(f"{source} is not fitted.", "Fit the model before it is saved.")
    names = tuple(str(name) for name in rows.columns if name != truth)
    if len(names) != wanted:
        raise UserError(
            f"{source} was fitted on {wanted} columns without names, and the rows have {len(names)}.",
            "Fit it on a table with named columns, so that their order cannot be mixed up.",
        )
    return names, False


def _bare(model: Any, source: str) -> tuple[Any, float | None]:
    """Return the model without its threshold and without wrappers that change no prediction."""
    if isinstance(model, Pipeline):
        last, threshold = _bare(model.steps[-1][1], source)
        if last is model.steps[-1][1]:
            return model, None
        return Pipeline([*model.steps[:-1], (model.steps[-1][0], last)]), threshold
    if isinstance(model, FrozenEstimator):
        return _bare(model.estimator, source)
    if isinstance(model, FixedThresholdClassifier | TunedThresholdClassifierCV):
        chosen = model.best_threshold_ if isinstance(model, TunedThresholdClassifierCV) else model.threshold
        if model.response_method == "decision_function" or not hasattr(model.estimator_, "predict_proba"):
            raise UserError(
                f"{source}: the threshold is on no probability.", "Set it on one: response_method='predict_proba'."
            )
        if getattr(model, "pos_label", None) not in (None, model.classes_[1]):
            raise UserError(
                f"{source}: the threshold is on the score of `{model.pos_label}`, the first class.",
                f"Name the classes so that `{model.pos_label}` sorts last.",
            )
        return _bare(model.estimator_, source)[0], 0.5 if chosen == "auto" else float(chosen)
    return model, None


def _last(model: Any) -> Any:
    return model.steps[-1][1] if isinstance(model, Pipeline) else model
