"""`mltool data diff`: the tables that DVC tracks, row by row, at two revisions."""

import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from mltool import dvc
from mltool.commands import data_drift
from mltool.commands.compare import Comparison
from mltool.data import difference
from mltool.data.difference import ColumnDifference, TableDifference
from mltool.data.profile_source import opened
from mltool.errors import Exit, MltoolError, UserError
from mltool.report import figures
from mltool.report.blocks import Block, Code, Column, Line, Paragraph, Row, Section, Table, prose
from mltool.snapshot import lookup
from mltool.snapshot.model import Output
from mltool.snapshot.tree import Tree

SCHEMA: Final = "mltool.data-diff/1"
TABLES = (".parquet", ".csv")
MOST = 40


@dataclass(frozen=True, kw_only=True)
class Version:
    """One file on one side: its hash in DVC, or the tree where Git has it."""

    path: str
    digest: str
    tree: Tree | None = None


@dataclass(frozen=True, kw_only=True)
class Found:
    """One table that changed: how, or the error that says why that cannot be told.

    `added` and `removed` are the rows of a table that one side alone has.
    """

    path: str
    difference: TableDifference | None = None
    added: int | None = None
    removed: int | None = None
    error: MltoolError | None = None


def find(compared: Comparison, *, paths: Sequence[str] = (), key: Sequence[str] = ()) -> tuple[Found, ...]:
    """Return what differs in each table whose hash does, of `paths` alone where there are any.

    A table that cannot be compared has its error, and the others are compared. Raises UserError for a path that is no
    table that changed.
    """
    changed = dict(_changed(compared))
    if unknown := set(paths) - set(changed):
        names = ", ".join(changed) or "none"
        raise UserError(f"{min(unknown)} is no table in DVC that changed.", f"Those that did: {names}.")
    storage = dvc.Storage(compared.project.folder)
    return tuple(_found(storage, path, sides, key) for path, sides in changed.items() if path in (paths or changed))


def _changed(compared: Comparison) -> Iterator[tuple[str, tuple[Version | None, Version | None]]]:
    """Yield each table that changed, also inside folders, with its version on either side."""
    for item in compared.changes.data:
        before = _files(compared, item.old, compared.base_tree)
        after = _files(compared, item.new, compared.head_tree)
        for path in sorted({*before, *after}):
            old, new = before.get(path), after.get(path)
            if path.endswith(TABLES) and (old is None or new is None or old.digest != new.digest):
                yield path, (old, new)


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


def _found(storage: dvc.Storage, path: str, sides: tuple[Version | None, Version | None], key: Sequence[str]) -> Found:
    with tempfile.TemporaryDirectory(prefix="mltool-") as folder:
        try:
            old, new = (
                _fetched(storage, side, Path(folder) / name) if side else None
                for side, name in zip(sides, ("base", "head"), strict=True)
            )
            return _compared(path, old, new, key)
        except MltoolError as error:
            return Found(path=path, error=error)


def _fetched(storage: dvc.Storage, side: Version, folder: Path) -> Path:
    place = folder / Path(side.path).name
    place.parent.mkdir()
    content = side.tree.read((side.path,)).get(side.path) if side.tree else None
    if content is None:
        dvc.copy(storage, side.path, side.digest, place)
    else:
        place.write_bytes(content)
    return place


def _compared(path: str, old: Path | None, new: Path | None, key: Sequence[str]) -> Found:
    if old and new:
        with opened(old, f"{path} of the base") as before, opened(new, path) as after:
            return Found(path=path, difference=difference.compare(before, after, key=key))
    rows = {side: _rows(place, path) for side, place in (("removed", old), ("added", new)) if place}
    return Found(path=path, added=rows.get("added"), removed=rows.get("removed"))


def _rows(place: Path, path: str) -> int:
    with opened(place, path) as source:
        return source.rows


def exit_code(found: Sequence[Found]) -> Exit:
    """Return the code of the first table that could not be compared, else 0: that much changed is no failure."""
    return next((item.error.code for item in found if item.error), Exit.GOOD)


def document(found: Sequence[Found]) -> str:
    """Return everything as one JSON object."""
    return (
        json.dumps({"schema": SCHEMA, "tables": [_content(item) for item in found]}, indent=2, allow_nan=False) + "\n"
    )


def _content(item: Found) -> dict[str, object]:
    known: dict[str, object] = {"path": item.path, "added": item.added, "removed": item.removed}
    if item.error:
        return known | {"error": str(item.error)}
    if item.difference is None:
        return known
    return {
        "path": item.path,
        "rows": asdict(item.difference.rows),
        "columns": [asdict(column) for column in item.difference.columns if column.differs],
        "drift": data_drift.content(item.difference.drift),
    }


def words(found: Sequence[Found]) -> tuple[Section, ...]:
    """Return a section for each table."""
    if not found:
        return (Section(name="data", title="No table in DVC changed.", blocks=(), importance=0),)
    return tuple(Section(name="data", title=item.path, blocks=tuple(_blocks(item)), importance=0) for item in found)


def _blocks(item: Found) -> Iterator[Block]:
    if item.error:
        yield Paragraph(line=prose(str(item.error)), tone="bad")
    elif item.difference is None:
        rows, what = (item.added, "New") if item.added is not None else (item.removed, "Gone")
        yield Paragraph(line=(f"{what}: {figures.count(rows or 0, 'row')}.",))
    else:
        yield Paragraph(line=(_row_sentence(item.difference),))
        yield from _columns(item.difference)
        yield Paragraph(line=(f"{data_drift.sentence(item.difference.drift)}.",))
        yield from data_drift.table(item.difference.drift)


def _row_sentence(found: TableDifference) -> str:
    rows = found.rows
    changed = "" if rows.changed is None else f", {rows.changed:,} changed"
    return f"{rows.old:,} → {rows.new:,} rows: {rows.added:,} added, {rows.removed:,} removed{changed}."


def _columns(found: TableDifference) -> Iterator[Table]:
    different = [column for column in found.columns if column.differs]
    if different:
        heads = (Column("Column"), Column("Cells", "right"), Column("Base"), Column("Head"), Column("Categories"))
        more = f"{len(different) - MOST:,} more: --json has all." if len(different) > MOST else ""
        yield Table(columns=heads, rows=tuple(map(_row, different[:MOST])), more=more)


def _row(column: ColumnDifference) -> Row:
    cells = "" if column.cells is None else f"{column.cells:,}"
    came_went = [*(f"+{word}" for word in column.came), *(f"−{word}" for word in column.went)]
    return Row(cells=((Code(column.name),), (cells,), *map(_facts, (column.old, column.new)), (", ".join(came_went),)))


def _facts(side: difference.Facts | None) -> Line:
    if side is None:
        return ("absent",)
    parts = [side.type]
    if side.low is not None and side.high is not None:
        parts.append(f"{side.low:g} to {side.high:g}")
    if side.categories is not None:
        parts.append(figures.count(side.categories, "category", "categories"))
    if side.nulls:
        parts.append(figures.count(side.nulls, "null"))
    return (", ".join(parts),)
