"""What an export leaves: a schema told from the rows, golden rows the server repeats, ONNX only where it is as good."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.svm import SVC

from mltool import measure
from mltool.errors import UserError
from mltool.measure.export import exporting, to_onnx
from mltool.measure.export.exporting import Asked, Exported, Policy
from mltool.serving import backend_loader, backend_onnx, backend_sklearn, golden, schema

TEXTS = ["city", "kind"]
NUMBERS = ["size", "count", "wet"]


def rows_of(load: Callable[..., Any], names: list[str] | None = None) -> pd.DataFrame:
    frame = load(as_frame=True).frame.rename(columns={"target": "y_true"})
    return frame.assign(y_true=np.array(names)[frame["y_true"]]) if names else frame


@pytest.fixture(scope="module")
def mixed() -> pd.DataFrame:
    """Return rows of texts (one with holes), numbers with holes, whole numbers and truth values."""
    chance = np.random.default_rng(5)
    rows = pd.DataFrame(
        {
            "city": chance.choice(["Oslo", "Rome", "Lima"], 300),
            "kind": chance.choice(["a", "b", None], 300),
            "size": np.where(chance.random(300) < 0.1, np.nan, chance.normal(size=300).round(3)),
            "count": chance.integers(0, 9, 300),
            "wet": chance.random(300) < 0.5,
        }
    )
    return rows.assign(y_true=(rows["city"].eq("Rome") ^ rows["count"].gt(4)).astype(int))


def prepared() -> ColumnTransformer:
    texts = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
    return ColumnTransformer([("texts", texts, TEXTS), ("numbers", make_pipeline(SimpleImputer()), NUMBERS)])


def exported(
    model: Any, rows: pd.DataFrame, folder: Path, *, onnx: bool = True, policy: Policy | None = None
) -> Exported:
    """Fit on every second row and export with the others."""
    train, others = rows.iloc[::2], rows.iloc[1::2]
    measure.save_model(model.fit(train.drop(columns="y_true"), train["y_true"]), folder / "model.skops")
    return again(train, others, folder, onnx=onnx, policy=policy)


def again(
    train: pd.DataFrame, others: pd.DataFrame, folder: Path, *, onnx: bool = True, policy: Policy | None = None
) -> Exported:
    measure.write(folder / "train.parquet", train)
    measure.write(folder / "others.parquet", others)
    asked = Asked(
        model=folder / "model.skops",
        training=folder / "train.parquet",
        others=folder / "others.parquet",
        truth="y_true",
        out=folder / "out",
    )
    return exporting.export(asked, policy or Policy(name="m"), convert=to_onnx.attempt if onnx else None)


def document(folder: Path, name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads((folder / "out" / f"{name}.json").read_bytes())
    return found


def replayed(folder: Path) -> tuple[golden.Difference, ...]:
    """Return what the server answers differently, with the backend that the schema names."""
    shape = schema.read((folder / "out/schema.json").read_bytes())
    examples = golden.read((folder / "out/golden.jsonl").read_bytes())
    if shape.backend == "onnx":
        predict = backend_onnx.load(folder / "out/model.onnx", shape)
    else:
        predict = backend_sklearn.bind(measure.load_model(folder / "model.skops"), shape, examples)
    for example in examples:
        schema.Rows.of(shape).read(json.dumps(example.row).encode())
    return golden.replay(predict, shape, examples)


PUBLIC: dict[str, tuple[pd.DataFrame, Any]] = {
    "a cancer by trees": (rows_of(load_breast_cancer), HistGradientBoostingClassifier(max_iter=10, random_state=0)),
    "a cancer by a line": (rows_of(load_breast_cancer), make_pipeline(StandardScaler(), LogisticRegression())),
    "an iris": (rows_of(load_iris, ["setosa", "versicolor", "virginica"]), LogisticRegression(max_iter=1000)),
    "a wine by a forest": (rows_of(load_wine), RandomForestClassifier(10, random_state=0)),
    "a wine by its neighbours": (rows_of(load_wine), make_pipeline(StandardScaler(), KNeighborsClassifier())),
    "a disease by a line": (rows_of(load_diabetes), Ridge()),
    "a disease by trees": (rows_of(load_diabetes), GradientBoostingRegressor(n_estimators=10, random_state=0)),
}


@pytest.mark.parametrize("name", PUBLIC)
@pytest.mark.parametrize("onnx", [True, False])
def test_the_server_repeats_every_golden_row_of_models_of_public_data(name: str, *, onnx: bool, tmp_path: Path) -> None:
    rows, model = PUBLIC[name]
    done = exported(model, rows, tmp_path, onnx=onnx)
    assert replayed(tmp_path) == ()
    assert done.backend == document(tmp_path, "schema")["backend"] == ("onnx" if onnx else "sklearn")
    export = document(tmp_path, "export")
    if onnx:
        assert export["onnx"]["rows"] == len(rows) // 2
        assert export["onnx"]["max_difference"] <= 1e-5
        assert export["onnx"]["label_flips"] == 0
    else:
        assert (export["onnx"], export["onnx_reason"]) == (None, "Not asked for.")
        assert "pandas" not in export["libraries"]
    for path, digests in export["files"].items():
        content = Path(path).read_bytes()
        assert digests == {
            "sha256": hashlib.sha256(content).hexdigest(),
            "md5": hashlib.md5(content).hexdigest(),
            "size": len(content),
        }


@pytest.mark.parametrize("onnx", [True, False])
def test_texts_holes_truth_values_and_a_threshold_are_served_as_they_were_learned(
    mixed: pd.DataFrame, *, onnx: bool, tmp_path: Path
) -> None:
    model = FixedThresholdClassifier(make_pipeline(prepared(), LogisticRegression()), threshold=0.35)
    done = exported(model, mixed, tmp_path, onnx=onnx)
    assert done.backend == ("onnx" if onnx else "sklearn")
    assert replayed(tmp_path) == ()
    found = document(tmp_path, "schema")
    assert found["threshold"] == 0.35
    train = mixed.iloc[::2]
    assert found["inputs"] == [
        {"name": "city", "type": "string", "nullable": False, "categories": ["Lima", "Oslo", "Rome"]},
        {"name": "kind", "type": "string", "nullable": True, "categories": ["a", "b"]},
        {
            "name": "size",
            "type": "number",
            "nullable": True,
            "minimum": train["size"].min(),
            "maximum": train["size"].max(),
        },
        {"name": "count", "type": "integer", "nullable": False, "minimum": 0, "maximum": 8},
        {"name": "wet", "type": "boolean", "nullable": False},
    ]
    lines = [json.loads(line) for line in (tmp_path / "out/golden.jsonl").read_text().splitlines()]
    names = {line["id"] for line in lines if line["id"].startswith("edge")}
    assert names <= {
        *("edge-null-kind", "edge-null-size", "edge-null-all", "edge-unseen-city", "edge-unseen-kind"),
        *("edge-minimum-size", "edge-maximum-size", "edge-minimum-count", "edge-maximum-count"),
    }
    assert {"edge-null-all", "edge-unseen-city"} <= names
    assert {line["expected"]["label"] for line in lines} == {0, 1}
    assert all((line["expected"]["score"] >= 0.35) == line["expected"]["label"] for line in lines)


@pytest.mark.slow
def test_the_same_model_and_rows_leave_the_same_bytes_whatever_the_order_of_hashes(
    mixed: pd.DataFrame, tmp_path: Path
) -> None:
    train = mixed.iloc[::2]
    model = make_pipeline(prepared(), LogisticRegression()).fit(train.drop(columns="y_true"), train["y_true"])
    measure.save_model(model, tmp_path / "model.skops")
    measure.write(tmp_path / "rows.parquet", mixed)
    left = []
    for seed in ("1", "3", "4"):
        words = ["model.skops", "--rows", "rows.parquet", "--golden", "rows.parquet", "--out", "release/m"]
        program = [sys.executable, "-m", "mltool", "measure", "export", *words]
        subprocess.run(program, cwd=tmp_path, env={**os.environ, "PYTHONHASHSEED": seed}, check=True)
        files = sorted((tmp_path / "release/m").iterdir())
        assert [path.name for path in files] == ["export.json", "golden.jsonl", "model.onnx", "schema.json"]
        left.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in files])
    assert left[0] == left[1] == left[2]


def test_a_value_the_model_refuses_closes_its_column(mixed: pd.DataFrame, tmp_path: Path) -> None:
    columns = ColumnTransformer([("texts", OneHotEncoder(), ["city"])], remainder="passthrough")
    exported(make_pipeline(columns, LogisticRegression()), mixed.drop(columns=["kind", "size"]), tmp_path)
    assert document(tmp_path, "schema")["inputs"][0]["closed"] is True
    assert '"edge-unseen' not in (tmp_path / "out/golden.jsonl").read_text()
    assert replayed(tmp_path) == ()
    shape = schema.read((tmp_path / "out/schema.json").read_bytes())
    with pytest.raises(schema.RowsError) as refused:
        schema.Rows.of(shape).read(b'{"city": "Paris", "count": 3, "wet": true}')
    assert refused.value.first is not None
    assert refused.value.first.expected == "one of Lima, Oslo, Rome"
    assert str(refused.value) == "'city' is not one of Lima, Oslo, Rome"


def test_a_column_with_holes_only_in_the_golden_table_may_have_holes(mixed: pd.DataFrame, tmp_path: Path) -> None:
    rows = mixed.drop(columns=["kind"]).dropna()
    train, others = rows.iloc[::2], rows.iloc[1::2].astype({"count": float})
    others.iloc[0, others.columns.get_loc("count")] = np.nan
    trees = HistGradientBoostingClassifier(max_iter=5, random_state=0)
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    model = make_pipeline(ColumnTransformer([("t", encoder, ["city"])], remainder="passthrough"), trees)
    measure.save_model(model.fit(train.drop(columns="y_true"), train["y_true"]), tmp_path / "model.skops")
    again(train, others, tmp_path)
    (count,) = (item for item in document(tmp_path, "schema")["inputs"] if item["name"] == "count")
    assert (count["type"], count["nullable"]) == ("number", True)
    assert replayed(tmp_path) == ()


def test_what_has_no_onnx_form_says_so_in_one_sentence_and_leaves_none(tmp_path: Path) -> None:
    rows = rows_of(load_diabetes)
    exported(Ridge(), rows, tmp_path)
    assert (tmp_path / "out/model.onnx").exists()
    model = TransformedTargetRegressor(Ridge(), func=np.log1p, inverse_func=np.expm1)
    done = exported(model, rows, tmp_path)
    assert done.backend == "sklearn"
    assert not (tmp_path / "out/model.onnx").exists()
    reason = document(tmp_path, "export")["onnx_reason"]
    assert reason.startswith("skl2onnx cannot convert it: Unable to find a shape calculator")
    assert len(reason) < 250
    assert document(tmp_path, "export")["onnx"] is None
    assert replayed(tmp_path) == ()


def test_categories_of_histogram_trees_are_not_turned_into_numbers_behind_ones_back(
    mixed: pd.DataFrame, tmp_path: Path
) -> None:
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    trees = HistGradientBoostingClassifier(max_iter=5, random_state=0, categorical_features=[0])
    model = make_pipeline(ColumnTransformer([("t", encoder, ["city"])], remainder="passthrough"), trees)
    done = exported(model, mixed.drop(columns=["kind", "size"]), tmp_path)
    assert done.attempt.reason == (
        "skl2onnx cannot convert it: histogram trees with categorical_features have no ONNX form; encode them before."
    )


def test_a_split_at_the_mean_of_two_values_that_is_a_third_but_for_the_last_bit_splits_the_same_in_onnx(
    tmp_path: Path,
) -> None:
    # (51.98 + 53.06) / 2 is 52.519999999999996, so 52.52 goes right; in 32 bits it would go left.
    values = np.repeat([51.98, 53.06], 60)
    rows = pd.DataFrame({"temp": values, "y_true": (values > 52.6).astype(int)})
    trees = HistGradientBoostingClassifier(max_iter=3, random_state=0)
    trees.fit(rows[["temp"]], rows["y_true"])
    assert {node["num_threshold"] for node in trees._predictors[0][0].nodes if not node["is_leaf"]} == {
        52.519999999999996
    }
    measure.save_model(trees, tmp_path / "model.skops")
    others = pd.concat([rows, pd.DataFrame({"temp": [52.52, 52.5, 52.54], "y_true": [1, 0, 1]})])
    done = again(rows, others, tmp_path)
    assert done.backend == "onnx", done.attempt.reason


def test_a_split_at_what_a_scaler_makes_of_imputed_values_splits_the_same_in_onnx(tmp_path: Path) -> None:
    chance = np.random.default_rng(4)
    rows = pd.DataFrame(chance.normal(size=(1600, 4)), columns=list("abcd"))
    rows = rows.assign(y_true=(rows["a"] * rows["b"] > 0).astype(int)).mask(chance.random((1600, 5)) < [0.2] * 4 + [0])
    trees = HistGradientBoostingClassifier(max_iter=20, random_state=0)
    model = make_pipeline(
        ColumnTransformer([("n", make_pipeline(SimpleImputer(), StandardScaler()), list("abcd"))]), trees
    )
    done = exported(model, rows.astype({"y_true": int}), tmp_path)
    splits = {node["num_threshold"] for (tree,) in trees._predictors for node in tree.nodes if not node["is_leaf"]}
    # The mean less the mean is not quite 0 in 64 bits, and is 0 in 32.
    assert any(-1e-15 < split < 0 for split in splits)
    assert done.backend == "onnx", done.attempt.reason
    assert replayed(tmp_path) == ()


def test_onnx_that_says_something_else_is_not_kept(mixed: pd.DataFrame, tmp_path: Path) -> None:
    rows = mixed.drop(columns=["city", "kind", "wet"]).dropna()
    # Two numbers that a tree tells apart and 32 bits do not.
    rows = rows.assign(size=np.where(rows["y_true"] == 1, 1 + 1e-12, 1.0))
    trees = HistGradientBoostingClassifier(max_iter=5, random_state=0, min_samples_leaf=5)
    done = exported(trees, rows, tmp_path)
    assert done.backend == "sklearn"
    assert done.attempt.reason.startswith("ONNX differs from scikit-learn by up to ")
    assert "labels flip" in done.attempt.reason
    assert replayed(tmp_path) == ()


@pytest.mark.filterwarnings("ignore:X has feature names")
def test_pandas_is_among_the_libraries_only_where_the_model_asks_for_it(mixed: pd.DataFrame, tmp_path: Path) -> None:
    rows = mixed.drop(columns=["kind"]).astype({"city": "category"})
    trees = HistGradientBoostingClassifier(max_iter=5, random_state=0, categorical_features="from_dtype")
    exported(trees, rows, tmp_path, onnx=False)
    assert "pandas" not in document(tmp_path, "export")["libraries"]
    assert replayed(tmp_path) == ()
    scaled = make_pipeline(StandardScaler().set_output(transform="pandas"), LogisticRegression())
    exported(scaled, mixed[["count", "wet", "y_true"]], tmp_path, onnx=False)
    assert "pandas" in document(tmp_path, "export")["libraries"]
    assert replayed(tmp_path) == ()


def test_a_model_that_fails_on_the_golden_table_is_a_sentence(mixed: pd.DataFrame, tmp_path: Path) -> None:
    train = mixed[["size", "count", "y_true"]].dropna()
    measure.save_model(
        LogisticRegression().fit(train.drop(columns="y_true"), train["y_true"]), tmp_path / "model.skops"
    )
    with pytest.raises(UserError, match="The model cannot predict the rows: ValueError: Input X contains NaN"):
        again(train, mixed, tmp_path)
    with pytest.raises(UserError, match="has no column `count`, which the model takes"):
        again(train, mixed.drop(columns="count"), tmp_path)


def test_a_model_that_is_undecided_about_everything_says_nothing(tmp_path: Path) -> None:
    rows = pd.DataFrame({"one": [1.0, 2.0] * 20, "y_true": [0, 0, 1, 1] * 10})
    with pytest.raises(UserError, match="the model is undecided about every row"):
        exported(DummyClassifier(), rows, tmp_path)


REFUSED: dict[str, tuple[Any, str]] = {
    "labels that do not follow from scores": (
        SVC(probability=True, random_state=0),
        "rows the label is not that of the highest probability. Wrap the model in CalibratedClassifierCV",
    ),
    "no probabilities": (RidgeClassifier(), "RidgeClassifier says no probabilities and is no regression"),
}


@pytest.mark.filterwarnings("ignore:The `probability` parameter:FutureWarning")
@pytest.mark.parametrize("name", REFUSED)
def test_a_classifier_that_cannot_be_served_is_refused(name: str, tmp_path: Path) -> None:
    model, sentence = REFUSED[name]
    rows = rows_of(load_breast_cancer)[["mean texture", "mean smoothness", "y_true"]]
    with pytest.raises(UserError, match=sentence):
        exported(model, rows, tmp_path)
    assert not (tmp_path / "out").exists()


def test_several_targets_a_model_that_is_not_fitted_and_lost_names_are_refused(tmp_path: Path) -> None:
    rows = rows_of(load_iris)
    both = MultiOutputClassifier(LogisticRegression(max_iter=1000)).fit(
        rows.drop(columns="y_true"), rows[["y_true", "y_true"]].to_numpy()
    )
    for model, sentence in (
        (both, "predicts 2 things at once"),
        (LogisticRegression(), "is not fitted"),
        (Ridge().fit(rows[["sepal length (cm)"]].to_numpy(), rows["y_true"]), "fitted on 1 columns without names, and"),
        (Ridge().fit(rows[["y_true"]].rename(columns={"y_true": "age"}), rows["y_true"]), "has no column `age`"),
    ):
        measure.save_model(model, tmp_path / "model.skops")
        with pytest.raises(UserError, match=sentence):
            again(rows, rows, tmp_path)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda rows: rows.assign(size=np.inf), "`size` has infinite values"),
        (lambda rows: rows.assign(size=np.nan), "`size` is empty in all 150 rows"),
        (lambda rows: rows.assign(size=pd.Timestamp("2024-01-01")), "`size` holds Timestamp; a request holds texts"),
        (lambda rows: rows.drop(columns="size"), "has no column `size`, which the model takes"),
    ],
)
def test_rows_that_no_request_can_hold_are_refused(
    mixed: pd.DataFrame, change: Callable[[pd.DataFrame], pd.DataFrame], sentence: str, tmp_path: Path
) -> None:
    train = mixed.iloc[::2]
    model = make_pipeline(prepared(), LogisticRegression()).fit(train.drop(columns="y_true"), train["y_true"])
    measure.save_model(model, tmp_path / "model.skops")
    with pytest.raises(UserError, match=sentence):
        again(change(train), mixed.iloc[1::2], tmp_path)


class Doubled(BaseEstimator):
    """A step of this project's own."""

    def fit(self, rows: Any, truth: Any = None) -> "Doubled":
        self.fitted_ = True
        return self

    def transform(self, rows: Any) -> Any:
        return np.asarray(rows, dtype=float) * 2


