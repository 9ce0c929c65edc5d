"""The predictions of several trainings of each side: found by the pattern of their path, handed to what compares."""

from collections.abc import Mapping
from importlib import import_module

from mltool import git
from mltool.commands import predictions
from mltool.commands.compare import Comparison
from mltool.commands.predictions import Stored
from mltool.config import Config
from mltool.errors import MltoolError, UserError
from mltool.gates import repeats
from mltool.gates.grounds import Grounds, Wish
from mltool.snapshot import lookup
from mltool.snapshot.model import Output, Snapshot
from mltool.snapshot.tree import Tree

REPEATED = "mltool.paired.repeats"
MOST = 100
"""So many files of one side are opened."""
Files = Mapping[str, tuple[str, Stored]]
"""The path of a predictions file and where its content is, by the name of its repeat."""


def compare(compared: Comparison, config: Config) -> Grounds:
    """Return the differences of the gated metrics from the predictions of both sides: of one training each, or, where
    [predictions] says so by a pattern or a column, of several. Raises UserError for a path out of the repository.
    """
    where = config.predictions
    _refuse_outside(where.path)
    if not (where.repeat or repeats.is_pattern(where.path)):
        return predictions.compare(compared, config)
    wishes = tuple(predictions.wishes(compared, config))
    if not wishes:
        return Grounds()
    sides = (
        _files(compared, where.path, compared.base_tree, compared.base),
        _files(compared, where.path, compared.head_tree, compared.head),
    )
    refused = _refused(where.path, sides)
    if refused is not None:
        return refused
    try:
        return _compared(compared, config, wishes, sides)
    except MltoolError as error:
        return predictions.refused(error, broken=predictions.BASE not in error.what)


def _refuse_outside(path: str) -> None:
    if path.startswith("/") or ".." in path.split("/"):
        raise UserError(
            f"[predictions]: path = {path} leads out of the repository.",
            "Write it as it is from the repository's folder.",
        )


def _refused(path: str, sides: tuple[Files, Files]) -> Grounds | None:
    """Return why these files are not to be compared; None where they are."""
    absent = [name for name, side in zip(("the base", "this change"), sides, strict=True) if not side]
    if absent:
        broken = bool(sides[0])
        return Grounds(
            unpaired=f"{' and '.join(absent)} {'have' if len(absent) > 1 else 'has'} no {path}", broken=broken
        )
    if max(map(len, sides)) > MOST:
        return Grounds(unpaired=f"more than {MOST} files are called {path}")
    base, head = ({name: stored.identity for name, (_, stored) in side.items()} for side in sides)
    if base == head:
        return Grounds(unmoved=True)
    return predictions.unequipped()


def _compared(compared: Comparison, config: Config, wishes: tuple[Wish, ...], sides: tuple[Files, Files]) -> Grounds:
    base, head = sides
    with predictions.opened(compared, dict(base.values()), dict(head.values())) as contents:
        before, after = (dict(zip(side, each, strict=True)) for side, each in zip(sides, contents, strict=True))
        seed = " ".join(stored.identity for _, stored in (*base.values(), *head.values()))
        found: Grounds = import_module(REPEATED).compare(before, after, wishes, config.predictions, seed=seed)
    return found


def _files(compared: Comparison, pattern: str, tree: Tree | None, side: Snapshot) -> Files:
    """Return the files of one side that the pattern names, by what its `*` stands for: on disk, in Git, or in what DVC
    stored, alone or in folders.
    """
    if tree is None:
        return {}
    there = {*tree.paths(), *(path for out in side.data for path in _stored(compared, pattern, out))}
    if isinstance(tree, git.WorkTree):
        folder = compared.project.folder
        there |= {path.relative_to(folder).as_posix() for path in folder.glob(pattern) if path.is_file()}
    named = {path: repeats.matched(pattern, path, between="/") for path in sorted(there)}
    kept = {path: name for path, name in named.items() if name is not None}
    found = {path: predictions.stored(compared, path, tree, side) for path in list(kept)[: MOST + 1]}
    return {kept[path]: (path, stored) for path, stored in found.items() if stored is not None}


def _stored(compared: Comparison, pattern: str, out: Output) -> tuple[str, ...]:
    """Return the paths that an output of DVC holds: its own, or those of a folder in which the pattern may look."""
    place = lookup.Place(out=out)
    if not lookup.is_directory(place):
        return (out.path,)
    above = "/".join(pattern.split("/")[: out.path.count("/") + 1])
    if repeats.matched(above, out.path, between="/") is None:
        return ()
    listing = compared.objects((out.hash,)).get(out.hash)
    return tuple(lookup.files(place, lookup.manifest(listing))) if listing else ()
