"""The predictions of both sides, where a gate can use them: found, fetched, and handed to what compares them."""

import hashlib
import mmap
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from mltool import dvc, git
from mltool.commands import test_set_base
from mltool.commands.compare import Comparison
from mltool.config import Config
from mltool.errors import MltoolError
from mltool.gates import metric, repeats, rules
from mltool.gates.grounds import SAME_ROWS, Grounds, Wish
from mltool.snapshot import lookup
from mltool.snapshot.model import Snapshot
from mltool.snapshot.tree import Tree

PAIRED = "mltool.paired.gated"
"""Loaded where there is something to compare: numpy and pyarrow take longer than all the rest."""
Content = bytes | mmap.mmap
NEEDED = ("numpy", "pyarrow")
BASE = " of the base"
INSTALL = "pip install 'mltool-ci[judge]'"


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
    asked = tuple(wishes(compared, config))
    if not asked:
        return Grounds()
    path = config.predictions.path
    anew = test_set_base.kept(compared, config)
    sides = (
        Stored(identity=anew.name, place=anew.place)
        if anew and anew.place
        else stored(compared, path, compared.base_tree, compared.base),
        stored(compared, path, compared.head_tree, compared.head),
    )
    absent = [name for name, side in zip(("the base", "this change"), sides, strict=True) if side is None]
    if absent:
        # A change that drops the predictions would else be judged by less than the base was.
        broken = sides[0] is not None
        if len(absent) > 1:
            return Grounds(
                unpaired=f"the base and this change have no {path} (`path` under [predictions] names another)"
            )
        return Grounds(unpaired=f"{absent[0]} has no {path}", broken=broken)
    base, head = sides
    if base is None or head is None or base.identity == head.identity:
        return Grounds(unmoved=True)
    if lacking := unequipped():
        return lacking
    try:
        with opened(compared, {path: base}, {path: head}) as ((before,), (after,)):
            seed = f"{base.identity} {head.identity}"
            found: Grounds = import_module(PAIRED).compare(
                before,
                after,
                asked,
                config.predictions,
                seed=seed,
                anew=bool(anew and anew.place),
                # Code of the repository runs where it is checked out to be run, and for no other commit.
                folder=compared.project.folder if compared.head_is_work_tree else None,
            )
    except MltoolError as error:
        found = refused(error, broken=not error.what.startswith(f"{path}{BASE}"))
        return replace(found, notes=(*_other_test_set(config, anew), *found.notes))
    notes = (*found.notes, *_other_test_set(config, anew))
    return replace(found, anew=bool(anew and anew.place), unseen=_unseen(config, anew), notes=notes)


def _other_test_set(config: Config, anew: test_set_base.Anew | None) -> tuple[str, ...]:
    if anew is None:
        return ()
    differs = f"The test set {config.test_set.path} differs between base and head"
    if anew.place:
        return (f"{differs}: the base was evaluated anew on this change's. Its own metrics files are of other rows.",)
    return (f"{differs}, and the base was not evaluated on the new one: {anew.why}.",)


def _unseen(config: Config, anew: test_set_base.Anew | None) -> str:
    """Return what to do where the head lacks rows of the base, or why the base was not evaluated on the head's."""
    if anew and not anew.place:
        return f"The base was not evaluated on this change's {config.test_set.path}: {anew.why}."
    if config.test_set.path:
        return SAME_ROWS
    return f"{SAME_ROWS[:-1]}, or name the file under [test_set], and the base is evaluated on the new ones."


def unequipped() -> Grounds | None:
    """Return that what compares cannot be imported here; None where it can."""
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        return Grounds(unpaired=f"{' and '.join(missing)} cannot be imported here: `{INSTALL}`", broken=True)
    return None


def refused(error: MltoolError, *, broken: bool) -> Grounds:
    """Return that the predictions were not compared, and why; `broken` where it is this change that can mend them."""
    note = f"The predictions were not compared. {error.what} {error.remedy}".strip()
    return Grounds(unpaired=_clause(error.what), broken=broken, notes=(note,))


def wishes(compared: Comparison, config: Config) -> Iterator[Wish]:
    """Yield the gated metrics that predictions may decide, where both sides have a value."""
    before, after = ({file.path: file for file in side.metrics} for side in (compared.base, compared.head))
    for name, gate in config.gates.items():
        rule = rules.settings(name, gate)
        if rule.test not in ("auto", "repeats", "paired"):
            continue
        files = (repeats.of(rule, side).file for side in (before, after))
        was, now = (metric.number(file.values.get(rule.key)) if file else None for file in files)
        if was is not None and now is not None:
            yield Wish(rule=rule, base=was, head=now)


def stored(compared: Comparison, path: str, tree: Tree | None, side: Snapshot) -> Stored | None:
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
def opened(
    compared: Comparison, base: Mapping[str, Stored], head: Mapping[str, Stored]
) -> Iterator[tuple[tuple[Content, ...], tuple[Content, ...]]]:
    """Yield the content of the files of base and head, given by path; a file is mapped, not read, so that one larger
    than memory can be opened.

    What is wrong with the base's begins with its name: this change cannot mend it.
    """
    storage = dvc.Storage(compared.project.folder)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mltool-")))
        before: list[Content] = []
        for path, side in base.items():
            try:
                before.append(_content(side, storage, path, folder / f"base-{len(before)}", stack))
            except MltoolError as error:
                raise type(error)(f"{path}{BASE} is not to be had: {error.what}", error.remedy) from error
        after = [
            _content(side, storage, path, folder / f"head-{place}", stack)
            for place, (path, side) in enumerate(head.items())
        ]
        yield tuple(before), tuple(after)


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