def test_a_type_of_our_own_is_trusted_by_the_policy_only_and_never_shipped(tmp_path: Path) -> None:
    rows = rows_of(load_iris)
    model = make_pipeline(Doubled(), LogisticRegression(max_iter=1000))
    with pytest.raises(UserError) as refused:
        exported(model, rows, tmp_path)
    kind = f"{Doubled.__module__}.Doubled"
    assert f"holds the type {kind}, not trusted here" in refused.value.what
    assert refused.value.remedy.endswith(f'under [models.m]: trusted = ["{kind}"]')


LOADER = """
import csv

def load(folder):
    lines = (folder / "model.csv").read_text().splitlines()
    weights = {row["name"]: float(row["weight"]) for row in csv.DictReader(lines)}
    def predict(rows):
        return [{"label": int(score >= 0.5), "score": score} for score in
                (min(1.0, max(0.0, sum(weights[name] * row[name] for name in weights))) for row in rows)]
    return predict
"""


def test_another_framework_is_served_by_its_loader(tmp_path: Path) -> None:
    rows = rows_of(load_breast_cancer)[["mean texture", "mean radius", "y_true"]]
    rows.columns = pd.Index(["texture", "radius", "y_true"])
    (tmp_path / "model.csv").write_text("name,weight\ntexture,-0.01\nradius,0.05\n")
    (tmp_path / "loader.py").write_text(LOADER)
    measure.write(tmp_path / "rows.parquet", rows.assign(id=1))
    asked = Asked(
        model=tmp_path / "model.csv",
        training=tmp_path / "rows.parquet",
        others=tmp_path / "rows.parquet",
        truth="y_true",
        out=tmp_path / "out",
        columns=("texture", "radius"),
    )
    policy = Policy(name="m", loader=str(tmp_path / "loader.py"), packages=("msgspec",))
    done = exporting.export(asked, policy, convert=to_onnx.attempt)
    assert done.backend == document(tmp_path, "schema")["backend"] == "loader"
    assert list(document(tmp_path, "export")["libraries"]) == ["msgspec"]
    shape = schema.read((tmp_path / "out/schema.json").read_bytes())
    examples = golden.read((tmp_path / "out/golden.jsonl").read_bytes())
    assert shape.classes == (0, 1)
    predict = backend_loader.load(tmp_path / "loader.py", tmp_path, shape)
    assert golden.replay(predict, shape, examples) == ()
    (tmp_path / "loader.py").write_text(LOADER.replace("weights[name] *", "weights[name] / 0 *"))
    with pytest.raises(UserError, match="The loader's function cannot predict the rows: ZeroDivisionError"):
        exporting.export(asked, policy, convert=None)
    (tmp_path / "loader.py").write_text(
        LOADER.replace("min(1.0, max(0.0, ", "((").replace('"score": score', '"score": 9 * score')
    )
    with pytest.raises(UserError, match=r"scores outside of 0 to 1, such as .*: they are probabilities"):
        exporting.export(asked, policy, convert=None)
    (tmp_path / "loader.py").write_text("import nothing_of_this_name")
    with pytest.raises(UserError, match=r"loader\.py cannot load .*model\.csv: ModuleNotFoundError"):
        exporting.export(asked, policy, convert=None)
    (tmp_path / "loader.py").write_text(LOADER)
    with pytest.raises(UserError, match="The package no-such-thing is not installed here"):
        exporting.export(asked, Policy(name="m", loader=policy.loader, packages=("no-such-thing",)), convert=None)


