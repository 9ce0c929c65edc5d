"""Which stages of a pipeline answer another test set with the model that is there, and what they read beside it."""

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from mltool.snapshot import lineage
from mltool.snapshot.model import Snapshot, Stage
from mltool.snapshot.paths import parents

MODELS = (".cbm", ".h5", ".joblib", ".keras", ".lgb", ".onnx", ".pickle", ".pkl", ".pt", ".pth", ".safetensors",
          ".skops", ".ubj")  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Rerun:
    """Stages in the order to run, the paths they read that none of them makes, and what the models among those
    learned from: the paths that lead to a model and not to the test set.
    """

    stages: tuple[Stage, ...]
    reads: tuple[str, ...]
    learned: tuple[str, ...] = ()


def plan(pipeline: Snapshot, *, test: str, predictions: str, models: Iterable[str]) -> Rerun | str:
    """Return what lies between the test set and the predictions, or why that cannot be run without training again.

    `models` are paths that are known to be models; an artifact of that type is one, and what is named like one. At
    least one has to be read, and none made: a base that is trained again is another model.
    """
    maker = next((stage for stage in pipeline.stages if any(_holds(out.path, predictions) for out in stage.outs)), None)
    if maker is None:
        return f"no stage of the base makes {predictions}"
    stages = _between(pipeline, test, maker)
    if not stages:
        return f"stage `{maker.address}` of the base does not depend on {test}"
    known = {*models, *(artifact.path for artifact in pipeline.artifacts if artifact.type == "model")}
    made = {out.path: stage for stage in stages for out in stage.outs}
    for path, stage in made.items():
        if _is_model(path, known):
            return f"stage `{stage.address}` makes {path} too, and a base that is trained again is another model"
    if frozen := next((stage for stage in stages if stage.frozen), None):
        return f"stage `{frozen.address}` of the base is frozen"
    reads = tuple(dict.fromkeys(dep.path for stage in stages for dep in stage.deps if not _inside(dep.path, made)))
    used = [path for path in reads if _is_model(path, known)]
    if not used:
        names = ", ".join(f"`{stage.address}`" for stage in stages)
        return f"{names} of the base read no model: name its file under [models] if it is not called one"
    shared = {test, *_before(pipeline, test)}
    learned = dict.fromkeys(path for model in used for path in _before(pipeline, model) if path not in shared)
    return Rerun(stages=stages, reads=reads, learned=tuple(learned))


def _between(pipeline: Snapshot, test: str, maker: Stage) -> tuple[Stage, ...]:
    """Return the stages that the test set goes through on its way to the predictions, each after what it reads."""
    pairs = lineage.edges(lineage.feeds(pipeline.stages))
    readers = [stage.address for stage in pipeline.stages if any(_holds(dep.path, test) for dep in stage.deps)]
    after = lineage.downstream(readers, pairs)
    before = lineage.downstream((maker.address,), [(reader, source) for source, reader in pairs])
    known = {stage.address: stage for stage in pipeline.stages if stage.address in after and stage.address in before}
    graph = {name: {source for source, reader in pairs if reader == name and source in known} for name in known}
    try:
        return tuple(known[name] for name in TopologicalSorter(graph).static_order())
    except CycleError:
        return ()


def _before(pipeline: Snapshot, path: str) -> tuple[str, ...]:
    """Return all that is read by the stages that make a path, and by those before them."""
    pairs = [(reader, source) for source, reader in lineage.edges(lineage.feeds(pipeline.stages))]
    makers = [stage.address for stage in pipeline.stages if any(_holds(out.path, path) for out in stage.outs)]
    known = lineage.downstream(makers, pairs)
    return tuple(dep.path for stage in pipeline.stages if stage.address in known for dep in stage.deps)


def _holds(path: str, other: str) -> bool:
    """Return whether two paths are the same, or one is in the other."""
    return path == other or path in parents(other) or other in parents(path)


def _inside(path: str, made: Iterable[str]) -> bool:
    return not {path, *parents(path)}.isdisjoint(made)


def _is_model(path: str, known: Iterable[str]) -> bool:
    name = posixpath.basename(path).lower()
    return any(_holds(path, model) for model in known) or name.endswith(MODELS) or "model" in name
