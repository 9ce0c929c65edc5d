"""The trained model behaves: better than guessing, steady, and right about what everybody knows."""

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import Pipeline

from parcels.columns import features


def chance_of_late(model: Pipeline, parcels: pd.DataFrame) -> np.ndarray:
    return model.predict_proba(features(parcels))[:, 1]


def test_it_ranks_unseen_parcels_far_better_than_chance(model: Pipeline, unseen: pd.DataFrame) -> None:
    assert roc_auc_score(unseen["late"], chance_of_late(model, unseen)) > 0.7


def test_it_beats_guessing_the_commoner_outcome(model: Pipeline, unseen: pd.DataFrame) -> None:
    commoner = unseen["late"].mode()[0]
    assert (model.predict(features(unseen)) == unseen["late"]).mean() > (unseen["late"] == commoner).mean()


def test_express_parcels_are_late_less_often(model: Pipeline, unseen: pd.DataFrame) -> None:
    slow, fast = (chance_of_late(model, unseen.assign(express=express)).mean() for express in (0, 1))
    assert fast < slow


def test_a_longer_way_makes_parcels_later_on_average(model: Pipeline, unseen: pd.DataFrame) -> None:
    near, far = (chance_of_late(model, unseen.assign(distance_km=km)).mean() for km in (50, 600))
    assert near < far


def test_the_id_does_not_matter(model: Pipeline, unseen: pd.DataFrame) -> None:
    renamed = unseen.assign(parcel_id="p99999")
    np.testing.assert_array_equal(chance_of_late(model, unseen), chance_of_late(model, renamed))


def test_a_carrier_that_training_never_saw_is_no_crash(model: Pipeline, unseen: pd.DataFrame) -> None:
    chances = chance_of_late(model, unseen.head(5).assign(carrier="Albatross"))
    assert np.isfinite(chances).all()
