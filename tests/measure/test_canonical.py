"""A model saved as skops: the same bytes for the same model, and the same model out of the bytes."""

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import skops.io
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import Birch
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.datasets import load_diabetes, load_wine
from sklearn.ensemble import (
    AdaBoostClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import SelectKBest
from sklearn.frozen import FrozenEstimator
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV, TunedThresholdClassifierCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    OneHotEncoder,
    OrdinalEncoder,
    SplineTransformer,
    StandardScaler,
)
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier

from mltool import measure
from mltool.errors import UserError
from mltool.measure.canonical import canonical

WINE, CULTIVAR = load_wine(return_X_y=True)
BODY, PROGRESS = load_diabetes(return_X_y=True)

CLASSIFIERS: dict[str, Any] = {
    "logistic regression": make_pipeline(StandardScaler(), LogisticRegression()),
    "random forest": RandomForestClassifier(8, random_state=0),
    "extra trees": ExtraTreesClassifier(8, random_state=0),
    "gradient boosting": GradientBoostingClassifier(n_estimators=4, random_state=0),
    "histogram boosting": HistGradientBoostingClassifier(max_iter=4, random_state=0),
    "ada boost": AdaBoostClassifier(n_estimators=4, random_state=0),
    "decision tree": DecisionTreeClassifier(random_state=0),
    "support vectors": make_pipeline(StandardScaler(), SVC(random_state=0)),
    "neighbours": make_pipeline(StandardScaler(), KNeighborsClassifier()),
    "naive Bayes": GaussianNB(),
    "perceptron": make_pipeline(StandardScaler(), MLPClassifier((4,), max_iter=2000, random_state=0, tol=0.01)),
    "stochastic gradient": make_pipeline(StandardScaler(), SGDClassifier(random_state=0)),
    "calibrated": make_pipeline(StandardScaler(), CalibratedClassifierCV(LogisticRegression(), cv=2)),
    "chosen columns": make_pipeline(SelectKBest(k=4), KBinsDiscretizer(3), LogisticRegression(max_iter=1000)),
    "splines": make_pipeline(StandardScaler(), SplineTransformer(n_knots=3), LogisticRegression(max_iter=1000)),
    "votes": VotingClassifier([("a", GaussianNB()), ("b", DecisionTreeClassifier(random_state=0))], voting="soft"),
    "stack": StackingClassifier([("a", GaussianNB())], LogisticRegression(), cv=2),
    "search": GridSearchCV(DecisionTreeClassifier(random_state=0), {"max_depth": [1, 2]}, cv=2),
}
REGRESSORS: dict[str, Any] = {
    "ridge": Ridge(),
    "forest": RandomForestRegressor(8, random_state=0),
    "boosting": GradientBoostingRegressor(n_estimators=4, random_state=0),
    "histogram boosting": HistGradientBoostingRegressor(max_iter=4, random_state=0, loss="poisson"),
    "support vectors": make_pipeline(StandardScaler(), SVR()),
    "Gaussian process": GaussianProcessRegressor(RBF() + WhiteKernel(), optimizer=None),
}


@pytest.fixture(scope="module")
def mixed() -> tuple[pd.DataFrame, pd.Series]:
    """Return rows of texts, numbers and holes in both, and what is true of them."""
    chance = np.random.default_rng(5)
    rows = pd.DataFrame(
        {
            "city": chance.choice(["Oslo", "Rome", "Lima"], 200),
            "kind": chance.choice(["a", "b", None], 200),
            "size": np.where(chance.random(200) < 0.1, np.nan, chance.normal(size=200)),
            "count": chance.integers(0, 9, 200),
        }
    )
    return rows, (rows["city"].eq("Rome") ^ rows["count"].gt(4)).astype(int)


def prepared() -> ColumnTransformer:
    texts = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
    numbers = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    return ColumnTransformer([("texts", texts, ["city", "kind"]), ("numbers", numbers, ["size", "count"])])


def saved(model: Any, folder: Path) -> Any:
    """Save the model, read it and save what was read: the same bytes each time. Return what was read."""
    path = folder / "model.skops"
    measure.save_model(model, path)
    first = path.read_bytes()
    loaded = measure.load_model(path)
    measure.save_model(loaded, path)
    again = (path.read_bytes(), canonical(first), canonical(skops.io.dumps(model)))
    assert [hashlib.sha256(data).hexdigest() for data in again] == [hashlib.sha256(first).hexdigest()] * 3
    return loaded


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_classifier_comes_back_as_it_was(name: str, tmp_path: Path) -> None:
    model = CLASSIFIERS[name].fit(WINE[::2], CULTIVAR[::2])
    loaded = saved(model, tmp_path)
    say = "predict_proba" if hasattr(model, "predict_proba") else "decision_function"
    np.testing.assert_array_equal(getattr(loaded, say)(WINE), getattr(model, say)(WINE))
    stock = skops.io.load(tmp_path / "model.skops", trusted=skops.io.get_untrusted_types(file=tmp_path / "model.skops"))
    np.testing.assert_array_equal(stock.predict(WINE), model.predict(WINE))


@pytest.mark.parametrize("name", REGRESSORS)
def test_a_regression_comes_back_as_it_was(name: str, tmp_path: Path) -> None:
    model = REGRESSORS[name].fit(BODY[::2], PROGRESS[::2])
    np.testing.assert_array_equal(saved(model, tmp_path).predict(BODY), model.predict(BODY))


