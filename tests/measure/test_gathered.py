"""A graph takes all columns of a type at once, and says the same as before."""

import json
from typing import Any

import numpy as np
import onnx
import pandas as pd
import pytest
from onnxruntime import InferenceSession
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import BooleanTensorType, FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from mltool.measure.export.gathered import gather
from mltool.serving.backend_onnx import COLUMNS

TYPES = {
    "numbers": FloatTensorType,
    "city": StringTensorType,
    "size": FloatTensorType,
    "wet": BooleanTensorType,
    "size_places": FloatTensorType,
    "kind": StringTensorType,
    "weight": FloatTensorType,
}
TEXTS = {"city", "kind"}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    chance = np.random.default_rng(3)
    numbers = [name for name in TYPES if name not in TEXTS | {"wet"}]
    texts = {name: chance.choice(["a", "b", "c"], 100) for name in sorted(TEXTS)}
    made = pd.DataFrame(chance.normal(size=(100, len(numbers))), columns=numbers).assign(**texts)
    return made.assign(wet=chance.random(100) < 0.5)[list(TYPES)]


def fitted(table: pd.DataFrame) -> Pipeline:
    """Return a model that joins two columns, uses others alone, one of them twice, and one not at all."""
    parts = [
        ("joined", StandardScaler(), ["weight", "numbers"]),
        ("alone", StandardScaler(), ["size"]),
        ("texts", OneHotEncoder(handle_unknown="ignore"), ["kind", "city"]),
        ("again", "passthrough", ["size", "wet"]),
    ]
    return make_pipeline(ColumnTransformer(parts), LogisticRegression()).fit(table, table["size"] > 0)


def converted(model: Pipeline) -> Any:
    types = [(name, kind([None, 1])) for name, kind in TYPES.items()]
    return convert_sklearn(model, initial_types=types, options={id(model): {"zipmap": False}}, target_opset=18)


def said(graph: Any, fed: dict[str, Any]) -> np.ndarray:
    session = InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(["probabilities"], fed)[0])


def cells(table: pd.DataFrame, names: list[str]) -> np.ndarray:
    kind = {FloatTensorType: np.float32, StringTensorType: object, BooleanTensorType: bool}[TYPES[names[0]]]
    return table[names].to_numpy(dtype=kind)


def test_a_graph_has_one_input_for_each_type_and_says_the_same(table: pd.DataFrame) -> None:
    graph = converted(fitted(table))
    apart = said(graph, {name: cells(table, [name]) for name in TYPES})

    gather(graph)

    onnx.checker.check_model(graph)
    columns = json.loads({each.key: each.value for each in graph.metadata_props}[COLUMNS])
    assert columns == {
        "numbers_": ["numbers", "size", "size_places", "weight"],
        "texts": ["city", "kind"],
        "flags": ["wet"],
    }
    assert np.array_equal(said(graph, {name: cells(table, held) for name, held in columns.items()}), apart)
