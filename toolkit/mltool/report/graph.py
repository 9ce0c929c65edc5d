"""Which stages changed by themselves, and which only because something before them did."""

from collections.abc import Iterable, Mapping
from typing import Literal

from mltool.report.model import Graph, Node
from mltool.snapshot.model import Changes, Stage, StageChange

# For each path that a stage reads, the stages that make it.
Fed = Mapping[str, tuple[str, ...]]


def graph(base: Iterable[Stage], head: Iterable[Stage], changes: Changes) -> Graph:
    """Return the changed stages, everything downstream of them, and the edges between."""
    before = {stage.address: stage for stage in base}
    after = {stage.address: stage for stage in head}
    makers = _makers(after)
    edges = [(maker, name) for name, fed in makers.items() for maker in dict.fromkeys(sum(fed.values(), ()))]
    touched = {change.stage: change for change in changes.stages if change.kind != "removed"}
    reached = _downstream(set(touched), edges)
    nodes = [_node(touched.get(name), before, after[name], makers[name]) for name in after if name in reached]
    gone = [Node(stage=change.stage, state="removed") for change in changes.stages if change.kind == "removed"]
    kept = tuple((source, target) for source, target in edges if source in reached and target in reached)
    return Graph(nodes=(*nodes, *gone), edges=kept)


def _makers(stages: Mapping[str, Stage]) -> dict[str, Fed]:
    """Return, for each stage and each path it reads, the stages that make that path, part of it, or what holds it."""
    exact = {out.path: name for name, stage in stages.items() for out in stage.outs}
    inside: dict[str, list[str]] = {}
    for path, name in exact.items():
        for parent in _parents(path):
            inside.setdefault(parent, []).append(name)

    def makers(path: str, reader: str) -> tuple[str, ...]:
        above = (exact.get(place, "") for place in (path, *_parents(path)))
        return tuple(name for name in (*above, *inside.get(path, ())) if name not in ("", reader))

    return {name: {dep.path: makers(dep.path, name) for dep in stage.deps} for name, stage in stages.items()}


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:i]) for i in range(len(parts) - 1, 0, -1)]


def _downstream(start: set[str], edges: Iterable[tuple[str, str]]) -> set[str]:
    after: dict[str, list[str]] = {}
    for source, target in edges:
        after.setdefault(source, []).append(target)
    reached, waiting = set(start), list(start)
    while waiting:
        fresh = [name for name in after.get(waiting.pop(), ()) if name not in reached]
        reached.update(fresh)
        waiting.extend(fresh)
    return reached


def _node(change: StageChange | None, before: Mapping[str, Stage], now: Stage, fed: Fed) -> Node:
    if change is None:
        return Node(stage=now.address, state="downstream")
    if change.kind == "added":
        return Node(stage=now.address, state="added")
    was = before.get(change.former or now.address)
    only_fed = was is not None and change.kind == "changed" and _only_fed(was, now, fed)
    state: Literal["changed", "downstream"] = "downstream" if only_fed else "changed"
    return Node(stage=now.address, state=state, note=", ".join(change.reasons))


def _only_fed(was: Stage, now: Stage, fed: Fed) -> bool:
    """Return whether the stage differs in nothing but what other stages feed it."""
    if was.cmd != now.cmd or was.params != now.params:
        return False
    old = {dep.path: dep.hash for dep in was.deps}
    differing = [dep.path for dep in now.deps if old.get(dep.path) != dep.hash]
    return bool(differing) and all(fed[path] for path in differing)
