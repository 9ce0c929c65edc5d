"""Predict with ONNX Runtime."""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import onnxruntime

from . import answers
from .schema import Predict, Prediction, Row, Schema

COLUMNS: Final = "mltool.columns"
"""Where a graph's metadata says which columns each input holds: {input: [column, …]} as JSON."""

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
    feeds = _feeds(session, schema)
    names, run = [_output(session, schema)], session.run

    def predict(rows: Sequence[Row]) -> list[Prediction]:
        return _answer(schema, run(names, feeds(rows))[0]) if rows else []

    return predict


def _feeds(session: Any, schema: Schema) -> Feeds:
    """Return what makes the graph's inputs of rows."""
    kinds = {each.name: _kind(each.name, each.type) for each in session.get_inputs()}
    columns = _columns(session, list(kinds), schema)
    if missing := {name for held in columns.values() for name in held} - set(schema.columns):
        raise ValueError(f"the graph asks for {', '.join(sorted(missing))}, which the schema does not have")
    parts = [(name, kinds[name], _picking(held, schema)) for name, held in columns.items()]

    def feeds(rows: Sequence[Row]) -> dict[str, Any]:
        return {name: _table(pick(rows), kind) for name, kind, pick in parts}

    return feeds


def _columns(session: Any, inputs: Sequence[str], schema: Schema) -> Mapping[str, Sequence[str]]:
    """Return the columns of each input: those that the graph names; without a word all in one, or one in each."""
    if named := session.get_modelmeta().custom_metadata_map.get(COLUMNS):
        columns = msgspec.json.decode(named, type=dict[str, tuple[str, ...]])
        if columns.keys() != set(inputs):
            raise ValueError("the graph names the columns of other inputs than it has")
        return columns
    if len(inputs) == 1 and inputs != list(schema.columns):
        return {inputs[0]: schema.columns}
    return {name: (name,) for name in inputs}


def _picking(columns: Sequence[str], schema: Schema) -> Callable[[Sequence[Row]], Sequence[Row]]:
    """Return what takes these columns out of rows."""
    places = [schema.columns.index(name) for name in columns]
    if places == list(range(len(schema.columns))):
        return lambda rows: rows
    if len(places) == 1:
        return lambda rows: [(row[places[0]],) for row in rows]
    pick = itemgetter(*places)
    return lambda rows: [pick(row) for row in rows]


def _table(rows: Sequence[Row], kind: Any) -> np.ndarray:
    """Return cells as an array, with what stands for null: NaN for a number, an empty text for a text."""
    if kind in _NUMBERS:
        return np.array(rows, dtype=kind)  # None becomes NaN
    if any(None in row for row in rows):
        if kind is not np.object_:
            raise ValueError(f"the graph has no {np.dtype(kind)} for null")
        rows = [tuple("" if cell is None else cell for cell in row) for row in rows]
    return np.array(rows, dtype=kind)


def _kind(name: str, type_: str) -> Any:
    if type_ not in _KINDS:
        raise ValueError(f"the graph's input {name} is a {type_}, which is not served")
    return _KINDS[type_]


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
