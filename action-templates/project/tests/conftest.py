"""What the tests look at beside mltool's own fixtures (`model`, `predict`, `predictions`): the data."""

from pathlib import Path

import pandas as pd
import pytest


def reproduced(path: str) -> Path:
    """Return the path of an output of the pipeline, or fail with what to do."""
    if not Path(path).exists():
        pytest.fail(f"{path} is not there: run `dvc repro` first", pytrace=False)
    return Path(path)


@pytest.fixture(scope="session")
def raw() -> pd.DataFrame:
    return pd.read_csv("data/parcels.csv")


@pytest.fixture(scope="session")
def test_set() -> pd.DataFrame:
    return pd.read_csv(reproduced("data/split") / "test.csv")


@pytest.fixture(scope="session")
def seen() -> pd.DataFrame:
    return pd.read_csv(reproduced("data/split") / "train.csv")
