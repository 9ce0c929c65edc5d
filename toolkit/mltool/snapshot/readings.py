"""The metrics and params files of one revision, from Git where it has them, else from DVC's storage."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from mltool.snapshot import lookup
from mltool.snapshot.edges import Objects
from mltool.snapshot.ignore import Seen
from mltool.snapshot.memo import Memo
from mltool.snapshot.model import Leaf, Output, Problem, ProblemKind, Values
from mltool.snapshot.paths import Folders, is_local
from mltool.snapshot.tree import Tree
from mltool.snapshot.values import Unreadable, broken, parse

Flatten = Callable[[Any], dict[str, Leaf]]


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Everything that files of one revision can be read from."""

    tree: Tree
    outs: Mapping[str, Output]
    objects: Objects
    memo: Memo
    sees: Seen


def read(sources: Sources, declared: Mapping[str, Flatten], *, kind: str) -> tuple[Values, ...]:
    """Return each declared file (or each file in a declared folder) flattened, or with the problem it has.

    `declared` maps a path to how its document is flattened; `kind` says whose files they are, in memos.
    """
    folders = Folders(sources.tree.paths())
    spread = {path: _in_tree(sources, folders, path) for path in declared}
    documents = sources.memo.load(sources.tree, [inner for inners in spread.values() for inner in inners])
    found: dict[str, Values] = {}
    for path, flatten in declared.items():
        there = [inner for inner in spread[path] if inner in documents]
        for inner in there:
            found[inner] = _flattened(sources, inner, documents[inner], flatten, kind)
        if not there:
            found.update({item.path: item for item in _stored(sources, path, flatten)})
    return tuple(found.values())


def _in_tree(sources: Sources, folders: Folders, path: str) -> tuple[str, ...]:
    if path in sources.tree.paths():
        return (path,)
    return tuple(filter(sources.sees, folders.below(path))) or (path,)


def _flattened(sources: Sources, path: str, document: Any, flatten: Flatten, kind: str) -> Values:
    if isinstance(document, Unreadable):
        return broken(path, document)
    identity = sources.tree.paths().get(path)
    try:
        if identity is None:
            return Values(path=path, values=flatten(document))
        return Values(
            path=path, values=sources.memo.once(_name(kind, path, flatten), identity, lambda: flatten(document))
        )
    except Unreadable as error:
        return broken(path, error)


def _name(kind: str, path: str, flatten: Flatten) -> str:
    """Return what a memo knows a flattened file by: two revisions may take different keys from the same content."""
    return f"{kind}:{path}:{flatten.keywords if isinstance(flatten, partial) else ''}"


def _stored(sources: Sources, path: str, flatten: Flatten) -> Iterable[Values]:
    """Return the files at a path that Git does not hold, from DVC's storage."""
    where = lookup.place(path, sources.outs)
    if where is None:
        return (_absent(path, "missing", f"{path} is declared but not in this revision, and no stage makes it."),)
    if not where.out.hash:
        sentence = f"{path} is not in this revision: the stage that makes it never ran, or the file was not committed."
        return (_absent(path, "missing", sentence),)
    if not lookup.is_directory(where):
        return _fetched(sources, {path: where.out.hash}, flatten, cached=where.out.cached)
    content = sources.objects((where.out.hash,), download=True).get(where.out.hash)
    if content is None:
        return (_unreachable(path, where.out.hash, cached=where.out.cached),)
    try:
        inner = lookup.files(where, lookup.manifest(content))
    except (ValueError, KeyError, TypeError):
        return (broken(path, Unreadable(f"is listed in {where.out.hash}, which is no directory listing of DVC")),)
    if not inner:
        return (_absent(path, "missing", f"{path} is declared but not in the directory {where.out.path}."),)
    return _fetched(sources, inner, flatten, cached=where.out.cached)


def _fetched(sources: Sources, hashes: Mapping[str, str], flatten: Flatten, *, cached: bool) -> Iterable[Values]:
    contents = sources.objects(tuple(hashes.values()), download=True)
    for path, digest in hashes.items():
        if digest not in contents:
            yield _unreachable(path, digest, cached=cached)
            continue
        try:
            name = _name("stored", path, flatten)
            made = sources.memo.once(name, digest, lambda: flatten(parse(path, contents[digest])))  # noqa: B023
            yield Values(path=path, values=made)
        except Unreadable as error:
            yield broken(path, error)


def _unreachable(path: str, digest: str, *, cached: bool) -> Values:
    kept = (
        f"{path} ({digest}) is neither in the DVC cache nor in a remote that can be reached: run `dvc push` where it"
        " was made, or `dvc pull` here."
    )
    in_git = (
        f"{path} is in dvc.lock but not in this revision, and DVC does not keep it (`cache: false`): run `dvc repro`"
        " and commit it."
    )
    return _absent(path, "unreachable", kept if cached else in_git)


def _absent(path: str, kind: ProblemKind, sentence: str) -> Values:
    return Values(path=path, values={}, problem=Problem(path=path, kind=kind, sentence=sentence))


def local(paths: Iterable[str]) -> tuple[str, ...]:
    """Return the distinct paths that are files of the project."""
    return tuple(dict.fromkeys(path for path in paths if is_local(path)))