def test_what_looks_for_outliers_comes_back_too(tmp_path: Path) -> None:
    model = IsolationForest(n_estimators=8, random_state=0).fit(WINE)
    np.testing.assert_array_equal(saved(model, tmp_path).score_samples(WINE), model.score_samples(WINE))


def test_a_pipeline_of_mixed_columns_comes_back_with_its_threshold(
    mixed: tuple[pd.DataFrame, pd.Series], tmp_path: Path
) -> None:
    rows, truth = mixed
    inner = make_pipeline(prepared(), LogisticRegression()).fit(rows, truth)
    for model in (
        FixedThresholdClassifier(FrozenEstimator(inner), threshold=0.3).fit(rows, truth),
        TunedThresholdClassifierCV(inner, cv=2).fit(rows, truth),
    ):
        np.testing.assert_array_equal(saved(model, tmp_path).predict(rows), model.predict(rows))


def test_columns_chosen_by_type_and_categories_of_pandas_come_back(
    mixed: tuple[pd.DataFrame, pd.Series], tmp_path: Path
) -> None:
    rows, truth = mixed
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    columns = ColumnTransformer(
        [("texts", encoder, make_column_selector(dtype_include=object))],
        remainder=FunctionTransformer(np.log1p),
    )
    rows = rows.astype({"city": object, "kind": object}).assign(size=rows["size"].abs())
    model = Pipeline([("columns", columns), ("trees", HistGradientBoostingClassifier(max_iter=4))]).fit(rows, truth)
    np.testing.assert_array_equal(saved(model, tmp_path).predict_proba(rows), model.predict_proba(rows))
    known = rows.astype({"city": "category", "kind": "category"})
    trees = HistGradientBoostingClassifier(max_iter=4, categorical_features="from_dtype").fit(known, truth)
    measure.save_model(trees, path := tmp_path / "trees.skops")  # read back, a partial function has {} for None
    np.testing.assert_array_equal(measure.load_model(path).predict_proba(known), trees.predict_proba(known))


def test_words_and_sparse_parts_come_back(tmp_path: Path) -> None:
    texts = ["red wine", "white wine", "dark beer", "pale beer"]
    words = TfidfVectorizer(stop_words=["the", "a", "an"])
    model = make_pipeline(words, KNeighborsClassifier(1)).fit(texts, [0, 0, 1, 1])
    assert scipy.sparse.issparse(model[-1]._fit_X)
    assert saved(model, tmp_path).predict(["the red beer"]).tolist() == model.predict(["the red beer"]).tolist()


PROGRAM = """
import sys
from pathlib import Path
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier, VotingClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline
from mltool import measure

rows, truth = load_iris(return_X_y=True)
votes = VotingClassifier([
    ("forest", RandomForestClassifier(4, random_state=0)),
    ("trees", HistGradientBoostingClassifier(max_iter=3, random_state=0)),
]).fit(rows, truth)
words = CountVectorizer().fit(["a tale of two cities"])
words.seen = {"oslo", "rome", "lima", "cairo", "quito", "accra"}
measure.save_model([votes, words], Path(sys.argv[1]))
"""


def test_other_processes_hashes_times_and_places_make_the_same_bytes(tmp_path: Path) -> None:
    digests = set()
    for seed in ("0", "1", "77"):
        path = tmp_path / seed / "model.skops"
        environ = {"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": "1", "HOME": str(tmp_path), "PATH": ""}
        subprocess.run([sys.executable, "-c", PROGRAM, path], check=True, env=environ, cwd=tmp_path)
        digests.add(hashlib.sha256(path.read_bytes()).hexdigest())
    assert len(digests) == 1
    with zipfile.ZipFile(path) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
        assert archive.namelist()[0] == "schema.json"


def test_stock_skops_differs_between_two_saves_which_is_why_we_are_here() -> None:
    model = CLASSIFIERS["random forest"].fit(WINE, CULTIVAR)
    again = skops.io.loads(skops.io.dumps(model), trusted=["sklearn.tree._tree.Tree"])
    assert skops.io.dumps(model) != skops.io.dumps(again)


def test_other_models_have_other_bytes(tmp_path: Path) -> None:
    files = [tmp_path / "one.skops", tmp_path / "two.skops"]
    for path, strength in zip(files, (1.0, 1.0001), strict=True):
        measure.save_model(LogisticRegression(C=strength, max_iter=5000).fit(WINE, CULTIVAR), path)
    assert files[0].read_bytes() != files[1].read_bytes()


def test_a_dictionary_with_a_key_like_one_of_skops_stays_whole(tmp_path: Path) -> None:
    model = {"__id__": {"file": "a", "__loader__": [1, 2]}, "file": "b", "twice": ["x", "x", 1, True, 1.0]}
    assert saved(model, tmp_path) == model


def test_a_model_goes_into_a_file_of_its_kind_only(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"model\.joblib: a model is saved as \.skops\. Name it .*model\.skops"):
        measure.save_model(GaussianNB(), tmp_path / "model.joblib")


def test_what_skops_cannot_hold_is_refused_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="skops cannot hold this Birch: Objects of type Birch are not supported"):
        measure.save_model(Birch().fit(WINE), tmp_path / "model.skops")
    with pytest.raises(UserError, match=r"`<lambda>` of .*test_canonical could not be found again"):
        measure.save_model(FunctionTransformer(lambda rows: rows), tmp_path / "model.skops")
    assert not list(tmp_path.iterdir())
