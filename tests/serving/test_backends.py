"""Models are bound to the schema's columns, in the cheapest way that gives the golden predictions."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from onnx import TensorProto, helper, numpy_helper
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC

from mltool.serving import backend_loader, backend_onnx, backend_sklearn, backends, golden, manifest, schema
from mltool.serving.golden import Golden
from mltool.serving.schema import Predict, Schema
from support import served

SEEN: list[type] = []


class Witness(TransformerMixin, BaseEstimator):
    """Passes on what it gets, and remembers what that was."""

    def fit(self, table: Any, truth: Any = None) -> "Witness":
        self.fitted_ = True
        return self

    def transform(self, table: Any) -> Any:
        SEEN.append(type(table))
        return table


class ByName(TransformerMixin, BaseEstimator):
    """Needs the names of the columns."""

    def fit(self, table: Any, truth: Any = None) -> "ByName":
        self.fitted_ = True
        return self

    def transform(self, table: Any) -> Any:
        return table[["hour", "distance"]].to_numpy()


def frame() -> pd.DataFrame:
    chance = np.random.default_rng(1)
    made = pd.DataFrame(
        {
            "carrier": chance.choice(["AA", "DL", "UA"], 200),
            "hour": chance.integers(0, 24, 200).astype(float),
            "distance": chance.normal(1000, 300, 200),
        }
    )
    made.loc[::17, "hour"] = np.nan
    return made


FRAME = frame()
NUMBERS = ["distance", "hour"]
TRUTH = (FRAME["hour"].fillna(0) > 12).to_numpy()


def described(columns: Sequence[str], task: str = "binary", **more: Any) -> Schema:
    inputs = [
        {
            "name": name,
            "type": "string" if name == "carrier" else "number",
            "nullable": name == "hour",
            "categories": ["AA", "DL", "UA"] if name == "carrier" else None,
        }
        for name in columns
    ]
    made = {"schema": schema.FORMAT, "task": task, "inputs": inputs, "columns": list(columns)} | more
    return schema.read(json.dumps({"classes": [False, True] if task == "binary" else []} | made).encode())


def examples(table: pd.DataFrame, expected: Sequence[Any]) -> tuple[Golden, ...]:
    rows = json.loads(table.to_json(orient="records", double_precision=15))
    return tuple(
        Golden(id=str(place), row=row, expected=each)
        for place, (row, each) in enumerate(zip(rows, expected, strict=True))
    )


def scores(model: Any, table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{"label": bool(score > 0.5), "score": float(score)} for score in model.predict_proba(table)[:, 1]]


def agrees(predict: Predict, described: Schema, rows: tuple[Golden, ...]) -> None:
    assert golden.replay(predict, described, rows) == ()
    for each in rows[:3]:
        assert golden.replay(predict, described, (each,)) == ()
    assert predict([]) == []


def test_columns_chosen_by_name_are_bound_by_position_and_pandas_stays_out() -> None:
    parts = [
        ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), NUMBERS),
        ("text", OneHotEncoder(handle_unknown="ignore"), ["carrier"]),
    ]
    model = make_pipeline(Witness(), ColumnTransformer(parts), LogisticRegression()).fit(FRAME, TRUTH)
    rows, known = examples(FRAME, scores(model, FRAME)), described(list(FRAME.columns))
    SEEN.clear()

    agrees(backend_sklearn.bind(model, known, rows), known, rows)

    assert set(SEEN) == {np.ndarray}
    assert list(model[1].feature_names_in_) == list(FRAME.columns), "the model that was given stays as it was"


def test_trees_behind_a_nested_choice_of_columns_are_bound_too() -> None:
    inner = ColumnTransformer([("keep", "passthrough", ["distance"])], remainder="passthrough")
    inner.set_output(transform="default")
    model = make_pipeline(inner, HistGradientBoostingClassifier(max_iter=5)).fit(FRAME[NUMBERS], TRUTH)
    rows, known = examples(FRAME[NUMBERS], scores(model, FRAME[NUMBERS])), described(NUMBERS)

    agrees(backend_sklearn.bind(model, known, rows), known, rows)


def test_a_model_that_needs_names_gets_a_table_with_names() -> None:
    model = make_pipeline(ByName(), SimpleImputer(), LogisticRegression()).fit(FRAME, TRUTH)
    rows, known = examples(FRAME, scores(model, FRAME)), described(list(FRAME.columns))

    agrees(backend_sklearn.bind(model, known, rows), known, rows)


def test_categories_of_the_schema_become_those_of_the_table() -> None:
    table = FRAME.assign(carrier=FRAME["carrier"].astype("category"))
    model = HistGradientBoostingClassifier(max_iter=5, categorical_features="from_dtype").fit(table, TRUTH)
    rows, known = examples(FRAME, scores(model, table)), described(list(FRAME.columns))

    agrees(backend_sklearn.bind(model, known, rows), known, rows)


def test_more_classes_have_a_score_each_and_a_regression_a_value() -> None:
    numbers, truth = FRAME[NUMBERS].fillna(0), FRAME["carrier"].to_numpy()
    classes = LogisticRegression().fit(StandardScaler().fit_transform(numbers), truth)
    many = make_pipeline(StandardScaler(), classes)
    many[0].fit(numbers)
    named = list(many.classes_)
    answers = [
        {"label": named[row.argmax()], "scores": dict(zip(named, row.tolist(), strict=True))}
        for row in many.predict_proba(numbers)
    ]
    rows, known = examples(numbers, answers), described(NUMBERS, "multiclass", classes=named)
    agrees(backend_sklearn.bind(many, known, rows), known, rows)

    line = LinearRegression().fit(numbers, FRAME["distance"])
    rows = examples(numbers, [{"value": float(value)} for value in line.predict(numbers)])
    known = described(NUMBERS, "regression")
    agrees(backend_sklearn.bind(line, known, rows), known, rows)


def test_a_classifier_without_probabilities_gives_labels() -> None:
    numbers = FRAME[NUMBERS].fillna(0)
    model = make_pipeline(StandardScaler(), LinearSVC()).fit(numbers, TRUTH)
    rows = examples(numbers, [{"label": bool(label)} for label in model.predict(numbers)])
    known = described(NUMBERS)

    agrees(backend_sklearn.bind(model, known, rows), known, rows)


def test_columns_or_classes_in_another_order_are_refused() -> None:
    numbers = FRAME[NUMBERS].fillna(0)
    model = LogisticRegression().fit(numbers, TRUTH)
    rows = examples(numbers, scores(model, numbers))

    with pytest.raises(ValueError, match="other columns"):
        backend_sklearn.bind(model, described(NUMBERS[::-1]), rows)
    with pytest.raises(ValueError, match="other classes"):
        backend_sklearn.bind(model, described(NUMBERS, classes=[True, False]), rows)


LOADERS = {
    "scores": ("return lambda rows: [0.25 for row in rows]", [{"label": 0, "score": 0.25}]),
    "dictionaries": ("return lambda rows: [{'label': 1, 'score': 0.9} for row in rows]", [{"label": 1, "score": 0.9}]),
}


@pytest.mark.parametrize("kind", LOADERS)
def test_a_loader_gets_the_folder_of_the_model_and_rows_as_dictionaries(tmp_path: Path, kind: str) -> None:
    body, expected = LOADERS[kind]
    loader = tmp_path / "loader.py"
    loader.write_text(f"def load(folder):\n    assert (folder / 'weights').exists()\n    {body}\n")
    (tmp_path / "model").mkdir()
    (tmp_path / "model/weights").touch()

    predict = backend_loader.load(loader, tmp_path / "model", described(NUMBERS, classes=[0, 1]))

    assert predict([(1.0, 2.0)]) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [("x = 1", "no function load"), ("def load(folder):\n    return lambda rows: []", "0 predictions")],
)
def test_a_loader_that_is_none_is_refused(tmp_path: Path, text: str, said: str) -> None:
    loader = tmp_path / "loader.py"
    loader.write_text(text)

    with pytest.raises(ValueError, match=said):
        backend_loader.load(loader, tmp_path, described(NUMBERS))([(1.0, 2.0)])


def loaded(bundle: Path) -> tuple[Predict, Schema, tuple[Golden, ...]]:
    known = schema.read((bundle / "schema.json").read_bytes())
    rows = golden.read((bundle / "golden.jsonl").read_bytes())
    return backends.load(bundle, known, manifest.read(bundle).manifest, rows), known, rows


@pytest.mark.parametrize("backend", ["sklearn", "onnx"])
def test_a_bundle_predicts_its_golden_rows(tmp_path: Path, backend: str) -> None:
    agrees(*loaded(served.make(tmp_path / "delay", backend=backend)))


def test_with_onnx_the_other_model_file_is_not_opened(tmp_path: Path) -> None:
    loaded(served.make(tmp_path / "delay", backend="onnx", contents={"model/model.skops": b"no model at all"}))


@pytest.mark.parametrize(
    ("contents", "more", "said"),
    [
        ({"model/model.skops": b"no model"}, {}, "no skops file"),
        ({"model/model.pkl": b"x"}, {"files": [{"path": "model/model.pkl", "role": "model"}]}, "does not allow pickle"),
        ({}, {"files": []}, "names 0 model files"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused_with_the_reason(
    tmp_path: Path, contents: Any, more: Any, said: str
) -> None:
    with pytest.raises(backends.BackendError, match=said):
        loaded(served.make(tmp_path / "delay", contents=contents, **more))


def test_a_graph_that_asks_for_other_columns_is_refused(tmp_path: Path) -> None:
    bundle = served.make(tmp_path / "delay", backend="onnx")
    text = (bundle / "schema.json").read_text().replace('"hour"', '"time"')
    (bundle / "schema.json").write_text(text)
    (bundle / "golden.jsonl").write_text((bundle / "golden.jsonl").read_text().replace('"hour"', '"time"'))

    with pytest.raises(backends.BackendError, match="asks for hour"):
        loaded(bundle)


def graph(inputs: dict[str, int], columns: str | None = None) -> bytes:
    """Return a graph that gives the first column of its first input, and takes inputs of so many columns."""
    first = next(iter(inputs))
    taken = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, many]) for name, many in inputs.items()]
    given = helper.make_tensor_value_info("variable", TensorProto.FLOAT, [None, 1])
    places = numpy_helper.from_array(np.array([0]), "places")
    nodes = [helper.make_node("Gather", [first, "places"], ["variable"], axis=1)]
    made = helper.make_model(
        helper.make_graph(nodes, "g", taken, [given], [places]),
        opset_imports=[helper.make_opsetid("", 18)],
        ir_version=8,
    )
    if columns is not None:
        helper.set_model_props(made, {"mltool.columns": columns})
    return bytes(made.SerializeToString())


@pytest.mark.parametrize(
    ("inputs", "columns", "expected"),
    [
        ({"distance": 1, "hour": 1}, None, 1.5),
        ({"hour": 1, "distance": 1}, None, 7.0),
        ({"row": 2}, None, 1.5),
        ({"numbers": 2}, '{"numbers": ["distance", "hour"]}', 1.5),
        ({"numbers": 2}, '{"numbers": ["hour", "distance"]}', 7.0),
        ({"one": 1, "two": 1}, '{"one": ["hour"], "two": ["distance"]}', 7.0),
    ],
)
def test_a_graph_gets_each_column_where_it_takes_it(
    tmp_path: Path, inputs: dict[str, int], columns: str | None, expected: float
) -> None:
    (tmp_path / "model.onnx").write_bytes(graph(inputs, columns))

    predict = backend_onnx.load(tmp_path / "model.onnx", described(NUMBERS, "regression"))

    assert predict([(1.5, 7.0), (1.5, 7.0)]) == [{"value": expected}, {"value": expected}]


def test_null_is_no_number_for_a_graph(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(graph({"numbers": 2}, '{"numbers": ["hour", "distance"]}'))

    ((_, value),) = backend_onnx.load(tmp_path / "model.onnx", described(NUMBERS, "regression"))([(1.5, None)])[
        0
    ].items()

    assert np.isnan(value)


def test_a_graph_whose_columns_are_of_other_inputs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(graph({"numbers": 2}, '{"row": ["hour", "distance"]}'))

    with pytest.raises(ValueError, match="columns of other inputs"):
        backend_onnx.load(tmp_path / "model.onnx", described(NUMBERS, "regression"))
