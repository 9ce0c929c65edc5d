"""Predict with ONNX Runtime."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from . import answers
from .schema import Cell, Predict, Prediction, Row, Schema

Feeds = Callable[[Sequence[Row]], dict[str, Any]]

_KINDS: Mapping[str, Any] = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(bool)": np.bool_,
    "tensor(string)": np.object_,
}
_NUMBERS = (np.float32, np.float64)


def load(path: Path, schema: Schema) -> Predict:
    """Return the graph in a file, bound to the schema's columns. Raises ValueError where it does not fit them."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
    inputs = {each.name: _kind(each.name, each.type) for each in session.get_inputs()}
    feeds = _as_one(inputs) if len(inputs) == 1 and list(inputs) != list(schema.columns) else _apart(inputs, schema)
    names, run = [_output(session, schema)], session.run

    def predict(rows: Sequence[Row]) -> list[Prediction]:
        return _answer(schema, run(names, feeds(rows))[0]) if rows else []

    return predict


def _as_one(inputs: Mapping[str, Any]) -> Feeds:
    """Feed all columns as one table."""
    ((name, kind),) = inputs.items()

    def feeds(rows: Sequence[Row]) -> dict[str, Any]:
        return {name: np.array([_cells(row, kind) for row in rows], dtype=kind)}

    return feeds


def _apart(inputs: Mapping[str, Any], schema: Schema) -> Feeds:
    """Feed each column by its name."""
    if missing := set(inputs) - set(schema.columns):
        raise ValueError(f"the graph asks for {', '.join(sorted(missing))}, which the schema does not have")
    groups = [(kind, tuple(name for name in inputs if inputs[name] is kind)) for kind in dict.fromkeys(inputs.values())]
    places = {name: place for place, name in enumerate(schema.columns)}

    def feeds(rows: Sequence[Row]) -> dict[str, Any]:
        columns = list(zip(*rows, strict=True))
        fed: dict[str, Any] = {}
        for kind, names in groups:
            # One array for all of a kind, and views of it: making many small ones costs more than predicting.
            cells = np.array([_cells(columns[places[name]], kind) for name in names], dtype=kind)
            fed.update(zip(names, cells.reshape(len(names), len(rows), 1), strict=True))
        return fed

    return feeds


def _kind(name: str, type_: str) -> Any:
    if type_ not in _KINDS:
        raise ValueError(f"the graph's input {name} is a {type_}, which is not served")
    return _KINDS[type_]


def _cells(cells: Sequence[Cell], kind: Any) -> Sequence[Cell]:
    """Return cells with what stands for null: NaN for a number, an empty text for a text."""
    if None not in cells:
        return cells
    if kind is np.object_:
        return [cell or "" for cell in cells]
    if kind in _NUMBERS:
        return [np.nan if cell is None else cell for cell in cells]
    raise ValueError(f"the graph has no {np.dtype(kind)} for null")


def _output(session: Any, schema: Schema) -> str:
    """Return the output to ask for: probabilities where the graph has them, else labels or values."""
    outputs = session.get_outputs()
    if schema.task == "regression" or len(outputs) == 1:
        return str(outputs[0].name)
    tensors = [each.name for each in outputs if each.type in ("tensor(float)", "tensor(double)")]
    if not tensors:
        raise ValueError("the graph gives no tensor of probabilities: convert it with zipmap off")
    return str(tensors[-1])


def _answer(schema: Schema, found: np.ndarray) -> list[Prediction]:
    if schema.task == "regression":
        return answers.values(found)
    if found.ndim == 2 and found.shape[1] == len(schema.classes) and found.dtype.kind == "f":
        return answers.probabilities(schema, found)
    return answers.labels(found)
