"""The data is what the pipeline expects, and broken data is found."""

import pandas as pd
import pytest

from parcels.columns import CATEGORIES, NUMBERS, features
from parcels.prepare import problems


def test_the_raw_data_is_sound(raw: pd.DataFrame) -> None:
    assert problems(raw) == []


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("weight_kg", -1.0, "has a negative distance, weight or rainfall"),
        ("weight_kg", None, "has missing values"),
        ("late", 2, "has a `late` that is neither 0 nor 1"),
        ("parcel_id", "p00001", "has a parcel twice"),
    ],
)
def test_broken_data_is_named(raw: pd.DataFrame, column: str, value: object, sentence: str) -> None:
    broken = raw.head(50).astype({column: object})
    broken.loc[0, column] = value
    assert sentence in problems(broken.infer_objects())


def test_the_model_sees_no_id_and_no_outcome(seen: pd.DataFrame) -> None:
    assert list(features(seen)) == CATEGORIES + NUMBERS


def test_the_test_part_is_later_than_the_training_part(seen: pd.DataFrame, test_set: pd.DataFrame) -> None:
    assert seen["sent_at"].max() < test_set["sent_at"].min()
