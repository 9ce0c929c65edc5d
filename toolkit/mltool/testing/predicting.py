"""Rows → what a model says of them, as a table: `label` and `score` (`score_<class>` of several), or `value`."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import is_regressor

from mltool.errors import UserError
from mltool.measure.export import outputs
from mltool.measure.export.outputs import Outputs
from mltool.serving import schema as serving

Predict = Callable[[pd.DataFrame], pd.DataFrame]


def native(fitted: Any, columns: Sequence[str]) -> Predict:
    """Return what a fitted scikit-learn model says, asked as it was fitted: by name, else in the order of `columns`.

    Without either, all columns of the rows are given to it. The label is the model's own, not made from the score.
    """
    named = getattr(fitted, "feature_names_in_", None)

    def predict(rows: pd.DataFrame) -> pd.DataFrame:
        wanted = [str(name) for name in named] if named is not None else list(columns) or list(rows.columns)
        absent = [name for name in wanted if name not in rows.columns]
        if absent:
            raise UserError(f"The rows have no column `{absent[0]}`, which the model takes.")
        given = rows[wanted] if named is not None else rows[wanted].to_numpy()
        return _said(fitted, given, rows.index)

    return predict


def served(ask: serving.Predict, shape: serving.Schema) -> Predict:
    """Return what a backend of the server says of rows, as a request would send them."""

    def predict(rows: pd.DataFrame) -> pd.DataFrame:
        absent = [name for name in shape.columns if name not in rows.columns]
        if absent:
            raise UserError(f"The rows have no column `{absent[0]}`, which the served model takes.")
        return _table(outputs.served(ask, shape, rows), shape.classes, rows.index)

    return predict


def _said(fitted: Any, given: Any, index: "pd.Index[Any]") -> pd.DataFrame:
    found = np.asarray(fitted.predict(given))
    if is_regressor(fitted):
        return pd.DataFrame({"value": found.ravel().astype(float)}, index=index)
    scores = np.asarray(fitted.predict_proba(given)) if hasattr(fitted, "predict_proba") else None
    return _table(Outputs(labels=found, scores=scores), tuple(fitted.classes_), index)


def _table(found: Outputs, classes: tuple[Any, ...], index: "pd.Index[Any]") -> pd.DataFrame:
    if found.labels is None:
        return pd.DataFrame({"value": found.amounts()}, index=index)
    made = pd.DataFrame({"label": pd.Series(found.labels, index=index).infer_objects()}, index=index)
    if found.scores is not None and len(classes) == 2:
        made["score"] = found.scores[:, 1]
    elif found.scores is not None:
        for place, name in enumerate(classes):
            made[f"score_{name}"] = found.scores[:, place]
    return made
