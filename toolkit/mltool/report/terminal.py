"""A page → aligned plain text, with ANSI colours only where asked."""

from collections.abc import Sequence
from typing import Final

from mltool.report import columns, plots
from mltool.report.blocks import (
    Align,
    Block,
    Bullets,
    Chart,
    Diagram,
    Group,
    Groups,
    Heat,
    Histograms,
    Line,
    Listing,
    Page,
    Paragraph,
    Row,
    Section,
    Table,
    Tone,
)
from mltool.report.inert import clip, visible

MOST_TEXT = 1_000
"""Characters of one span: whoever wants a name of a hundred thousand letters has the JSON."""
INDENT = "  "
NARROW, WIDE = 40, 160
_RESET = "\x1b[0m"
_BOLD = "\x1b[1m"
_TONES: Final[dict[Tone, str]] = {
    "bad": "\x1b[31m",
    "doubt": "\x1b[35m",
    "warn": "\x1b[33m",
    "good": "\x1b[32m",
    "plain": "",
    "quiet": "\x1b[2m",
}


def render(page: Page, *, width: int, color: bool, full: bool = True) -> str:
    """Return the page as lines of at most `width` columns, tables excepted where even a cut one is wider.

    Not `full`, sections that are folded elsewhere come last, each as its first line alone. Without `color` there is no
    escape sequence in it, whatever the report holds.
    """
    room = min(max(width, NARROW), WIDE)
    paint = _Paint(color)
    key = f" ({visible(page.key)})" if page.key not in ("", "mltool") else ""
    title = paint.bold(f"{page.icon} {visible(page.title)}{key}", page.tone)
    lines = [title, *(row for item in page.sentences for row in columns.wrap(plain(item), room)), ""]
    lines += [row for item in page.compared for row in columns.wrap(plain(item), room)]
    folded = [section for section in page.sections if section.folded and not full]
    for section in page.sections:
        if section not in folded:
            lines += ["", *_section(section, room, paint)]
    if folded:
        lines += ["", *(_head(section, paint) for section in folded)]
    if page.footer:
        lines += ["", paint.tone(plain(page.footer), "quiet")]
    return "\n".join(row.rstrip() for row in lines) + "\n"


def sections(found: Sequence[Section], *, width: int, color: bool) -> str:
    """Return sections alone, a blank line between them, as `render` draws them."""
    room, paint = min(max(width, NARROW), WIDE), _Paint(color)
    drawn = ("\n".join(row.rstrip() for row in _section(section, room, paint)) for section in found)
    return "\n\n".join(drawn) + "\n"


class _Paint:
    """Colours, or nothing."""

    def __init__(self, on: bool) -> None:  # noqa: FBT001 - private, one place
        self.on = on

    def tone(self, text: str, tone: Tone) -> str:
        """Colour text by what it means."""
        return f"{_TONES[tone]}{text}{_RESET}" if self.on and _TONES[tone] and text else text

    def bold(self, text: str, tone: Tone = "plain") -> str:
        """Make text bold, and coloured."""
        return f"{_BOLD}{_TONES[tone]}{text}{_RESET}" if self.on else text


def _section(section: Section, room: int, paint: _Paint) -> list[str]:
    return [_head(section, paint), *(row for block in section.blocks for row in _block(block, room, paint))]


def _head(section: Section, paint: _Paint) -> str:
    note = f" · {visible(section.summary)}" if section.summary else ""
    return f"{paint.bold(visible(section.title))}{paint.tone(note, 'quiet')}"


def _block(block: Block, room: int, paint: _Paint) -> list[str]:
    match block:
        case Paragraph():
            return columns.wrap(plain(block.line), room, INDENT)
        case Bullets():
            items = (*block.items, (block.more,)) if block.more else block.items
            return [row for item in items for row in columns.wrap(plain(item), room, f"{INDENT}• ", f"{INDENT}  ")]
        case Groups():
            return _groups(block.groups, room)
        case Table():
            return _table(block, room, paint)
        case Chart():
            return _chart(block, room)
        case Heat():
            return _heat(block, room, paint)
        case Diagram():
            return _diagram(block)
        case Listing():
            return [f"{INDENT}{visible(row)}" for row in block.text.splitlines()]
        case Histograms():
            return _histograms(block, room, paint)
    rows = [Row(((item.name,), (plots.spark(item.values),), (f"{item.first} → {item.last}",))) for item in block.lines]
    drawn = _grid(("", "", ""), rows, ("left", "left", "right"), room, paint)
    return [*drawn, *columns.wrap(visible(block.caption), room, INDENT)]