def test_the_command_reads_the_policy_of_the_repository_and_refuses_pickles_until_told(
    mixed: pd.DataFrame, tmp_path: Path
) -> None:
    import joblib  # noqa: PLC0415 - only this test writes one

    train = mixed.iloc[::2]
    model = make_pipeline(prepared(), LogisticRegression()).fit(train.drop(columns="y_true"), train["y_true"])
    joblib.dump(model, tmp_path / "model.joblib")
    measure.write(tmp_path / "rows.csv", mixed)

    def command() -> "subprocess.CompletedProcess[str]":
        words = ["model.joblib", "--rows", "rows.csv", "--golden", "rows.csv", "--out", "release/toys"]
        program = [sys.executable, "-m", "mltool", "measure", "export", *words]
        return subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, check=False)

    refused = command()
    assert refused.returncode == 2
    assert "model.joblib is a pickle, and loading one runs whatever code is in it" in refused.stderr
    assert "`pickle = true` under [models.toys]" in refused.stderr
    (tmp_path / "mltool.toml").write_text('[models.toys]\npath = "model.joblib"\npickle = true\n')
    done = command()
    assert done.returncode == 0, done.stderr
    assert "Wrote release/toys/model.onnx" in done.stdout
    assert json.loads((tmp_path / "release/toys/export.json").read_bytes())["types"] == []
