"""What changed between two revisions, in words: aligned text for a terminal, or Markdown."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mltool.commands import diff
from mltool.commands.compare import Comparison
from mltool.errors import Exit
from mltool.report import escape, figures, markdown
from mltool.report.blocks import prose
from mltool.report.inert import visible
from mltool.snapshot.model import Changes, DataChange, Output, ValueChange

BOLD, RESET = "\x1b[1m", "\x1b[0m"
COLORS = {"added": "\x1b[32m", "removed": "\x1b[31m", "changed": "", "renamed": ""}
SHORT = 7


@dataclass(frozen=True, kw_only=True)
class Table:
    """One kind of change. `right` are the columns of numbers; each row starts with its kind."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: frozenset[int] = frozenset()


def text(compared: Comparison, *, color: bool) -> str:
    """Return aligned tables for a terminal, without an escape sequence unless `color`."""
    tables = _tables(compared.changes)
    parts = [_heading(compared), *(_aligned(table, color=color) for table in tables)]
    return "\n\n".join(parts if tables else (*parts, _nothing(compared))) + "\n"


def page(compared: Comparison) -> str:
    """Return Markdown tables, and what could not be read: the page is shown where no standard error is."""
    tables = _tables(compared.changes)
    parts = [escape.escape(_heading(compared))]
    for table in tables:
        cells = ([escape.code(cell) if i == 1 else escape.escape(cell) for i, cell in enumerate(row)]
                 for row in table.rows)  # fmt: skip
        aligns: list[Any] = ["right" if i in table.right else "left" for i in range(len(table.columns))]
        parts.append(f"#### {table.title}\n\n{markdown.grid(table.columns, cells, aligns)}")
    if not tables:
        parts.append(_nothing(compared))
    if unread := diff.warnings(compared):
        parts.append("\n".join(("#### Not read", "", *(f"- {markdown.line(prose(sentence))}" for sentence in unread))))
    return "\n\n".join(parts) + "\n"


def _nothing(compared: Comparison) -> str:
    return "Nothing changed." if diff.exit_code(compared) is Exit.GOOD else "Nothing changed in what could be read."


def _heading(compared: Comparison) -> str:
    head = "the work tree" if compared.head_is_work_tree else compared.head_sha[:SHORT]
    base = compared.base_sha[:SHORT] if compared.base_sha else "nothing"
    named = f" ({compared.base_ref})" if compared.base_ref and compared.base_sha != compared.base_ref else ""
    behind = f", {figures.count(compared.behind, 'commit')} behind {compared.base_ref}" if compared.behind else ""
    note = f"\n{compared.base_note}" if compared.base_note else ""
    return visible(f"{head} compared with {base}{named}{behind}.") + note


def _tables(changes: Changes) -> tuple[Table, ...]:
    numbers = frozenset({2, 3, 4})
    old_new = ("", "Name", "Base", "Head")
    tables = (
        Table(title="Metrics", columns=(*old_new, "Change"), rows=_value_rows(changes.metrics), right=numbers),
        Table(title="Params", columns=(*old_new, "Change"), rows=_value_rows(changes.params), right=numbers),
        Table(title="Stages", columns=("", "Name", "Why"), rows=tuple(
            (item.kind, item.stage, ", ".join(item.reasons)) for item in changes.stages)),
        Table(title="Data", columns=(*old_new, "Files"), rows=tuple(map(_data_row, changes.data)), right=numbers),
        Table(title="Artifacts", columns=old_new, rows=tuple(
            (item.kind, item.name, *(f"{side.path} {_digest(side.hash)}".strip() if side else ""
                                     for side in (item.old, item.new))) for item in changes.artifacts)),
        Table(title="Packages", columns=old_new, rows=tuple(
            (item.kind, item.name, item.old, item.new) for item in changes.packages)),
    )  # fmt: skip
    return tuple(table for table in tables if table.rows)


def _value_rows(changes: Sequence[ValueChange]) -> tuple[tuple[str, ...], ...]:
    several = len({item.path for item in changes}) > 1
    return tuple(
        (
            item.kind,
            f"{item.path}:{item.key}" if several or not item.key else item.key,
            *figures.beside(item.key, (item.old, item.new)),
            figures.difference(item.key, item.old, item.new) or figures.items(item.old, item.new),
        )
        for item in changes
    )


def _data_row(item: DataChange) -> tuple[str, ...]:
    counts = (("+", item.added), ("−", item.removed), ("~", item.modified))
    moved = " ".join(f"{sign}{number:,}" for sign, number in counts if number)
    return item.kind, item.path, _output(item.old), _output(item.new), moved


def _output(output: Output | None) -> str:
    if output is None:
        return ""
    size = figures.size(output.size) if output.size is not None else ""
    files = figures.count(output.files, "file") if output.files is not None else ""
    return ", ".join(part for part in (_digest(output.hash) or "never made", size, files) if part)


def _digest(digest: str) -> str:
    return digest.partition(":")[2][:SHORT]


def _aligned(table: Table, *, color: bool) -> str:
    rows = [table.columns, *([visible(cell) for cell in row] for row in table.rows)]
    widths = [max(_width(row[i]) for row in rows) for i in range(len(table.columns))]
    lines = [f"{BOLD}{table.title}{RESET}" if color else table.title]
    for number, row in enumerate(rows):
        cells = (_padded(cell, widths[i], right=i in table.right) for i, cell in enumerate(row))
        line = "  " + "  ".join(cells).rstrip()
        paint = COLORS[row[0]] if color and number and row[0] in COLORS else ""
        lines.append(f"{paint}{line}{RESET}" if paint else line)
    return "\n".join(lines)


def _padded(cell: str, width: int, *, right: bool) -> str:
    gap = " " * (width - _width(cell))
    return f"{gap}{cell}" if right else f"{cell}{gap}"


def _width(cell: str) -> int:
    """Return how many columns a terminal gives the text."""
    if cell.isascii():
        return len(cell)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in cell)
