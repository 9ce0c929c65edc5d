"""A scikit-learn model as ONNX, where that is possible, and how far the two are apart."""

from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
from skl2onnx import convert_sklearn
from skl2onnx.common._registration import get_converter
from skl2onnx.common.data_types import BooleanTensorType, FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline

from mltool.measure.export.native import Native, Outputs
from mltool.measure.export.parity import Attempt, compare
from mltool.measure.export.schema import Column

INPUT = "row"
OPSET = {"": 18, "ai.onnx.ml": 3}
"""Old enough for every onnxruntime that mltool takes."""


class CannotConvertError(Exception):
    """Why there is no ONNX, in one short sentence."""


def attempt(native: Native, columns: tuple[Column, ...], rows: pd.DataFrame, *, tolerance: float) -> Attempt:
    """Return the model as ONNX if it says the same of `rows`, else the reason why not."""
    try:
        content = convert(native, columns)
        parity = compare(native.predict(rows), run(content, native, columns, rows), tolerance=tolerance)
    except CannotConvertError as error:
        return Attempt(reason=str(error))
    if not parity.holds():
        return Attempt(reason=f"ONNX {parity.sentence()}.")
    return Attempt(content=content, parity=parity)


def convert(native: Native, columns: tuple[Column, ...]) -> bytes:
    """Return the model as ONNX: one input a column, named like it, or the one input `row` of a model of numbers.

    Raises CannotConvertError.
    """
    options = {} if native.task == "regression" else {id(native.bare): {"zipmap": False}}
    try:
        graph = convert_sklearn(
            native.bare,
            name="model",
            initial_types=_inputs(native, columns),
            options=options,
            target_opset=OPSET,
            custom_conversion_functions=dict.fromkeys(_HISTOGRAMS, _histogram),
        )
    except Exception as error:
        raise CannotConvertError(f"skl2onnx cannot convert it: {_short(error)}.") from error
    return bytes(graph.SerializeToString())


def run(content: bytes, native: Native, columns: tuple[Column, ...], rows: pd.DataFrame) -> Outputs:
    """Return what the ONNX model says of the rows. Raises CannotConvertError where it does not run."""
    try:
        session = onnxruntime.InferenceSession(content, _quiet(), providers=["CPUExecutionProvider"])
        names = [given.name for given in session.get_inputs()]
        got = session.run(None, feed(names, columns, rows))
    except Exception as error:
        raise CannotConvertError(f"onnxruntime cannot run it: {_short(error)}.") from error
    if native.task == "regression":
        return Outputs(values=np.asarray(got[0], dtype=float).ravel())
    scores = np.asarray(got[1], dtype=float)
    return Outputs(labels=native.labels(np.asarray(got[0]), scores), scores=scores)


def feed(names: list[str], columns: tuple[Column, ...], rows: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the tensors that a model with these input names takes; a missing text is the empty text."""
    if names == [INPUT]:
        return {INPUT: rows[[column.name for column in columns]].to_numpy(dtype=np.float32)}
    return {column.name: _tensor(column, rows) for column in columns if column.name in names}


_HISTOGRAMS = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)


class _WholeNumbers:
    """A container of skl2onnx that writes truth values as numbers: onnx 1.23 refuses a list of them as an attribute,
    and skl2onnx 1.20 makes one for every leaf of a histogram tree.
    """

    def __init__(self, container: Any) -> None:
        self._container = container

    def __getattr__(self, name: str) -> Any:
        return getattr(self._container, name)

    def add_node(self, *positional: Any, **attributes: Any) -> Any:
        whole = {key: _whole(value) for key, value in attributes.items()}
        return self._container.add_node(*positional, **whole)


def _whole(value: Any) -> Any:
    if isinstance(value, list):
        return [int(item) if isinstance(item, bool | np.bool_) else item for item in value]
    return value


def _histogram(scope: Any, operator: Any, container: Any) -> None:
    name = f"Sklearn{type(operator.raw_operator).__name__}"
    if operator.raw_operator.is_categorical_ is not None:
        # They would become splits by order, without a word.
        raise ValueError("histogram trees with categorical_features have no ONNX form; encode them before")
    get_converter(name)(scope, operator, _WholeNumbers(container))


def _inputs(native: Native, columns: tuple[Column, ...]) -> list[tuple[str, Any]]:
    first = native.bare.steps[0][1] if isinstance(native.bare, Pipeline) else native.bare
    numbers = all(column.kind in ("number", "integer", "boolean") for column in columns)
    if numbers and not isinstance(first, ColumnTransformer):
        return [(INPUT, FloatTensorType([None, len(columns)]))]
    kinds = {"string": StringTensorType, "boolean": BooleanTensorType}
    return [(column.name, kinds.get(column.kind, FloatTensorType)([None, 1])) for column in columns]


def _tensor(column: Column, rows: pd.DataFrame) -> np.ndarray:
    values = rows[column.name]
    if column.kind == "string":
        return np.array([[""] if pd.isna(value) else [value] for value in values], dtype=object)
    kind = bool if column.kind == "boolean" else np.float32
    return values.to_numpy(dtype=kind).reshape(-1, 1)


def _quiet() -> Any:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return options


def _short(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}" if not text else text.partition(". ")[0][:160].rstrip(".")
