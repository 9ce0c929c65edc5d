import json
from collections.abc import Mapping

from msgspec.structs import replace

from mltool.snapshot.diff import diff
from mltool.snapshot.model import (
    Artifact,
    DataChange,
    Dependency,
    Output,
    PackageChange,
    Problem,
    Snapshot,
    Stage,
    StageChange,
    ValueChange,
    Values,
)

TRAIN = Stage(
    file="dvc.yaml", name="train", cmd="python train.py", ran_cmd="python train.py",
    deps=(Dependency(path="train.py", hash="md5:1"), Dependency(path="data", hash="md5:2.dir")),
    outs=(Output(path="model.bin", hash="md5:3"),), params={"params.yaml": {"lr": 0.1}, "more.toml": {"a.b": 1}},
)  # fmt: skip


def stages(old: Stage | None, new: Stage | None) -> tuple[StageChange, ...]:
    return diff(Snapshot(stages=(old,) if old else ()), Snapshot(stages=(new,) if new else ())).stages


def values(old: Mapping[str, object], new: Mapping[str, object]) -> list[tuple[str, str]]:
    sides = (Snapshot(metrics=(Values(path="m.json", values=side),)) for side in (old, new))  # type: ignore[arg-type]
    return [(change.key, change.kind) for change in diff(*sides).metrics]


def test_an_equal_stage_did_not_change() -> None:
    assert stages(TRAIN, replace(TRAIN)) == ()


def test_reasons_are_words() -> None:
    changed = replace(
        TRAIN,
        cmd="python train.py --fast",
        deps=(Dependency(path="train.py", hash="md5:9"), Dependency(path="new.py", hash="md5:1")),
        outs=(Output(path="model.bin", hash="md5:8"), Output(path="extra", hash="md5:7")),
        params={"params.yaml": {"lr": 0.2, "seed": 1}, "more.toml": {}},
    )
    assert stages(TRAIN, changed)[0].reasons == (
        "command changed",
        "dependency train.py changed",
        "dependency data removed",
        "dependency new.py added",
        "param lr changed",
        "param seed added",
        "param more.toml:a.b removed",
        "output extra added",
    )


def test_an_output_alone_is_a_reason_where_nothing_else_explains_it() -> None:
    random = replace(TRAIN, outs=(Output(path="model.bin", hash="md5:8"),))
    assert stages(TRAIN, random)[0].reasons == ("output model.bin changed",)


def test_a_stage_with_another_name_and_the_same_run_is_renamed() -> None:
    renamed = replace(TRAIN, name="fit")
    assert stages(TRAIN, renamed) == (
        StageChange(stage="fit", kind="renamed", former="train", reasons=("renamed from train",)),
    )
    other = replace(renamed, cmd="python fit.py")
    assert [(change.stage, change.kind) for change in stages(TRAIN, other)] == [("fit", "added"), ("train", "removed")]


def test_two_stages_with_the_same_run_are_both_kept() -> None:
    twins = Snapshot(stages=(TRAIN, replace(TRAIN, name="copy")))
    found = diff(twins, Snapshot()).stages
    assert [(change.stage, change.kind) for change in found] == [("train", "removed"), ("copy", "removed")]


def test_a_stage_that_was_never_run_says_so() -> None:
    fresh = Stage(file="dvc.yaml", name="new", cmd="x", locked=False)
    assert stages(None, fresh) == (StageChange(stage="new", kind="added", reasons=("never ran",)),)
    assert stages(TRAIN, replace(TRAIN, locked=False, params={}))[0].reasons == ("not in dvc.lock any more",)


def test_values_are_equal_as_dvc_says_they_are() -> None:
    nan = float("nan")
    old = {"a": 1, "b": (1, 2), "c": nan, "d": None, "e": True, "f": "1", "g": 1, "h": 2}
    new = {"a": 1.0, "b": (1, 2.0), "c": float("nan"), "e": 1, "f": 1, "g": None, "i": 3, "j": None}
    assert values(old, new) == [("b", "changed"), ("f", "changed"), ("g", "changed"), ("h", "removed"), ("i", "added")]


def test_a_file_that_cannot_be_read_has_no_changes() -> None:
    broken = Values(path="m.json", values={}, problem=Problem(path="m.json", kind="unreadable", sentence="no."))
    good = Values(path="m.json", values={"a": 1})
    assert diff(Snapshot(metrics=(good,)), Snapshot(metrics=(broken,))).metrics == ()
    assert diff(Snapshot(metrics=(broken,)), Snapshot(metrics=(good,))).metrics == ()
    assert diff(Snapshot(), Snapshot(metrics=(good,))).metrics == (
        ValueChange(path="m.json", key="a", kind="added", old=None, new=1),
    )


def test_files_of_a_directory_are_counted_where_both_listings_are_at_hand() -> None:
    def listing(files: Mapping[str, str]) -> bytes:
        return json.dumps([{"md5": md5, "relpath": path} for path, md5 in files.items()]).encode()

    kept = {"md5:1.dir": listing({"a": "1", "b": "1", "c": "1"}), "md5:2.dir": listing({"a": "2", "c": "1", "d": "1"})}
    old, new = Output(path="data", hash="md5:1.dir"), Output(path="data", hash="md5:2.dir")
    sides = Snapshot(data=(old,)), Snapshot(data=(new,))
    expected = DataChange(path="data", kind="changed", old=old, new=new, added=1, removed=1, modified=1)
    assert diff(*sides, manifests=lambda _: kept).data == (expected,)
    assert diff(*sides).data == (replace(expected, added=None, removed=None, modified=None),)
    broken = {**kept, "md5:2.dir": b"{"}
    assert diff(*sides, manifests=lambda _: broken).data[0].added is None


def test_packages_and_artifacts_are_compared_by_name() -> None:
    before = Snapshot(packages={"a": "1", "b": "1"}, artifacts=(Artifact(name="m", path="x", hash="md5:1"),))
    after = Snapshot(packages={"a": "2", "c": "1"}, artifacts=(Artifact(name="m", path="x", hash="md5:2"),))
    found = diff(before, after)
    assert found.packages == (
        PackageChange(name="a", kind="changed", old="1", new="2"),
        PackageChange(name="b", kind="removed", old="1", new=""),
        PackageChange(name="c", kind="added", old="", new="1"),
    )
    assert [(change.name, change.kind) for change in found.artifacts] == [("m", "changed")]
