"""A page → GitHub-flavoured Markdown in which everything that is data is inert."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from mltool.report import plots
from mltool.report.blocks import (
    Align,
    Block,
    Bullets,
    Chart,
    Code,
    Diagram,
    Group,
    Groups,
    Heat,
    Histograms,
    Line,
    Link,
    Listing,
    Page,
    Paragraph,
    Section,
    Span,
    Strong,
    Table,
)
from mltool.report.escape import address, code, escape, fenced, reachable, unlisted
from mltool.report.model import Side
from mltool.report.plots import SIDES

LIMIT = 60_000
MOST_LINES = 8

_RULES: Final[dict[Align, str]] = {"left": ":---", "right": "---:", "center": ":---:"}


def render(page: Page, *, limit: int = LIMIT, rest: str = "") -> str:
    """Return the page in at most `limit` UTF-8 bytes.

    Whole sections are left out, the least useful first, and a last line says which and where to find them: `rest` is
    an address or a sentence.
    """
    parts = {section.name: _section(section) for section in page.sections}
    cut: list[Section] = []
    for section in sorted(page.sections, key=lambda item: item.importance):
        text = _assemble(page, parts, cut, rest)
        if _size(text) <= limit:
            return text
        del parts[section.name]
        cut.append(section)
    text = _assemble(page, parts, cut, rest)
    return text if _size(text) <= limit else _whole_lines(text, limit)


def _assemble(page: Page, parts: dict[str, str], cut: Sequence[Section], rest: str) -> str:
    named = f" ({code(page.key)})" if page.key not in ("", "mltool") else ""
    first = [f"### {page.icon} {escape(page.title)}{named}"]
    why = [opening(item) for item in page.sentences]
    what = [opening(item) for item in page.compared]
    last = [_left_out(page, cut, rest)] if cut else []
    foot = [f"<sub>{line(page.footer)}</sub>"] if page.footer else []
    kept = [parts[section.name] for section in page.sections if section.name in parts]
    return "\n\n".join([*first, "\\\n".join(why), "\\\n".join(what), *kept, *last, *foot]) + "\n"


def _left_out(page: Page, cut: Sequence[Section], rest: str) -> str:
    gone = {section.name for section in cut}
    titles = ", ".join(escape(section.title) for section in page.sections if section.name in gone)
    where = f" See {span(Link('the full report', rest))}." if re.match("https?://", rest) else f" {escape(rest)}"
    return f"> **Left out here for their size:** {titles}.{where if rest else ' They are in the HTML report.'}"


def _section(section: Section) -> str:
    body = "\n\n".join(text for block in section.blocks if (text := _block(block)))
    if not section.folded:
        return f"#### {escape(section.title)}\n\n{body}"
    note = f": {escape(section.summary)}" if section.summary else ""
    return f"<details><summary><b>{escape(section.title)}</b>{note}</summary>\n\n{body}\n\n</details>"


def _block(block: Block) -> str:
    match block:
        case Paragraph():
            return opening(block.line)
        case Bullets():
            return "\n".join(f"- {opening(item)}" for item in _with_more(block.items, block.more))
        case Groups():
            return "\n".join(f"- <b>{escape(group.term)}</b> {_items(group)}" for group in block.groups)
        case Table():
            return _table(block)
        case Chart():
            return _chart(block)
        case Heat():
            return _heat(block)
        case Diagram():
            return _diagram(block)
        case Listing():
            return fenced(block.text)
        case Histograms():
            return _histograms(block)
    rows = [(code(item.name), plots.spark(item.values), escape(f"{item.first} → {item.last}")) for item in block.lines]
    table = grid(("Metric", "", "First → last"), rows, ("left", "left", "right"))
    return f"{table}\n\n{_said(block.caption)}" if block.caption else table


def _table(table: Table) -> str:
    titles = [escape(column.title) for column in table.columns]
    rows = [[line(cell) for cell in row.cells] for row in table.rows]
    text = grid(titles, rows, [column.align for column in table.columns])
    return f"{text}\n\n{_said(table.more)}" if table.more else text


def grid(titles: Sequence[str], rows: Iterable[Sequence[str]], aligns: Sequence[Align]) -> str:
    """Return a table of cells that are already Markdown."""
    drawn = [titles, [_RULES[align] for align in aligns], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in drawn)


def _chart(chart: Chart) -> str:
    """Draw a chart as Mermaid, and under it as blocks: those need no colour and survive where Mermaid does not."""
    curve = chart.curve
    parts = [f"<b>{escape(curve.title)}</b>"]
    shown = plots.names(curve)
    for name in shown[:MOST_LINES]:
        lines = [item for item in curve.series if item.name == name and item.points]
        if not lines:
            continue
        if picture := plots.xychart(curve, name):
            parts.append(f"```mermaid\n{picture}\n```")
        left, right, low, high = plots.bounds(lines)
        rows = [
            (item.side, plots.spark(plots.sampled(item, low=left, high=right), low=low, high=high)) for item in lines
        ]
        drawn = len(rows) if picture else 0
        parts.append("\\\n".join(f"`{blocks}` {_side(side, drawn)}" for side, blocks in rows))
    if len(shown) > MOST_LINES:
        parts.append(f"… and {len(shown) - MOST_LINES:,} more lines.")
    parts.append(_said(chart.caption))
    return "\n\n".join(parts)


def _side(side: Side, drawn: int) -> str:
    """Name a line, with the colour that Mermaid gave it: the first of two is grey."""
    colour = "" if not drawn else " (grey)" if drawn == 2 and side == "base" else " (blue)"
    return f"{SIDES[side]}{colour}"


def _histograms(block: Histograms) -> str:
    drawn = [(code(item.name), *plots.histogram(item.bars)) for item in block.items]
    rows = [(name, escape(over), base, head) for name, over, base, head in drawn]
    return grid(("Distribution", "over", SIDES["base"], SIDES["head"]), rows, ("left",) * 4)


def _heat(heat: Heat) -> str:
    titles = ["actual ↓ predicted →", *(code(name) for name in heat.matrix.labels)]
    aligns: list[Align] = ["left"]
    aligns += ["right"] * len(heat.matrix.labels)
    rows = [
        [code(name), *(f"<b>{cell}</b>" if i == j else cell for j, cell in enumerate(cells))]
        for i, (name, cells) in enumerate(zip(heat.matrix.labels, plots.cells(heat.matrix), strict=False))
    ]
    return f"<b>{escape(heat.matrix.title)}</b>\n\n{grid(titles, rows, aligns)}\n\n{_said(heat.caption)}"


def _diagram(diagram: Diagram) -> str:
    picture, left = plots.flowchart(diagram.graph)
    more = f"\n\n… and {left:,} more stages." if left else ""
    return f"```mermaid\n{picture}\n```{more}"


def _with_more(items: Sequence[Line], more: str) -> Sequence[Line]:
    return (*items, (more,)) if more else items


def _items(group: Group) -> str:
    return " · ".join(line(item) for item in _with_more(group.items, group.more))


def line(spans: Line) -> str:
    """Return spans as Markdown within a line."""
    return "".join(span(item) for item in spans)


def opening(spans: Line) -> str:
    """Return spans as a line of their own, which starts no list, heading or rule."""
    return unlisted(line(spans))


def _said(text: str) -> str:
    return opening((text,))


def span(item: Span) -> str:
    """Return one span."""
    match item:
        case Code():
            return code(item.text)
        case Strong():
            return f"<b>{escape(item.text)}</b>" if item.text.strip() else ""
        case Link():
            text = code(item.text) if item.code else escape(item.text)
            return f"[{text}]({address(item.url)})" if reachable(item.url) else text
    return escape(item)


def _whole_lines(text: str, limit: int) -> str:
    """Return the first lines that fit: for a limit too small even for the verdict."""
    kept, size = [], 0
    for row in text.splitlines(keepends=True):
        size += _size(row)
        if size > limit:
            break
        kept.append(row)
    return "".join(kept)


def _size(text: str) -> int:
    return len(text.encode())
