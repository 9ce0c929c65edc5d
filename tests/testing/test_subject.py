"""A model under test: what it says as a table, trained and served, whatever kind it is."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier

from mltool import measure
from mltool.errors import UserError
from mltool.testing import check, subject
from mltool.testing.subject import Recipe, Subject

ROWS = pd.DataFrame({"a": np.linspace(-1, 1, 30), "b": np.tile([0.0, 1.0, 2.0], 10)})
AMOUNT = 1000 * ROWS["a"] + ROWS["b"]
KIND = ROWS["b"].map({0.0: "low", 1.0: "mid", 2.0: "top"})


def recipe(folder: Path, **more: Any) -> Recipe:
    known = {"name": "m", "revision": "work tree", "file": str(folder / "model.skops"), "export": str(folder)}
    return Recipe(**{**known, **more})


def exported(folder: Path, model: Any, task: str, classes: list[str], expected: dict[str, Any], **more: Any) -> Subject:
    """Write the model with a schema and one golden row as its export, and load it."""
    measure.save_model(model, folder / "model.skops")
    inputs = [{"name": name, "type": "number"} for name in ("a", "b")]
    document = {"schema": "mltool.model/1", "task": task, "classes": classes, "columns": ["a", "b"], "inputs": inputs}
    (folder / "schema.json").write_text(json.dumps(document | more))
    line = {"id": "one", "row": {"a": -1.0, "b": 0.0}, "expected": expected}
    (folder / "golden.jsonl").write_text(json.dumps(line) + "\n")
    return subject.load(recipe(folder))


def test_a_regression_says_values_and_is_served_within_its_share(tmp_path: Path) -> None:
    model = exported(tmp_path, LinearRegression().fit(ROWS, AMOUNT), "regression", [], {"value": -1000.0})
    said = model.predict(ROWS.set_index(ROWS.index + 100))
    assert list(said.columns) == ["value"]
    assert said.index[0] == 100
    check.served(model, ROWS)
    check.directional(model.predict, ROWS, lambda rows: rows.assign(a=rows["a"] + 1), "up")


def test_several_classes_have_a_score_each(tmp_path: Path) -> None:
    fitted = LogisticRegression(C=100).fit(ROWS, KIND)
    scores = dict(zip(["low", "mid", "top"], fitted.predict_proba(ROWS.head(1))[0].tolist(), strict=True))
    golden = {"label": "low", "scores": scores}
    model = exported(tmp_path, fitted, "multiclass", ["low", "mid", "top"], golden)
    said = model.predict(ROWS)
    assert list(said.columns) == ["label", "score_low", "score_mid", "score_top"]
    assert said.filter(like="score_").sum(axis=1).to_numpy() == pytest.approx(1)
    check.served(model, ROWS)
    check.minimum(model.predict, ROWS.head(3), ["low", "mid", "top"])


def test_a_classifier_without_probabilities_says_labels(tmp_path: Path) -> None:
    measure.save_model(RidgeClassifier().fit(ROWS, AMOUNT > 0), tmp_path / "model.skops")
    model = subject.load(recipe(tmp_path))
    assert list(model.predict(ROWS).columns) == ["label"]
    with pytest.raises(UserError, match=r"schema\.json of the model m cannot be read"):
        check.served(model, ROWS)


def test_a_model_without_column_names_is_asked_in_the_order_of_its_schema(tmp_path: Path) -> None:
    fitted = LinearRegression().fit(ROWS.to_numpy(), AMOUNT)
    model = exported(tmp_path, fitted, "regression", [], {"value": -1000.0})
    assert model.predict(ROWS[["b", "a"]])["value"].to_numpy() == pytest.approx(AMOUNT.to_numpy())
    with pytest.raises(UserError, match="The rows have no column `a`"):
        model.predict(ROWS[["b"]])


def test_a_served_model_that_says_something_else_is_found_with_its_rows(tmp_path: Path) -> None:
    model = exported(tmp_path, LinearRegression().fit(ROWS, AMOUNT), "regression", [], {"value": -1000.0})
    other = subject.load(recipe(tmp_path))
    # Trained again after the export: what is served is the old one.
    measure.save_model(LinearRegression().fit(ROWS, AMOUNT + 10), tmp_path / "model.skops")
    fresh = Subject(recipe=model.recipe, fitted=other.fitted, predict=subject.load(recipe(tmp_path)).predict)
    with pytest.raises(AssertionError, match=r"`value` is not the same in 30 of 30 rows[\s\S]*value served"):
        check.served(fresh, ROWS)


def test_a_loader_predicts_as_it_will_when_it_serves(tmp_path: Path) -> None:
    (tmp_path / "loader.py").write_text(
        "def load(folder):\n"
        "    scale = float((folder / 'model.txt').read_text())\n"
        "    return lambda rows: [scale * row['a'] for row in rows]\n"
    )
    exported(tmp_path, LinearRegression().fit(ROWS, AMOUNT), "regression", [], {"value": -2.0}, backend="loader")
    (tmp_path / "model.txt").write_text("2")
    made = recipe(tmp_path, file=str(tmp_path / "model.txt"), loader=str(tmp_path / "loader.py"))
    model = subject.load(made)
    assert model.predict(ROWS)["value"].to_numpy() == pytest.approx(2 * ROWS["a"].to_numpy())
    with pytest.raises(UserError, match="run by its loader"):
        check.served(model, ROWS)
    (tmp_path / "loader.py").write_text("raise RuntimeError('no')\n")
    with pytest.raises(UserError, match=r"loader\.py cannot be used: RuntimeError: no"):
        subject.load(made)


def test_a_pickle_is_not_loaded_unless_the_policy_says_so(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(UserError, match="loading one runs whatever code is in it"):
        subject.load(recipe(tmp_path, file=str(tmp_path / "model.pkl")))


def test_a_recipe_comes_back_as_it_was(tmp_path: Path) -> None:
    made = recipe(tmp_path, trusted=("a.B",), pickle=True, loader="l.py")
    assert subject.recipe(made.text()) == made
