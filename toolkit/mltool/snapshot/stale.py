"""Which stages have an entry in `dvc.lock` that is not what the commit would produce, from Git's files alone."""

import hashlib
import json
from collections.abc import Iterator, Mapping

from mltool.snapshot import ignore, lineage, lookup, values
from mltool.snapshot.memo import Memo
from mltool.snapshot.model import Leaf, Output, Snapshot, Stage, Stale
from mltool.snapshot.paths import Folders
from mltool.snapshot.stages import PARAMS
from mltool.snapshot.tree import Tree
from mltool.snapshot.values import Unreadable, same

LFS_POINTER = b"version https://git-lfs"
TEXT_BYTES = bytes(range(32, 127)) + b"\n\r\t\f\b"
TEXT_BLOCK = 512


def stale(snapshot: Snapshot, tree: Tree) -> tuple[Stale, ...]:
    """Return the stages whose recorded run is not of this commit's command, params and files, with the first reason.

    What cannot be known without data counts as up to date: a dependency that is neither in Git nor an output. Frozen
    stages are never stale, as in DVC. `tree` is what the snapshot was read from.
    """
    outs = lookup.by_path((*(out for stage in snapshot.stages for out in stage.outs), *snapshot.data))
    hashes = _Hashes(tree, outs, [stage for stage in snapshot.stages if not stage.frozen])
    found: dict[str, str] = {}
    for stage in snapshot.stages:
        if not stage.frozen and (reason := next(_reasons(stage, hashes), "")):
            found[stage.address] = reason
    _spread(snapshot.stages, found)
    return tuple(Stale(stage=stage.address, reason=found[stage.address]) for stage in snapshot.stages
                 if stage.address in found)  # fmt: skip


class _Hashes:
    """The hashes and values of a tree, read in one go for all stages."""

    def __init__(self, tree: Tree, outs: Mapping[str, Output], stages: list[Stage]) -> None:
        self.outs = outs
        known = tree.paths()
        recorded = {dep.path: dep.hash for stage in stages for dep in stage.deps if dep.hash}
        recorded |= {out.path: out.hash for stage in stages for out in stage.outs if out.hash}
        folders, sees = Folders(known), ignore.seen(tree)
        self.inside = {
            path: (path,) if path in known else tuple(filter(sees, folders.below(path))) for path in recorded
        }
        wanted = {path for path, hashed in recorded.items() if hashed.startswith("md5")}
        self.contents = tree.read(sorted({file for path in wanted for file in self.inside[path]}))
        self.params = Memo().load(tree, {path for stage in stages for path in stage.tracked})

    def of(self, path: str, like: str) -> str:
        """Return the hash of what Git has at `path`, by the algorithm of `like`; empty where that is unknown."""
        algorithm = like.partition(":")[0]
        files = self.inside.get(path, ())
        if not algorithm.startswith("md5") or not files or any(file not in self.contents for file in files):
            return ""
        if any(self.contents[file].startswith(LFS_POINTER) for file in files):
            return ""
        digests = {file: _md5(self.contents[file], algorithm) for file in files}
        if files == (path,):
            return f"{algorithm}:{digests[path]}"
        listing = [{"md5": digest, "relpath": file[len(path) + 1 :]} for file, digest in digests.items()]
        content = json.dumps(sorted(listing, key=lambda entry: entry["relpath"]), sort_keys=True).encode()
        return f"{algorithm}:{_md5(content, algorithm)}{lookup.DIR}"


def _reasons(stage: Stage, hashes: _Hashes) -> Iterator[str]:
    if not stage.locked:
        yield "never ran"
        return
    if stage.cmd != stage.ran_cmd:
        yield "command changed"
    for dep in stage.deps:
        if not dep.hash:
            yield f"dependency {dep.path} is new"
        elif _moved(dep.path, dep.hash, hashes):
            yield f"dependency {dep.path} changed"
    yield from _param_reasons(stage, hashes)
    for out in stage.outs:
        if not out.hash:
            yield f"output {out.path} was never made"
        elif (now := hashes.of(out.path, out.hash)) and now != out.hash:
            yield f"output {out.path} was edited after the run"


def _moved(path: str, recorded: str, hashes: _Hashes) -> bool:
    """Return whether a dependency is known to differ from what the run read."""
    out = hashes.outs.get(path)
    now = out.hash if out else hashes.of(path, recorded)
    return bool(now) and now != recorded and now.partition(":")[0] == recorded.partition(":")[0]


def _param_reasons(stage: Stage, hashes: _Hashes) -> Iterator[str]:
    for path, keys in stage.tracked.items():
        document = hashes.params.get(path)
        if path not in hashes.params or isinstance(document, Unreadable):
            continue
        now, ran = values.param_leaves(document, keys), stage.params.get(path, {})
        yield from (f"param {_named(path, key)} is gone" for key in keys if not values.holds(document, key))
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
    return "" if same(ran[key], now[key]) else "changed"


def _spread(stages: tuple[Stage, ...], found: dict[str, str]) -> None:
    """Add the stages that read what a stale stage makes, and so on down; a frozen stage passes nothing on."""
    frozen = {stage.address for stage in stages if stage.frozen}
    pairs = (pair for pair in lineage.edges(lineage.feeds(stages)) if pair[1] not in frozen)
    for name, source in lineage.downstream(found, pairs).items():
        found.setdefault(name, f"downstream of {source}")


def _md5(content: bytes, algorithm: str) -> str:
    """Return the md5; DVC 2 took it of text as if its lines ended in the Unix way.

    What DVC takes for text: no NUL byte, and at most 30 % unusual ones, among the first 512.
    """
    if algorithm == "md5-dos2unix":
        block = content[:TEXT_BLOCK]
        if not block or (b"\0" not in block and len(block.translate(None, TEXT_BYTES)) / len(block) <= 0.3):
            content = content.replace(b"\r\n", b"\n")
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
