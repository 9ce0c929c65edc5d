"""The predictions of both sides, where a gate can use them: found, fetched, and handed to what compares them."""

import hashlib
import mmap
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from mltool import dvc, git
from mltool.commands.compare import Comparison
from mltool.config import Config
from mltool.errors import MltoolError
from mltool.gates import metric, rules
from mltool.gates.grounds import Grounds, Wish
from mltool.snapshot import lookup
from mltool.snapshot.model import Snapshot
from mltool.snapshot.tree import Tree

PAIRED = "mltool.paired.gated"
"""Loaded where there is something to compare: numpy, scipy and pyarrow take longer than all the rest."""
Content = bytes | mmap.mmap
NEEDED = ("numpy", "scipy", "pyarrow")
BASE = " of the base"
INSTALL = "pip install 'mltool-ci[measure]'"


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A predictions file: the hash of its content, and where it is if not in what DVC stored."""

    identity: str
    content: bytes | None = None
    place: Path | None = None


def compare(compared: Comparison, config: Config) -> Grounds:
    """Return the differences of the gated metrics from the predictions of both sides; why not, where there are none.

    Nothing heavy is loaded unless a gate may use them and both sides have them.
    """
    wishes = tuple(_wishes(compared, config))
    if not wishes:
        return Grounds()
    path = config.predictions.path
    sides = (
        _stored(compared, path, compared.base_tree, compared.base),
        _stored(compared, path, compared.head_tree, compared.head),
    )
    absent = [name for name, side in zip(("the base", "this change"), sides, strict=True) if side is None]
    if absent:
        return Grounds(unpaired=f"{' and '.join(absent)} {'have' if len(absent) > 1 else 'has'} no {path}")
    base, head = sides
    if base is None or head is None or base.identity == head.identity:
        return Grounds(unmoved=True)
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        return Grounds(unpaired=f"{' and '.join(missing)} cannot be imported here: `{INSTALL}`")
    try:
        with _opened(compared, path, (base, head)) as (before, after):
            seed = f"{base.identity} {head.identity}"
            found: Grounds = import_module(PAIRED).compare(before, after, wishes, config.predictions, seed=seed)
    except MltoolError as error:
        note = f"The predictions were not compared. {error.what} {error.remedy}".strip()
        return Grounds(unpaired=_clause(error.what), broken=not error.what.startswith(f"{path}{BASE}"), notes=(note,))
    return found


def _wishes(compared: Comparison, config: Config) -> Iterator[Wish]:
    before, after = ({file.path: file.values for file in side.metrics} for side in (compared.base, compared.head))
    for name, gate in config.gates.items():
        rule = rules.settings(name, gate)
        if rule.test not in ("auto", "paired"):
            continue
        was, now = (metric.number(side.get(rule.path, {}).get(rule.key)) for side in (before, after))
        if was is not None and now is not None:
            yield Wish(rule=rule, base=was, head=now)


def _stored(compared: Comparison, path: str, tree: Tree | None, side: Snapshot) -> Stored | None:
    """Return where the predictions of one side are: on disk, in Git, or by their hash in what DVC stored."""
    if tree is None:
        return None
    place = compared.project.folder / path
    if isinstance(tree, git.WorkTree) and place.is_file() and not place.is_symlink():
        with place.open("rb") as file:
            return Stored(identity=_md5(hashlib.file_digest(file, _hasher).hexdigest()), place=place)
    content = None if isinstance(tree, git.WorkTree) else tree.read((path,)).get(path)
    if content is not None:
        return Stored(identity=_md5(_hasher(content).hexdigest()), content=content)
    digest = _digest(compared, path, side)
    return Stored(identity=digest) if digest else None


def _hasher(content: bytes = b"") -> "hashlib._Hash":
    return hashlib.md5(content, usedforsecurity=False)


def _md5(value: str) -> str:
    return f"md5:{value}"


def _digest(compared: Comparison, path: str, side: Snapshot) -> str:
    """Return the hash under which DVC stored a file, alone or in a folder; empty where it did not."""
    place = lookup.place(path, lookup.by_path(side.data))
    if place is None or not lookup.is_directory(place):
        return place.out.hash if place is not None and not place.inside else ""
    listing = compared.objects((place.out.hash,)).get(place.out.hash)
    return lookup.files(place, lookup.manifest(listing)).get(path, "") if listing else ""


@contextmanager
def _opened(compared: Comparison, path: str, sides: Iterable[Stored]) -> Iterator[tuple[Content, ...]]:
    """Yield the content of base and head; a file is mapped, not read, so that one larger than memory can be opened.

    What is wrong with the base's begins with its name: this change cannot mend it.
    """
    storage = dvc.Storage(compared.project.folder)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mltool-")))
        before, after = sides
        try:
            base = _content(before, storage, path, folder / "base", stack)
        except MltoolError as error:
            raise type(error)(f"{path}{BASE} is not to be had: {error.what}", error.remedy) from error
        yield base, _content(after, storage, path, folder / "head", stack)


def _content(side: Stored, storage: dvc.Storage, path: str, place: Path, stack: ExitStack) -> Content:
    if side.content is not None:
        return side.content
    if side.place is None:
        dvc.copy(storage, path, side.identity, place)
    file = stack.enter_context((side.place or place).open("rb"))
    return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if file.seek(0, os.SEEK_END) else b""


def _clause(sentence: str) -> str:
    """Return a sentence as the part of another one."""
    return sentence.strip().removesuffix(".")