def plain(spans: Line) -> str:
    """Return a line without its markup; control and invisible characters are replaced."""
    return visible("".join(clip(item if isinstance(item, str) else item.text, MOST_TEXT) for item in spans))


def _table(table: Table, room: int, paint: _Paint) -> list[str]:
    titles = [column.title for column in table.columns]
    drawn = _grid(titles, table.rows, [column.align for column in table.columns], room, paint)
    return [*drawn, *columns.wrap(visible(table.more), room, INDENT)]


def _grid(titles: Sequence[str], rows: Sequence[Row], aligns: Sequence[Align], room: int, paint: _Paint) -> list[str]:
    cells = [[visible(title) for title in titles], *([plain(cell) for cell in row.cells] for row in rows)]
    widths = columns.widths(cells, aligns, room - len(INDENT))
    head, *body = [columns.lines_of(row, widths, aligns, INDENT) for row in cells]
    drawn = [paint.tone(text, row.tone) for texts, row in zip(body, rows, strict=True) for text in texts]
    return [*(paint.tone(text, "quiet") for text in head), *drawn] if any(titles) else drawn


def _chart(chart: Chart, room: int) -> list[str]:
    curve = chart.curve
    drawn = [f"{INDENT}{visible(curve.title)}"]
    for name in plots.names(curve):
        lines = [item for item in curve.series if item.name == name and item.points]
        if not lines:
            continue
        left, right, low, high = plots.bounds(lines)
        for item in lines:
            blocks = plots.spark(plots.sampled(item, low=left, high=right), low=low, high=high)
            drawn.append(f"{INDENT}{blocks}  {plots.SIDES[item.side]}")
    return [*drawn, *columns.wrap(visible(chart.caption), room, INDENT)]


def _histograms(block: Histograms, room: int, paint: _Paint) -> list[str]:
    rows = [Row(((item.name,), *((text,) for text in plots.histogram(item.bars)))) for item in block.items]
    titles = ("Distribution", "over", plots.SIDES["base"], plots.SIDES["head"])
    return _grid(titles, rows, ("left",) * 4, room, paint)


def _heat(heat: Heat, room: int, paint: _Paint) -> list[str]:
    labels = heat.matrix.labels
    cells = plots.cells(heat.matrix)
    rows = [Row(((name,), *((cell,) for cell in line))) for name, line in zip(labels, cells, strict=False)]
    aligns: list[Align] = ["left"]
    aligns += ["right"] * len(labels)
    drawn = _grid(("actual ↓ predicted →", *labels), rows, aligns, room, paint)
    return [f"{INDENT}{visible(heat.matrix.title)}", *drawn, *columns.wrap(visible(heat.caption), room, INDENT)]


def _diagram(diagram: Diagram) -> list[str]:
    after: dict[str, list[str]] = {}
    for source, target in diagram.graph.edges:
        after.setdefault(source, []).append(target)
    return [_node(node.stage, node.state, after.get(node.stage, [])) for node in diagram.graph.nodes]


def _node(stage: str, state: str, after: Sequence[str]) -> str:
    arrow = f" → {', '.join(after)}" if after else ""
    return f"{INDENT}{visible(f'{stage} ({state}){arrow}')}"


def _groups(groups: Sequence[Group], room: int) -> list[str]:
    across = max(columns.count(group.term) for group in groups) + 2
    drawn = []
    for group in groups:
        start = f"{INDENT}{group.term}".ljust(across + len(INDENT))
        for item in (*group.items, (group.more,)) if group.more else group.items:
            drawn += columns.wrap(plain(item), room, start, " " * (across + len(INDENT) + 2))
            start = " " * (across + len(INDENT))
    return drawn
