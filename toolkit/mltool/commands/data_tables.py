"""Which tables that DVC tracks changed, found without reading one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mltool.commands.compare import Comparison
from mltool.config import Data
from mltool.errors import MltoolError, UserError
from mltool.report import figures
from mltool.report.data import TableChange
from mltool.snapshot import lookup
from mltool.snapshot.model import Output
from mltool.snapshot.tree import Tree

TABLES = (".parquet", ".csv")
MOST = 8
"""Tables that a report compares."""
MEGA = 1e6


@dataclass(frozen=True, kw_only=True)
class Version:
    """One file on one side: its hash in DVC, or the tree where Git has it."""

    path: str
    digest: str
    tree: Tree | None = None


@dataclass(frozen=True, kw_only=True)
class Changed:
    """One table that changed. `size` in bytes is at most that of its larger version: of files in a folder, the
    folder's, and `whole` is what DVC tracks: the file or that folder. `made` says that a stage makes it; `error` why a
    folder's files are not known.
    """

    path: str
    old: Version | None = None
    new: Version | None = None
    size: int = 0
    whole: str = ""
    made: bool = False
    error: MltoolError | None = None


def changed(compared: Comparison) -> Iterator[Changed]:
    """Yield each table that changed, also inside folders; a folder that cannot be listed has its error."""
    made = {out.path for side in (compared.base, compared.head) for stage in side.stages for out in stage.outs}
    for item in compared.changes.data:
        whole = Changed(
            path=item.path,
            whole=item.path,
            size=max(side.size or 0 for side in (item.old, item.new) if side),
            made=item.path in made,
        )
        try:
            before = _files(compared, item.old, compared.base_tree)
            after = _files(compared, item.new, compared.head_tree)
        except MltoolError as error:
            yield replace(whole, error=error)
            continue
        for path in sorted({*before, *after}):
            old, new = before.get(path), after.get(path)
            if path.endswith(TABLES) and (old is None or new is None or old.digest != new.digest):
                yield replace(whole, path=path, old=old, new=new)


def wanted(compared: Comparison, settings: Data) -> tuple[tuple[Changed, ...], tuple[TableChange, ...], str]:
    """Return the tables that the report compares, those that it does not with the reason, and a note on the rest."""
    if settings.diff == "off":
        return (), (), ""
    asked = [item for item in changed(compared) if settings.diff == "all" or not item.made or _named(item, settings)]
    left, found = [], []
    read = dict[str, int]()
    for item in asked:
        problem = _problem(item, settings, before=sum(read.values()) - read.get(item.whole, 0))
        if problem:
            left.append(TableChange(path=item.path, problem=problem))
        else:
            found.append(item)
            read[item.whole] = item.size
    more = len(found) - MOST
    note = f"{figures.count(more, 'more table')} changed: `mltool data diff` compares them all." if more > 0 else ""
    return tuple(found[:MOST]), tuple(left[:MOST]), note


def _named(item: Changed, settings: Data) -> bool:
    return any(item.path == name or item.path.startswith(f"{name.rstrip('/')}/") for name in settings.tables)


def _problem(item: Changed, settings: Data, *, before: int) -> str:
    """Return why a table is not compared; `before` are the bytes of those that are."""
    if item.error:
        return str(item.error)
    if item.size + before <= settings.most_mb * MEGA:
        return ""
    most = figures.size(int(settings.most_mb * MEGA))
    more = ", with those before it," if item.size <= settings.most_mb * MEGA else ""
    return (
        f"{item.path} ({figures.size(item.size)}){more} is over {most} and was not compared: "
        f"`mltool data diff --path {item.path}` does it."
    )


def unread(found: Sequence[Changed], sentence: str) -> tuple[TableChange, ...]:
    """Return the tables as not compared, for one reason."""
    return tuple(TableChange(path=item.path, problem=sentence) for item in found)


def _files(compared: Comparison, out: Output | None, tree: Tree | None) -> dict[str, Version]:
    if out is None or not out.hash:
        return {}
    place = lookup.Place(out=out)
    if not lookup.is_directory(place):
        return {out.path: Version(path=out.path, digest=out.hash, tree=None if out.cached else tree)}
    listing = compared.objects((out.hash,)).get(out.hash)
    if listing is None:
        raise UserError(
            f"The list of files in {out.path} is in no cache and no remote.", "Run `dvc pull` or `dvc push`."
        )
    return {
        path: Version(path=path, digest=digest)
        for path, digest in lookup.files(place, lookup.manifest(listing)).items()
    }
