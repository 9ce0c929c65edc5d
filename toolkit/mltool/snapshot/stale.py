"""Which stages have an entry in `dvc.lock` that is not what the commit would produce, from Git's files alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mltool.snapshot import lineage, lookup, values
from mltool.snapshot.hashes import Hashes
from mltool.snapshot.memo import Memo
from mltool.snapshot.model import Dependency, Leaf, Output, Snapshot, Stage, Stale
from mltool.snapshot.stages import PARAMS
from mltool.snapshot.tree import Tree
from mltool.snapshot.values import Unreadable, same


@dataclass(frozen=True, kw_only=True)
class _Now:
    """What the commit has: the outputs by path, its files, and its params files, parsed."""

    outs: Mapping[str, Output]
    files: Hashes
    params: Mapping[str, Any]


def stale(snapshot: Snapshot, tree: Tree) -> tuple[Stale, ...]:
    """Return the stages whose recorded run is not of this commit's command, params and files, with the first reason.

    What cannot be known without data counts as up to date: a dependency that is neither in Git nor an output, and a
    folder that held more files than Git has. Frozen stages are never stale, as in DVC. `tree` is what the snapshot was
    read from.
    """
    outs = lookup.by_path((*(out for stage in snapshot.stages for out in stage.outs), *snapshot.data))
    awake = [stage for stage in snapshot.stages if not stage.frozen]
    params = Memo().load(tree, {path for stage in awake for path in stage.tracked})
    now = _Now(outs=outs, files=Hashes(tree, outs, awake), params=params)
    found: dict[str, str] = {}
    for stage in awake:
        if reason := next(_reasons(stage, now), ""):
            found[stage.address] = reason
    _spread(snapshot.stages, found)
    return tuple(Stale(stage=stage.address, reason=found[stage.address]) for stage in snapshot.stages
                 if stage.address in found)  # fmt: skip


def _reasons(stage: Stage, now: _Now) -> Iterator[str]:
    if not stage.locked:
        yield "never ran"
        return
    if stage.cmd != stage.ran_cmd:
        yield "command changed"
    for dep in stage.deps:
        if not dep.hash:
            yield f"dependency {dep.path} is new"
        elif _moved(dep, now):
            yield f"dependency {dep.path} changed"
    yield from _param_reasons(stage, now.params)
    for out in stage.outs:
        if not out.hash:
            yield f"output {out.path} was never made"
        elif now.files.moved(out):
            yield f"output {out.path} was edited after the run"


def _moved(dep: Dependency, now: _Now) -> bool:
    """Return whether a dependency is known to differ from what the run read."""
    out = now.outs.get(dep.path)
    if out is None:
        return now.files.moved(dep)
    return bool(out.hash) and out.hash != dep.hash and out.hash.partition(":")[0] == dep.hash.partition(":")[0]


def _param_reasons(stage: Stage, files: Mapping[str, Any]) -> Iterator[str]:
    for path, keys in stage.tracked.items():
        document = files.get(path)
        if path not in files or isinstance(document, Unreadable):
            continue
        # A key with `*` was recorded as one value, and which one that is only DVC can say.
        plain = tuple(key for key in keys if not values.is_pattern(key))
        picked = values.pick(document, plain)
        ran = {key: leaf for key, leaf in stage.params.get(path, {}).items() if not values.is_pattern(key)}
        now = values.param_leaves(picked if keys else document)
        yield from (f"param {_named(path, key)} is gone" for key in plain if key not in picked)
        for key in (*ran, *(key for key in now if key not in ran)):
            if reason := _param_reason(key, ran, now):
                yield f"param {_named(path, key)} {reason}"


def _named(path: str, key: str) -> str:
    return key if path == PARAMS else f"{path}:{key}"


def _param_reason(key: str, ran: Mapping[str, Leaf], now: Mapping[str, Leaf]) -> str:
    if key not in now:
        return "is gone"
    if key not in ran:
        return "is new"
    # DVC compares the values here, where 1 equals 1.0, and not how they are written.
    return "" if ran[key] == now[key] or same(ran[key], now[key]) else "changed"


def _spread(stages: tuple[Stage, ...], found: dict[str, str]) -> None:
    """Add the stages that read what a stale stage makes, and so on down; a frozen stage passes nothing on."""
    frozen = {stage.address for stage in stages if stage.frozen}
    pairs = (pair for pair in lineage.edges(lineage.feeds(stages)) if pair[1] not in frozen)
    for name, source in lineage.downstream(found, pairs).items():
        found.setdefault(name, f"downstream of {source}")
