"""A release made once more from its commit: is it the same, does it predict the same, and if not, why likely not."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mltool.release.exported import Export
from mltool.snapshot import lineage
from mltool.snapshot.model import Output, Snapshot, Stage
from mltool.snapshot.paths import parents

Outcome = Literal["equal", "predictions", "different"]


@dataclass(frozen=True, kw_only=True)
class Made:
    """One file of a release: its SHA-256 as it was released, and as it was made now; empty where it was not made."""

    path: str
    released: str
    now: str


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """How the model made now answers the golden rows of the release.

    `rows` is how many there are, `max_difference` the greatest distance of a score or value, `labels` how many labels
    differ. `problem` says why nothing could be predicted.
    """

    rows: int
    max_difference: float = 0.0
    labels: int = 0
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Reproduction:
    """What became of it. `predictions` is None where every byte is the same; `causes` are sentences."""

    outcome: Outcome
    files: tuple[Made, ...]
    predictions: Predictions | None
    tolerance: float
    causes: tuple[str, ...] = ()


def judge(
    files: tuple[Made, ...], predictions: Predictions | None, *, tolerance: float, causes: Iterable[str]
) -> Reproduction:
    """Return the answer: equal bytes, else equal predictions within the tolerance, else different."""
    if all(file.released == file.now for file in files):
        return Reproduction(outcome="equal", files=files, predictions=None, tolerance=tolerance)
    near = (
        predictions is not None
        and not predictions.problem
        and not predictions.labels
        and predictions.max_difference <= tolerance
    )
    return Reproduction(
        outcome="predictions" if near else "different",
        files=files,
        predictions=predictions,
        tolerance=tolerance,
        causes=tuple(causes),
    )


def predictions(rows: int, differences: Iterable[Mapping[str, Any]]) -> Predictions:
    """Return what the differences of a replay with no tolerance add up to; an `error` among them ends it.

    A value that is a distance counts as that share of what was expected where it is above 1, as in a replay.
    """
    greatest, labels = 0.0, 0
    for each in differences:
        if "error" in each:
            return Predictions(rows=rows, problem=str(each["error"]))
        expected, got = each.get("expected"), each.get("got")
        if each.get("field") == "label" or not isinstance(expected, int | float) or not isinstance(got, int | float):
            labels += 1
            continue
        share = max(1.0, abs(expected), abs(got)) if each["field"] == "value" else 1.0
        greatest = max(greatest, abs(expected - got) / share)
    return Predictions(rows=rows, max_difference=greatest, labels=labels)


def causes(before: Snapshot, after: Snapshot, *, was: Export, now: Export | None, threads: str) -> Iterator[str]:
    """Yield why the two runs likely differ: other data, other libraries, a stage that answers otherwise each time.

    `was` is what the release was exported with, `now` what this run was; `threads` says how many there are here.
    """
    yield from _libraries(was, now)
    stage = _first(before, after)
    if stage is None:
        return
    old, new = _stage(before, stage), _stage(after, stage)
    if others := _inputs(old, new):
        yield f"`{stage}` is the first stage with another output, and it read other inputs: {', '.join(others)}."
        return
    yield (
        f"`{stage}` is the first stage with another output, and it had the same inputs: something else decides what it "
        f"makes. Seeds, time, the order of files and the number of threads do; here there are {threads}."
    )


def makers(snapshot: Snapshot, paths: Iterable[str]) -> tuple[Stage, ...]:
    """Return the stages that make these files, and all stages before those, each after what it reads."""
    wanted = set(paths)
    pairs = lineage.edges(lineage.feeds(snapshot.stages))
    start = [stage.address for stage in snapshot.stages if wanted & {out.path for out in stage.outs}]
    behind = lineage.downstream(start, [(consumer, producer) for producer, consumer in pairs])
    return tuple(stage for stage in snapshot.stages if stage.address in behind)


def leaves(snapshot: Snapshot, stages: Iterable[Stage]) -> tuple[Output, ...]:
    """Return what DVC stores and these stages read, or are frozen and do not make again, as whole outputs."""
    running = tuple(stages)
    made = {out.path for stage in running if not stage.frozen for out in stage.outs}
    read = {dep.path for stage in running if not stage.frozen for dep in stage.deps} - made
    read |= {out.path for stage in running if stage.frozen for out in stage.outs}
    return tuple(
        out
        for out in snapshot.data
        if out.cached
        and out.path not in made
        and (not read.isdisjoint((out.path, *parents(out.path))) or any(out.path in parents(path) for path in read))
    )


def _libraries(was: Export, now: Export | None) -> Iterator[str]:
    if now is None:
        return
    if was.python != now.python:
        yield f"Python is {now.python} here, the release was made with {was.python}."
    for name, version in sorted(was.libraries.items()):
        here = now.libraries.get(name, "")
        if here != version:
            yield f"{name} is {here or 'not installed'} here, the release was made with {version}."


def _first(before: Snapshot, after: Snapshot) -> str | None:
    """Return the first stage, in the order they run, whose outputs differ."""
    changed = {
        stage.address
        for stage in after.stages
        if {out.path: out.hash for out in stage.outs}
        != {out.path: out.hash for out in _stage(before, stage.address).outs}
    }
    fed = lineage.feeds(after.stages)
    for stage in after.stages:
        above = {maker for makers_ in fed[stage.address].values() for maker in makers_}
        if stage.address in changed and not above & changed:
            return stage.address
    return next(iter(sorted(changed)), None)


def _stage(snapshot: Snapshot, address: str) -> Stage:
    return next((stage for stage in snapshot.stages if stage.address == address), Stage(file="", name="", cmd=""))


def _inputs(old: Stage, new: Stage) -> list[str]:
    """Return what the stage read that is not the same in both runs."""
    before = {dep.path: dep.hash for dep in old.deps} | dict(old.params)
    after = {dep.path: dep.hash for dep in new.deps} | dict(new.params)
    return sorted(name for name in before | after if before.get(name) != after.get(name))
