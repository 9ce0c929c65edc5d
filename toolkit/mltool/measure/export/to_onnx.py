"""A scikit-learn model as ONNX, where that is possible, and how far the two are apart."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from skl2onnx import convert_sklearn
from skl2onnx.common._registration import get_converter
from skl2onnx.common.data_types import BooleanTensorType, FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline

from mltool.measure.export.adapted import HISTOGRAMS, adapted
from mltool.measure.export.gathered import gather
from mltool.measure.export.native import Native
from mltool.measure.export.outputs import Outputs, served
from mltool.measure.export.parity import Attempt, compare
from mltool.measure.export.schema import Column
from mltool.serving import backend_onnx
from mltool.serving.backend_sklearn import parts
from mltool.serving.schema import Schema

INPUT = "row"
"""Numbers are sent as 32-bit floats. A model that tells numbers apart which those do not is found by the comparison."""
SLACK = 2.0**-22
"""What 32 bits get wrong of a number near 1 that was calculated, as by a scaler."""
OPSET = {"": 18, "ai.onnx.ml": 3}
"""Old enough for every onnxruntime that mltool takes."""


class CannotConvertError(Exception):
    """Why there is no ONNX, in one short sentence."""


def attempt(native: Native, columns: tuple[Column, ...], schema: Schema, tables: Sequence[pd.DataFrame]) -> Attempt:
    """Return the model as ONNX if the server says the same with it of all rows, else the reason why not.

    The parity is that over the last of the tables. Where trees decide otherwise, a little slack is tried too.
    """
    try:
        found = _compared(native, schema, tables, convert(native, columns))
        if found.content is None and any(isinstance(part, HISTOGRAMS) for part in parts(native.bare)):
            slack = _compared(native, schema, tables, convert(native, columns, slack=SLACK))
            return found if slack.content is None else slack
    except CannotConvertError as error:
        return Attempt(reason=str(error))
    return found


def _compared(native: Native, schema: Schema, tables: Sequence[pd.DataFrame], content: bytes) -> Attempt:
    for rows in tables:
        parity = compare(native.predict(rows), _answers(content, schema, rows), tolerance=schema.tolerance)
        if not parity.holds():
            return Attempt(reason=f"ONNX {parity.sentence()}.")
    return Attempt(content=content, parity=parity)


def convert(native: Native, columns: tuple[Column, ...], *, slack: float = 0.0) -> bytes:
    """Return the model as ONNX: one input for all columns of a type, or the one input `row` of a model of numbers.

    `slack` is by how much the splits of histogram trees are moved up. Raises CannotConvertError.
    """
    for column in columns:
        if column.nullable and "" in (column.categories or ()):
            raise CannotConvertError(f"`{column.name}` has empty and missing texts, which are the same in ONNX.")
    model, inputs = adapted(native.bare, slack=slack), _inputs(native, columns)
    try:
        graph = convert_sklearn(
            model,
            name="model",
            initial_types=inputs,
            options={} if native.task == "regression" else {id(model): {"zipmap": False}},
            target_opset=OPSET,
            custom_conversion_functions=dict.fromkeys(HISTOGRAMS, _histogram),
        )
    except Exception as error:
        raise CannotConvertError(f"skl2onnx cannot convert it: {_short(error)}.") from error
    if len(inputs) > 1:
        gather(graph)
    return _serialized(graph)


def _serialized(graph: Any) -> bytes:
    """Return the bytes of the graph; skl2onnx lists the sets of operators in the order of a hash."""
    operators = sorted(graph.opset_import, key=lambda each: str(each.domain))
    del graph.opset_import[:]
    graph.opset_import.extend(operators)
    return bytes(graph.SerializeToString(deterministic=True))


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
    return [(column.name, _kind(column)([None, 1])) for column in columns]


def _kind(column: Column) -> Any:
    if column.kind == "string":
        return StringTensorType
    return BooleanTensorType if column.kind == "boolean" and not column.nullable else FloatTensorType


def _answers(content: bytes, schema: Schema, rows: pd.DataFrame) -> Outputs:
    with TemporaryDirectory() as folder:
        graph = Path(folder) / "model.onnx"
        graph.write_bytes(content)
        try:
            return served(backend_onnx.load(graph, schema), schema, rows)
        except Exception as error:
            raise CannotConvertError(f"onnxruntime cannot run it: {_short(error)}.") from error


def _short(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}" if not text else text.partition(". ")[0][:160].rstrip(".")
