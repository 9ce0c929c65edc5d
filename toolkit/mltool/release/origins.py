"""Where released files come from: the stages behind them, and the data, parameters and code that those read."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from mltool.release.json import canonical
from mltool.release.model import Input
from mltool.snapshot import ignore, lineage
from mltool.snapshot.model import Dependency, Leaf, Snapshot, Stage
from mltool.snapshot.paths import Folders, parents
from mltool.snapshot.tree import Tree
from mltool.snapshot.values import finite

# A file of these kinds is data also where Git holds it.
DATA: Final = (
    ".csv", ".tsv", ".psv", ".parquet", ".feather", ".arrow", ".avro", ".orc", ".jsonl", ".ndjson", ".npy", ".npz",
    ".h5", ".hdf5", ".nc", ".zarr", ".xls", ".xlsx", ".ods", ".db", ".sqlite", ".duckdb", ".gz",
    ".bz2", ".xz", ".zst", ".zip",
    ".tar", ".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".wav", ".mp3", ".flac", ".mp4", ".pkl",
    ".pickle", ".joblib", ".skops", ".onnx", ".pt", ".pth", ".safetensors",
)  # fmt: skip
_TRACKERS: Final = (".dvc", ".gitignore", ".dvcignore", ".gitattributes")


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """The stages that made the released files (`behind`), and every stage that a version of them has to do with:
    those, and what reads the files afterwards, such as an evaluation. Stages are named by their address.
    """

    behind: tuple[Stage, ...]
    related: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Origins:
    """What the released files were made from."""

    data: tuple[Input, ...] = ()
    params: tuple[Input, ...] = ()
    code: tuple[Input, ...] = ()


def trace(snapshot: Snapshot, model: str, others: Iterable[str]) -> Lineage:
    """Return the stages behind the model's file and the other released files, and those after the model."""
    pairs = lineage.edges(lineage.feeds(snapshot.stages))
    makers = _makers(snapshot.stages, model)
    behind = lineage.downstream(
        dict.fromkeys((*makers, *(name for path in others for name in _makers(snapshot.stages, path)))),
        [(consumer, producer) for producer, consumer in pairs],
    )
    after = lineage.downstream(makers, pairs)
    return Lineage(
        behind=tuple(stage for stage in snapshot.stages if stage.address in behind),
        related=frozenset({*behind, *after}),
    )


def of_others(snapshot: Snapshot, found: Lineage) -> frozenset[str]:
    """Return the outputs of stages that the released files have nothing to do with, as in a project of two models."""
    return frozenset(out.path for stage in snapshot.stages if stage.address not in found.related for out in stage.outs)


def collect(snapshot: Snapshot, tree: Tree, found: Lineage) -> Origins:
    """Return what the stages behind a release read and no stage makes, each file once."""
    fed = lineage.feeds(snapshot.stages)
    leaves = {dep.path: dep for stage in found.behind for dep in stage.deps if not fed[stage.address][dep.path]}
    in_git = _GitFiles(snapshot, tree)
    files = dict.fromkeys(file for path in leaves for file in in_git.at(path))
    contents = tree.read(files)
    held = [Input(path=path, hash=_sha256(contents[path]), size=len(contents[path])) for path in sorted(contents)]
    data = [_stored(dep, snapshot) for path, dep in sorted(leaves.items()) if not in_git.has_all(path)]
    return Origins(
        data=tuple(sorted((*data, *(item for item in held if _is_data(item.path))), key=lambda item: item.path)),
        params=tuple(_params(found.behind)),
        code=tuple(item for item in held if not _is_data(item.path)),
    )


class _GitFiles:
    """The files that Git holds and no stage makes, to be asked for a file or a folder that a stage reads."""

    def __init__(self, snapshot: Snapshot, tree: Tree) -> None:
        sees = ignore.seen(tree)
        made = {out.path for stage in snapshot.stages for out in stage.outs}
        self._known = {
            path
            for path in (*tree.paths(), *tree.above())
            if not path.endswith(_TRACKERS) and sees(path) and made.isdisjoint((path, *parents(path)))
        }
        self._folders = Folders(self._known)
        self._tracked = Folders(out.path for out in snapshot.data)
        self._tree = tree

    def at(self, path: str) -> tuple[str, ...]:
        if path in self._known:
            return (path,)
        beside = path.startswith("../") and path in self._tree.read((path,))  # below a folder above the project
        return (path,) if beside else self._folders.below(path)

    def has_all(self, path: str) -> bool:
        """Return whether Git holds all that is there: a folder may hold data that DVC tracks as well."""
        return bool(self.at(path)) and not self._tracked.below(path)


def _makers(stages: Iterable[Stage], path: str) -> tuple[str, ...]:
    places = {path, *parents(path)}
    return tuple(stage.address for stage in stages if any(out.path in places for out in stage.outs))


def _stored(dep: Dependency, snapshot: Snapshot) -> Input:
    size = next((out.size for out in snapshot.data if out.path == dep.path), None)
    return Input(path=dep.path, hash=dep.hash, size=size)


def _params(stages: Iterable[Stage]) -> Iterator[Input]:
    """Yield each params file with the digest of the values that were used of it: sorted pairs of key and value."""
    used: dict[str, list[tuple[str, Leaf]]] = {}
    for stage in stages:
        for path, values in stage.params.items():
            used.setdefault(path, []).extend((key, finite(value)) for key, value in values.items())
    for path, pairs in sorted(used.items()):
        # A set of texts, because two stages may have run with two values of one key, and True equals 1.
        texts = sorted({canonical([key, value]).decode() for key, value in pairs})
        yield Input(path=path, hash=_sha256(f"[{','.join(texts)}]".encode()))


def _is_data(path: str) -> bool:
    return path.lower().endswith(DATA)


def _sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
