"""Predict with scikit-learn: on NumPy where that gives the golden predictions, since pandas costs most of the time."""

import copy
import warnings
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer

from . import answers, golden
from .schema import Cell, Predict, Prediction, Row, Schema

Bind = Callable[[Sequence[Row]], Any]


def bind(model: Any, schema: Schema, examples: Sequence[golden.Golden], *, frames: bool = True) -> Predict:
    """Return the model bound to the schema's columns, in the cheapest way that gives the golden predictions.

    Where none does, the last one is returned: whoever replays them says what differs. `frames` says whether pandas may
    be used where it is installed. Raises ValueError where the model
    does not fit the schema.
    """
    _check(model, schema)
    predict, trouble = None, None
    for bound, table in _ways(model, schema, frames=frames):
        predict = _predict(bound, table, schema)
        try:
            with warnings.catch_warnings(action="ignore"):
                wrong = golden.replay(predict, schema, examples)
            if not wrong:
                return predict
        except Exception as error:  # noqa: BLE001
            # scikit-learn raises whatever its parts raise on a table that they were not fitted on.
            trouble, predict = error, None
    if predict is None:
        raise ValueError(f"it predicts no golden row: {type(trouble).__name__}: {trouble}") from trouble
    return predict


def _check(model: Any, schema: Schema) -> None:
    names = getattr(model, "feature_names_in_", None)
    if names is not None and list(names) != list(schema.columns):
        raise ValueError("the model was fitted on other columns than schema.json lists, or in another order")
    classes = getattr(model, "classes_", None)
    if schema.task != "regression" and classes is not None and list(classes) != list(schema.classes):
        raise ValueError("the model has other classes than schema.json lists, or in another order")


def _ways(model: Any, schema: Schema, *, frames: bool) -> Iterator[tuple[Any, Bind]]:
    bound = _by_position(model)
    if all(each.type != "string" for each in schema.inputs):
        yield bound, _numbers
    text = tuple(each.type == "string" for each in schema.in_order())
    yield bound, _objects(text, missing=np.nan)
    if any(each.type == "string" and each.nullable for each in schema.inputs):
        yield bound, _objects(text, missing=None)
    if frames and find_spec("pandas") is not None:
        pandas = import_module("pandas")
        yield model, _frame(pandas, schema, categorical=False)
        if any(each.categories for each in schema.inputs):
            yield model, _frame(pandas, schema, categorical=True)


def _numbers(rows: Sequence[Row]) -> Any:
    return np.array(rows, dtype=np.float64)  # None becomes NaN


def _objects(text: Sequence[bool], *, missing: float | None) -> Bind:
    nulls: tuple[Cell, ...] = tuple(missing if is_text else np.nan for is_text in text)

    def table(rows: Sequence[Row]) -> Any:
        made = np.empty((len(rows), len(nulls)), dtype=object)
        for place, row in enumerate(rows):
            made[place] = [null if cell is None else cell for cell, null in zip(row, nulls, strict=True)]
        return made

    return table


def _frame(pandas: Any, schema: Schema, *, categorical: bool) -> Bind:
    inputs = schema.in_order()

    def column(each: Any, cells: Sequence[Cell]) -> Any:
        if categorical and each.categories:
            return pandas.Categorical(cells, categories=list(each.categories))
        if each.type == "number" or (each.type == "integer" and None in cells):
            return np.array(cells, dtype=np.float64)
        return list(cells)

    def table(rows: Sequence[Row]) -> Any:
        columns = list(zip(*rows, strict=True))
        return pandas.DataFrame({each.name: column(each, cells) for each, cells in zip(inputs, columns, strict=True)})

    return table


def _predict(model: Any, table: Bind, schema: Schema) -> Predict:
    if schema.task == "regression":
        ask, answer = model.predict, answers.values
    elif hasattr(model, "predict_proba"):
        ask, answer = model.predict_proba, lambda found: answers.probabilities(schema, found)
    else:
        ask, answer = model.predict, answers.labels

    def predict(rows: Sequence[Row]) -> list[Prediction]:
        return answer(ask(table(rows))) if rows else []

    return predict


def _by_position(model: Any) -> Any:
    """Return a copy of the model that takes columns by position: what it was fitted on by name knows both."""
    model = copy.deepcopy(model)
    for part in parts(model):
        if isinstance(part, ColumnTransformer) and hasattr(part, "transformers_"):
            part.transformers_ = [_positions(part, *each) for each in part.transformers_]
        vars(part).pop("feature_names_in_", None)
    return model


def parts(model: Any) -> Iterator[BaseEstimator]:
    """Yield every estimator in the model, the model first; what is changed in one is seen when its parts follow."""
    seen: set[int] = set()
    todo = [model]
    while todo:
        part = todo.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if isinstance(part, BaseEstimator):
            yield part
            todo += vars(part).values()
        elif isinstance(part, dict):
            todo += part.values()
        elif isinstance(part, list | tuple):
            todo += part


def _positions(part: ColumnTransformer, name: str, transformer: Any, columns: Any) -> tuple[str, Any, Any]:
    places = part._transformer_to_input_indices[name]
    if isinstance(columns, str):
        return name, transformer, int(places[0])
    return name, transformer, columns if callable(columns) else [int(place) for place in places]
