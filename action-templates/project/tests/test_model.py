"""The trained model behaves: better than guessing, and right about what everybody knows.

`model`, `predict` and `check` are mltool's: https://github.com/mltool/mltool/blob/main/docs/model-tests.md
"""

import numpy as np
import pandas as pd
from mltool.testing import check
from sklearn.metrics import roc_auc_score


def test_it_ranks_unseen_parcels_far_better_than_chance(predict, test_set: pd.DataFrame) -> None:
    assert roc_auc_score(test_set["late"], predict(test_set)["score"]) > 0.7


def test_it_beats_guessing_the_commoner_outcome(predict, test_set: pd.DataFrame) -> None:
    commoner = test_set["late"].mode()[0]
    assert (predict(test_set)["label"] == test_set["late"]).mean() > (test_set["late"] == commoner).mean()


def test_express_makes_no_parcel_later(predict, test_set: pd.DataFrame) -> None:
    check.directional(predict, test_set, lambda rows: rows.assign(express=1), "down", max_failures=0.1)


def test_a_longer_way_makes_parcels_later(predict, test_set: pd.DataFrame) -> None:
    near = test_set.assign(distance_km=50.0)
    check.directional(predict, near, lambda rows: rows.assign(distance_km=600.0), "up", max_failures=0.1)


def test_the_id_does_not_matter(predict, test_set: pd.DataFrame) -> None:
    check.invariant(predict, test_set, lambda rows: rows.assign(parcel_id="p99999"))


def test_a_carrier_that_training_never_saw_is_no_crash(predict, test_set: pd.DataFrame) -> None:
    assert np.isfinite(predict(test_set.head(5).assign(carrier="Albatross"))["score"]).all()


def test_the_server_says_what_training_said(model, test_set: pd.DataFrame) -> None:
    check.served(model, test_set)
