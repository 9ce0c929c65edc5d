"""What the tests look at: the data, the trained model and what it said."""

from pathlib import Path

import pandas as pd
import pytest
from mltool import measure
from sklearn.pipeline import Pipeline


def reproduced(path: str) -> Path:
    """Return the path of an output of the pipeline, or fail with what to do."""
    if not Path(path).exists():
        pytest.fail(f"{path} is not there: run `dvc repro` first", pytrace=False)
    return Path(path)


@pytest.fixture(scope="session")
def raw() -> pd.DataFrame:
    return pd.read_csv("data/parcels.csv")


@pytest.fixture(scope="session")
def unseen() -> pd.DataFrame:
    return pd.read_csv(reproduced("data/split") / "test.csv")


@pytest.fixture(scope="session")
def seen() -> pd.DataFrame:
    return pd.read_csv(reproduced("data/split") / "train.csv")


@pytest.fixture(scope="session")
def model() -> Pipeline:
    return measure.load_model(reproduced("model/model.skops"))
