"""What differs between two snapshots, in data and in words."""

from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from mltool.snapshot.model import (
    Artifact,
    ArtifactChange,
    ChangeKind,
    Changes,
    DataChange,
    Leaf,
    Output,
    PackageChange,
    Snapshot,
    Stage,
    StageChange,
    ValueChange,
    Values,
)
from mltool.snapshot.stages import PARAMS
from mltool.snapshot.values import same

Manifests = Callable[[Iterable[str]], Mapping[str, bytes]]


class _File(msgspec.Struct):
    relpath: str
    md5: str = ""


def diff(base: Snapshot, head: Snapshot, *, manifests: Manifests = lambda _: {}) -> Changes:
    """Return what differs; `manifests` returns stored directory listings by hash, those that are at hand.

    A file that one side cannot read has no changes: it is a problem of its snapshot, never a removed metric.
    """
    return Changes(
        metrics=tuple(_values(base.metrics, head.metrics)),
        params=tuple(_values(base.params, head.params)),
        stages=tuple(_stages(base.stages, head.stages)),
        data=tuple(_data(base.data, head.data, manifests)),
        artifacts=tuple(_artifacts(base.artifacts, head.artifacts)),
        packages=tuple(_packages(base.packages, head.packages)),
    )


def _values(base: Iterable[Values], head: Iterable[Values]) -> Iterator[ValueChange]:
    before, after = ({item.path: item for item in side} for side in (base, head))
    for path in dict.fromkeys((*before, *after)):
        old, new = before.get(path), after.get(path)
        if (old and old.problem) or (new and new.problem) or (old and new and old.values is new.values):
            continue
        yield from _leaves(path, old.values if old else {}, new.values if new else {})


def _leaves(path: str, old: Mapping[str, Leaf], new: Mapping[str, Leaf]) -> Iterator[ValueChange]:
    for key in (*old, *(key for key in new if key not in old)):
        was, now = old.get(key), new.get(key)
        if not same(was, now):
            yield ValueChange(path=path, key=key, kind=_kind(key in old, key in new), old=was, new=now)


def _kind(before: bool, after: bool) -> ChangeKind:  # noqa: FBT001 - two facts, told apart by their order
    return "changed" if before and after else "added" if after else "removed"


def _stages(base: Iterable[Stage], head: Iterable[Stage]) -> Iterator[StageChange]:
    before, after = ({stage.address: stage for stage in side} for side in (base, head))
    gone: dict[tuple[object, ...], list[str]] = {}
    for name, stage in before.items():
        if name not in after:
            gone.setdefault(_run_key(stage), []).append(name)
    for name, stage in after.items():
        if name in before:
            if before[name] is not stage and (reasons := tuple(_reasons(before[name], stage))):
                yield StageChange(stage=name, kind="changed", reasons=reasons)
        elif twins := gone.get(_run_key(stage)):
            former = twins.pop(0)
            yield StageChange(stage=name, kind="renamed", former=former, reasons=(f"renamed from {former}",))
        else:
            yield StageChange(stage=name, kind="added", reasons=() if stage.locked else ("never ran",))
    for name in (name for names in gone.values() for name in names):
        yield StageChange(stage=name, kind="removed")


def _run_key(stage: Stage) -> tuple[object, ...]:
    """Return what DVC's run-cache knows a run by: command, dependencies, params and outputs, and no name."""
    params = tuple((path, key, repr(leaf)) for path, ran in stage.params.items() for key, leaf in ran.items())
    deps = tuple((dep.path, dep.hash) for dep in stage.deps)
    return stage.cmd, tuple(sorted(deps)), tuple(sorted(params)), tuple(sorted(out.path for out in stage.outs))


def _reasons(old: Stage, new: Stage) -> Iterator[str]:
    if old.cmd != new.cmd:
        yield "command changed"
    if old.locked and not new.locked:
        yield "not in dvc.lock any more"
    compared = [*_hash_reasons("dependency", {d.path: d.hash for d in old.deps}, {d.path: d.hash for d in new.deps})]
    compared += _param_reasons(old, new)
    outs = {out.path: out.hash for out in old.outs}, {out.path: out.hash for out in new.outs}
    yield from compared
    for reason in _hash_reasons("output", *outs):
        # That an output differs is no news where its inputs do.
        if not (compared and reason.endswith(" changed")):
            yield reason
    if old.frozen != new.frozen:
        yield "frozen" if new.frozen else "no longer frozen"


def _hash_reasons(what: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    for path in (*old, *(path for path in new if path not in old)):
        kind = _kind(path in old, path in new)
        if kind != "changed" or _differ(old[path], new[path]):
            yield f"{what} {path} {kind}"


def _differ(old: str, new: str) -> bool:
    """Return whether two hashes say that content differs; an output that was never made says nothing."""
    return old != new and bool(old) and bool(new)


def _param_reasons(old: Stage, new: Stage) -> Iterator[str]:
    if not (old.locked and new.locked):
        return
    for path in dict.fromkeys((*old.params, *new.params)):
        was, now = old.params.get(path, {}), new.params.get(path, {})
        for key in (*was, *(key for key in now if key not in was)):
            kind = _kind(key in was, key in now)
            if kind != "changed" or not same(was[key], now[key]):
                yield f"param {key if path == PARAMS else f'{path}:{key}'} {kind}"


def _data(base: Iterable[Output], head: Iterable[Output], manifests: Manifests) -> Iterator[DataChange]:
    before, after = ({out.path: out for out in side} for side in (base, head))
    pairs = [(before.get(path), after.get(path)) for path in dict.fromkeys((*before, *after))]
    changed = [(old, new) for old, new in pairs if (old.hash if old else None) != (new.hash if new else None)]
    listed = {out.hash for pair in changed for out in pair if out and out.hash.endswith(".dir")}
    contents = manifests(sorted(listed)) if listed else {}
    for old, new in changed:
        there = new or old
        kind = _kind(old is not None, new is not None)
        added, removed, modified = _counts(old, new, contents)
        if there is not None:
            yield DataChange(
                path=there.path, kind=kind, old=old, new=new, added=added, removed=removed, modified=modified
            )


def _counts(
    old: Output | None, new: Output | None, contents: Mapping[str, bytes]
) -> tuple[int, int, int] | tuple[None, None, None]:
    """Return how many files were added, removed and modified in a directory."""
    if old is None or new is None or not (old.hash in contents and new.hash in contents):
        return None, None, None
    try:
        was, now = _listing(contents[old.hash]), _listing(contents[new.hash])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None, None, None
    stayed = was.keys() & now.keys()
    modified = sum(was[name] != now[name] for name in stayed)
    return len(now) - len(stayed), len(was) - len(stayed), modified


def _listing(content: bytes) -> dict[str, str]:
    return {file.relpath: file.md5 for file in msgspec.json.decode(content, type=list[_File])}


def _artifacts(base: Iterable[Artifact], head: Iterable[Artifact]) -> Iterator[ArtifactChange]:
    before, after = ({artifact.name: artifact for artifact in side} for side in (base, head))
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name), after.get(name)
        if old != new:
            yield ArtifactChange(name=name, kind=_kind(name in before, name in after), old=old, new=new)


def _packages(base: Mapping[str, str], head: Mapping[str, str]) -> Iterator[PackageChange]:
    if base is head:
        return
    for name in sorted(base.keys() | head.keys()):
        old, new = base.get(name), head.get(name)
        if old != new:
            yield PackageChange(name=name, kind=_kind(old is not None, new is not None), old=old or "", new=new or "")
