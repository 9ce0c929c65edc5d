"""The graph of what changed."""

from mltool.report.graph import graph
from mltool.report.model import Graph
from mltool.snapshot.model import Changes, Dependency, Output, Stage, StageChange


def stage(name: str, *, deps: dict[str, str], outs: tuple[str, ...], cmd: str = "run", **params: float) -> Stage:
    return Stage(
        file="dvc.yaml",
        name=name,
        cmd=cmd,
        deps=tuple(Dependency(path=path, hash=digest) for path, digest in deps.items()),
        outs=tuple(Output(path=path) for path in outs),
        params={"params.yaml": params} if params else {},
    )


PREPARE = stage("prepare", deps={"raw.csv": "1"}, outs=("data",))
TRAIN = stage("train", deps={"data/train": "2", "train.py": "3"}, outs=("model",), lr=0.1)
EVALUATE = stage("evaluate", deps={"model": "4"}, outs=("metrics.json",))
OTHER = stage("other", deps={"data": "2"}, outs=("stats",))
BASE = (PREPARE, TRAIN, EVALUATE, OTHER)


def changed(*names: str) -> Changes:
    return Changes(stages=tuple(StageChange(stage=name, kind="changed", reasons=("why",)) for name in names))


def states(found: Graph) -> dict[str, str]:
    return {node.stage: node.state for node in found.nodes}


def test_only_the_stage_that_changed_by_itself_is_called_changed() -> None:
    train = stage("train", deps={"data/train": "2", "train.py": "3"}, outs=("model",), lr=0.2)
    evaluate = stage("evaluate", deps={"model": "5"}, outs=("metrics.json",))
    found = graph(BASE, (PREPARE, train, evaluate, OTHER), changed("train", "evaluate"))
    assert states(found) == {"train": "changed", "evaluate": "downstream"}
    assert found.edges == (("train", "evaluate"),)


def test_everything_downstream_is_drawn_even_where_it_did_not_run_again() -> None:
    prepare = stage("prepare", deps={"raw.csv": "9"}, outs=("data",))
    found = graph(BASE, (prepare, TRAIN, EVALUATE, OTHER), changed("prepare"))
    assert states(found) == {
        "prepare": "changed",
        "train": "downstream",
        "evaluate": "downstream",
        "other": "downstream",
    }
    assert set(found.edges) == {("prepare", "train"), ("prepare", "other"), ("train", "evaluate")}


def test_code_that_no_stage_makes_is_a_change_of_the_stage_itself() -> None:
    train = stage("train", deps={"data/train": "2", "train.py": "X"}, outs=("model",), lr=0.1)
    assert states(graph(BASE, (PREPARE, train, EVALUATE), changed("train")))["train"] == "changed"


def test_added_and_removed_stages_are_drawn() -> None:
    changes = Changes(
        stages=(StageChange(stage="new", kind="added"), StageChange(stage="gone", kind="removed")),
    )
    found = graph(BASE, (*BASE, stage("new", deps={"model": "4"}, outs=())), changes)
    assert states(found) == {"new": "added", "gone": "removed"}


def test_a_cycle_does_not_hang() -> None:
    one, two = stage("one", deps={"b": "1"}, outs=("a",)), stage("two", deps={"a": "1"}, outs=("b",))
    assert set(states(graph((), (one, two), changed("one")))) == {"one", "two"}
