"""Which stages answer another test set, and which would train again."""

import pytest

from mltool.snapshot import rerun
from mltool.snapshot.model import Artifact, Dependency, Output, Snapshot, Stage
from mltool.snapshot.rerun import Rerun


def stage(name: str, reads: str, makes: str, *, frozen: bool = False) -> Stage:
    return Stage(
        file="dvc.yaml",
        name=name,
        cmd=name,
        deps=tuple(Dependency(path=path) for path in reads.split()),
        outs=tuple(Output(path=path) for path in makes.split()),
        frozen=frozen,
    )


SPLIT = stage("split", "raw.csv", "data/train.csv data/test.csv")
TRAIN = stage("train", "data/train.csv", "weights/model.bin")
PREDICT = stage("predict", "data/test.csv weights/model.bin", "eval/predictions.csv")


def plan(*stages: Stage, models: tuple[str, ...] = (), artifacts: tuple[Artifact, ...] = ()) -> Rerun | str:
    return rerun.plan(
        Snapshot(stages=stages, artifacts=artifacts),
        test="data/test.csv",
        predictions="eval/predictions.csv",
        models=models,
    )


def names(found: Rerun | str) -> tuple[str, ...]:
    assert isinstance(found, Rerun), found
    return tuple(each.name for each in found.stages)


def test_only_what_lies_between_test_set_and_predictions_runs_in_order() -> None:
    features = stage("features", "data/test.csv encoder.json", "test.npz")
    predict = stage("predict", "test.npz weights/model.bin", "eval/predictions.csv")
    other = stage("cost", "data/test.csv", "cost.json")
    found = plan(predict, other, features, TRAIN, SPLIT)
    assert names(found) == ("features", "predict")
    assert isinstance(found, Rerun)
    assert found.reads == ("data/test.csv", "encoder.json", "weights/model.bin")


def test_a_model_learned_from_what_leads_to_it_and_not_to_the_test_set() -> None:
    features = stage("features", "data/train.csv map.csv", "train.parquet")
    train = stage("train", "train.parquet params.csv", "weights/model.bin")
    found = plan(SPLIT, features, train, PREDICT)
    assert isinstance(found, Rerun)
    assert set(found.learned) == {"data/train.csv", "map.csv", "train.parquet", "params.csv"}


@pytest.mark.parametrize(
    ("stages", "why"),
    [
        ((SPLIT, TRAIN), "no stage of the base makes eval/predictions.csv"),
        ((SPLIT, TRAIN, stage("predict", "weights/model.bin", "eval/predictions.csv")), "does not depend on data/test"),
        ((SPLIT, stage("train", "data", "weights/model.bin"), PREDICT), "`train` makes weights/model.bin too"),
        ((SPLIT, stage("all", "data/test.csv data/train.csv", "m.pkl eval/predictions.csv")), "trained again"),
        ((SPLIT, stage("all", "data/test.csv data/train.csv", "eval/predictions.csv")), "the base read no model"),
        ((SPLIT, TRAIN, stage("predict", "data/test.csv weights/model.bin", "eval/predictions.csv", frozen=True)),
         "is frozen"),
    ],
)  # fmt: skip
def test_what_would_train_again_or_cannot_be_told_is_refused_with_the_reason(
    stages: tuple[Stage, ...], why: str
) -> None:
    found = plan(*stages)
    assert isinstance(found, str)
    assert why in found


def test_a_file_that_is_not_called_a_model_is_one_where_the_repository_says_so() -> None:
    predict = stage("predict", "data/test.csv weights.bin", "eval/predictions.csv")
    assert "name its file under [models]" in str(plan(SPLIT, predict))
    assert names(plan(SPLIT, predict, models=("weights.bin",))) == ("predict",)
    assert names(plan(SPLIT, predict, artifacts=(Artifact(name="m", path="weights.bin", type="model"),))) == (
        "predict",
    )
