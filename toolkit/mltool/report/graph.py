"""Which stages changed by themselves, and which only because something before them did."""

from collections.abc import Iterable, Mapping
from typing import Literal

from mltool.report.model import Graph, Node
from mltool.snapshot.lineage import Fed, downstream, edges, feeds
from mltool.snapshot.model import Changes, Stage, StageChange


def graph(base: Iterable[Stage], head: Iterable[Stage], changes: Changes) -> Graph:
    """Return the changed stages, everything downstream of them, and the edges between."""
    before = {stage.address: stage for stage in base}
    after = {stage.address: stage for stage in head}
    fed = feeds(after.values())
    pairs = edges(fed)
    touched = {change.stage: change for change in changes.stages if change.kind != "removed"}
    reached = downstream(touched, pairs)
    nodes = [_node(touched.get(name), before, after[name], fed[name]) for name in after if name in reached]
    gone = [Node(stage=change.stage, state="removed") for change in changes.stages if change.kind == "removed"]
    kept = tuple((source, target) for source, target in pairs if source in reached and target in reached)
    return Graph(nodes=(*nodes, *gone), edges=kept)


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
