"""Predictions of real models on the small data sets that scikit-learn carries."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


@pytest.fixture(scope="session")
def _binary() -> pd.DataFrame:
    data, truth = load_breast_cancer(return_X_y=True)
    # Two of thirty columns, so that the model is good but not perfect.
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(data[::2, :2], truth[::2])
    rows, truth = data[1::2], truth[1::2]
    return pd.DataFrame(
        {
            "row_id": np.arange(len(truth)),
            "y_true": truth,
            "y_pred": model.predict(rows[:, :2]),
            "y_score": model.predict_proba(rows[:, :2])[:, 1],
            "texture": np.where(rows[:, 1] > 19, "rough", "smooth"),
        }
    )


@pytest.fixture
def binary(_binary: pd.DataFrame) -> pd.DataFrame:
    return _binary.copy()


@pytest.fixture
def multiclass() -> pd.DataFrame:
    data, codes = load_wine(return_X_y=True)
    truth = np.array(["barolo", "grignolino", "barbera"])[codes]
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(data[::2, :2], truth[::2])
    scores = model.predict_proba(data[1::2, :2])
    frame = pd.DataFrame(
        {"row_id": np.arange(len(scores)), "y_true": truth[1::2], "y_pred": model.predict(data[1::2, :2])}
    )
    return frame.assign(**{f"y_score_{name}": scores[:, i] for i, name in enumerate(model.classes_)})


@pytest.fixture
def regression() -> pd.DataFrame:
    data, truth = load_diabetes(return_X_y=True)
    model = Ridge().fit(data[::2], truth[::2])
    return pd.DataFrame(
        {"row_id": np.arange(len(truth[1::2])), "y_true": truth[1::2], "y_pred": model.predict(data[1::2])}
    )


@pytest.fixture
def moments() -> Callable[[int], pd.DataFrame]:
    """Return a table of `rows` rows in random order, three an hour."""

    def make(rows: int) -> pd.DataFrame:
        hours = pd.Timestamp("2024-05-31T20:00", tz="UTC") + pd.to_timedelta(np.arange(rows) // 3, unit="h")
        frame = pd.DataFrame({"row_id": np.arange(rows), "at": hours})
        return frame.sample(frac=1, random_state=0)

    return make
