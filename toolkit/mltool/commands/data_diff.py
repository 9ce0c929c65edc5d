"""`mltool data diff`: the tables that DVC tracks, row by row, at two revisions; and those of a report."""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from mltool import dvc
from mltool.commands import data_drift
from mltool.commands.compare import Comparison
from mltool.commands.data_tables import Changed, Version, changed
from mltool.commands.evidence import load_config
from mltool.config import Data
from mltool.data import difference, histogram
from mltool.data.difference import ColumnDifference, Facts, TableDifference
from mltool.data.profile_source import opened
from mltool.errors import Exit, MltoolError, UserError
from mltool.report import tables
from mltool.report.blocks import Section
from mltool.report.data import Bars, ColumnChange, ColumnSide, TableChange

SCHEMA: Final = "mltool.data-diff/1"


@dataclass(frozen=True, kw_only=True)
class Found:
    """One table that changed: how, or the error that says why that cannot be told.

    `added` and `removed` are the rows of a table that one side alone has.
    """

    path: str
    key: tuple[str, ...] = ()
    difference: TableDifference | None = None
    added: int | None = None
    removed: int | None = None
    error: MltoolError | None = None


def find(compared: Comparison, *, paths: Sequence[str] = (), key: Sequence[str] = ()) -> tuple[Found, ...]:
    """Return what differs in each table whose hash does, of `paths` alone where there are any.

    Without a `key`, a table's key is the one in mltool.toml. A table that cannot be compared has its error, and the
    others are compared. Raises UserError for a path that is no table that changed.
    """
    items = tuple(changed(compared))
    known = {item.path for item in items}
    if unknown := set(paths) - known:
        names = ", ".join(sorted(known)) or "none"
        raise UserError(f"{min(unknown)} is no table in DVC that changed.", f"Those that did: {names}.")
    asked = [item for item in items if item.path in (paths or known)]
    return compare(compared, asked, load_config(compared.head_tree).data, key=key)


def compare(
    compared: Comparison, items: Sequence[Changed], settings: Data, *, key: Sequence[str] = ()
) -> tuple[Found, ...]:  # fmt: skip
    """Return what differs in these tables; each is fetched, read and forgotten before the next."""
    storage = dvc.Storage(compared.project.folder)
    return tuple(_found(storage, item, tuple(key) or settings.key.get(item.path, ())) for item in items)


def _found(storage: dvc.Storage, item: Changed, key: tuple[str, ...]) -> Found:
    if item.error:
        return Found(path=item.path, error=item.error)
    with tempfile.TemporaryDirectory(prefix="mltool-") as folder:
        try:
            old, new = (
                _fetched(storage, side, Path(folder) / name) if side else None
                for side, name in ((item.old, "base"), (item.new, "head"))
            )
            return _compared(item.path, old, new, key)
        except MltoolError as error:
            return Found(path=item.path, error=error)


def _fetched(storage: dvc.Storage, side: Version, folder: Path) -> Path:
    place = folder / Path(side.path).name
    place.parent.mkdir()
    content = side.tree.read((side.path,)).get(side.path) if side.tree else None
    if content is None:
        dvc.copy(storage, side.path, side.digest, place)
    else:
        place.write_bytes(content)
    return place


def _compared(path: str, old: Path | None, new: Path | None, key: tuple[str, ...]) -> Found:
    if old and new:
        with opened(old, f"{path} of the base") as before, opened(new, path) as after:
            return Found(path=path, key=key, difference=difference.compare(before, after, key=key))
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
    return tuple(
        Section(name="data", title=item.path, blocks=tables.blocks(item, most=tables.FULL), importance=0)
        for item in map(told, found)
    )


def told(found: Found) -> TableChange:
    """Return one table as the report tells it: no row of it, and of what drifted not all."""
    if found.error:
        return TableChange(path=found.path, problem=str(found.error))
    known = found.difference
    if known is None:
        return TableChange(path=found.path, base_rows=found.removed, head_rows=found.added)
    drift = data_drift.told(known.drift)
    moved = {name for item in known.drift.findings if item.state == "drifted" for name in item.columns}
    shown = [column for column in known.columns if column.differs or column.name in moved]
    place = {name: place for place, name in enumerate(data_drift.gravest(known.drift))}
    shown.sort(key=lambda column: place.get(column.name, len(place)))
    kept = shown[: data_drift.MOST_TOLD]
    before, after = ({column.name: column for column in side.columns} for side in known.profiles)
    shared = [column.name for column in kept if column.old and column.new and column.name not in found.key]
    drawn = {name: histogram.bars(before[name], after[name]) for name in shared}
    return TableChange(
        path=found.path,
        base_rows=known.rows.old,
        head_rows=known.rows.new,
        added=known.rows.added,
        removed=known.rows.removed,
        changed=known.rows.changed,
        key=found.key,
        columns=tuple(_column(column, drawn.get(column.name)) for column in kept),
        more=len(shown) - len(kept),
        same=len(known.columns) - len(shown),
        drift=drift,
    )


def _column(column: ColumnDifference, drawn: Bars | None) -> ColumnChange:
    return ColumnChange(
        name=column.name,
        base=_side(column.old),
        head=_side(column.new),
        cells=column.cells,
        came=column.came,
        went=column.went,
        bars=drawn,
    )


def _side(facts: Facts | None) -> ColumnSide | None:
    return ColumnSide(**asdict(facts)) if facts else None
