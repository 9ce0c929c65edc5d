"""A release made once more: what the two runs have in common, and the likely cause where they differ."""

import pytest

from mltool.release import reproduction
from mltool.release.exported import Export
from mltool.release.reproduction import Made, Predictions
from mltool.snapshot.model import Dependency, Output, Snapshot, Stage

EXPORT = Export(schema="mltool.export/1", files={}, python="3.11", libraries={"scikit-learn": "1.9.1"})


def stage(name: str, reads: dict[str, str], makes: dict[str, str], **rest: object) -> Stage:
    return Stage(
        file="dvc.yaml",
        name=name,
        cmd=name,
        deps=tuple(Dependency(path=path, hash=digest) for path, digest in reads.items()),
        outs=tuple(Output(path=path, hash=digest) for path, digest in makes.items()),
        **rest,  # type: ignore[arg-type] # params, frozen
    )


def pipeline(*, data: str = "d1", table: str = "t1", model: str = "m1", rate: float = 0.1) -> Snapshot:
    stages = (
        stage("train", {"table": table}, {"model": model}, params={"params.yaml": {"rate": rate}}),
        stage("prepare", {"data": data}, {"table": table}),
        stage("other", {"table": table}, {"plot": "p"}),
    )
    data_ = (Output(path="data", hash=data), *(out for each in stages for out in each.outs))
    return Snapshot(stages=stages, data=data_)


@pytest.mark.parametrize(
    ("now", "predictions", "outcome"),
    [
        ("a", None, "equal"),
        ("b", Predictions(rows=3, max_difference=1e-7), "predictions"),
        ("b", Predictions(rows=3, max_difference=1e-5), "different"),
        ("b", Predictions(rows=3, labels=1), "different"),
        ("b", Predictions(rows=3, problem="it does not load"), "different"),
        ("", None, "different"),
    ],
)
def test_equal_bytes_come_before_equal_predictions(now: str, predictions: Predictions | None, outcome: str) -> None:
    files = (Made(path="model", released="a", now=now),)
    assert reproduction.judge(files, predictions, tolerance=1e-6, causes=("why",)).outcome == outcome


def test_a_replay_without_tolerance_adds_up() -> None:
    found = reproduction.predictions(
        5,
        [
            {"id": "1", "field": "score", "expected": 0.5, "got": 0.25},
            {"id": "2", "field": "scores.a", "expected": 0.5, "got": 0.4},
            {"id": "3", "field": "value", "expected": 1000.0, "got": 1001.0},
            {"id": "4", "field": "label", "expected": 1, "got": 0},
            {"id": "5", "field": "score", "expected": 0.5, "got": None},
        ],
    )
    assert found == Predictions(rows=5, max_difference=0.25, labels=2)
    assert reproduction.predictions(5, [{"error": "no such type"}]).problem == "no such type"


def causes(before: Snapshot, after: Snapshot, now: Export | None = EXPORT) -> list[str]:
    return list(reproduction.causes(before, after, was=EXPORT, now=now, threads="2 processors"))


def test_the_first_stage_that_answers_otherwise_is_named() -> None:
    (found,) = causes(pipeline(), pipeline(table="t2", model="m2"))
    assert found.startswith("`prepare` is the first stage with another output, and it had the same inputs")
    assert "2 processors" in found
    (found,) = causes(pipeline(), pipeline(model="m2"))
    assert found.startswith("`train` is the first stage")


def test_other_inputs_are_named() -> None:
    (found,) = causes(pipeline(), pipeline(data="d2", table="t2", model="m2"))
    assert found == "`prepare` is the first stage with another output, and it read other inputs: data."
    (found,) = causes(pipeline(), pipeline(rate=0.2, model="m2"))
    assert found.endswith("other inputs: params.yaml.")


def test_other_libraries_come_first() -> None:
    now = Export(schema="mltool.export/1", files={}, python="3.12", libraries={"scikit-learn": "1.9.2"})
    found = causes(pipeline(), pipeline(model="m2"), now)
    assert found[:2] == [
        "Python is 3.12 here, the release was made with 3.11.",
        "scikit-learn is 1.9.2 here, the release was made with 1.9.1.",
    ]
    assert causes(pipeline(), pipeline(), None) == []


def test_what_leads_to_a_release_runs_and_its_data_is_wanted() -> None:
    snapshot = pipeline()
    behind = reproduction.makers(snapshot, ["model"])
    assert {each.name for each in behind} == {"train", "prepare"}
    assert [out.path for out in reproduction.leaves(snapshot, behind)] == ["data"]


def test_a_frozen_stage_is_not_run_so_its_output_is_wanted() -> None:
    stages = (
        stage("train", {"table/part.csv": "x"}, {"model": "m1"}),
        stage("prepare", {"data": "d1"}, {"table": "t1"}, frozen=True),
    )
    data = (Output(path="data", hash="d1"), Output(path="table", hash="t1"), Output(path="unused", hash="u"))
    snapshot = Snapshot(stages=stages, data=data)
    behind = reproduction.makers(snapshot, ["model"])
    assert [out.path for out in reproduction.leaves(snapshot, behind)] == ["table"]


def test_tracked_files_below_a_folder_that_is_read_are_wanted() -> None:
    stages = (stage("train", {"data": ""}, {"model": "m1"}),)
    snapshot = Snapshot(stages=stages, data=(Output(path="data/a.csv", hash="a"), Output(path="date/b.csv", hash="b")))
    assert [out.path for out in reproduction.leaves(snapshot, stages)] == ["data/a.csv"]
