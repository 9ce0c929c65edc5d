"""What a page is made of: sections of blocks of spans. Renderers draw these and add no words of their own."""

from dataclasses import dataclass
from typing import Literal

from mltool.gates.verdict import Outcome
from mltool.report.data import Bars
from mltool.report.model import Curve, Graph, Matrix

Tone = Literal["bad", "doubt", "warn", "good", "plain", "quiet"]
Align = Literal["left", "right", "center"]


@dataclass(frozen=True)
class Code:
    """A name from the repository: a path, a key, a stage, a revision."""

    text: str


@dataclass(frozen=True)
class Strong:
    """The words a reader should not miss."""

    text: str


@dataclass(frozen=True)
class Link:
    """A link that we built; a target that is not http(s) is drawn as its text alone. `code` draws it as a name."""

    text: str
    url: str
    code: bool = False


Span = str | Code | Strong | Link
Line = tuple[Span, ...]


def prose(text: str, *, strong: bool = False) -> Line:
    """Return a sentence as spans: what it quotes in `backticks` is code, the rest words."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:
        return (Strong(text),) if strong else (text,)
    spans: list[Span] = [
        Code(piece) if i % 2 else Strong(piece) if strong else piece for i, piece in enumerate(pieces) if piece
    ]
    return tuple(spans)


@dataclass(frozen=True)
class Paragraph:
    """One paragraph; its tone colours it where there is colour."""

    line: Line
    tone: Tone = "plain"


@dataclass(frozen=True)
class Bullets:
    """Short lines of equal rank."""

    items: tuple[Line, ...]
    more: str = ""


@dataclass(frozen=True)
class Group:
    """What is said under one word: `Params` and each param that differs."""

    term: str
    items: tuple[Line, ...]
    more: str = ""


@dataclass(frozen=True)
class Groups:
    """Words, and short lines under each."""

    groups: tuple[Group, ...]


@dataclass(frozen=True)
class Column:
    """The head of one column."""

    title: str
    align: Align = "left"


@dataclass(frozen=True)
class Row:
    """One row; its tone marks it where there is colour (the words say the same)."""

    cells: tuple[Line, ...]
    tone: Tone = "plain"


@dataclass(frozen=True)
class Table:
    """Rows under columns, and a sentence for the rows that are not shown."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    more: str = ""


@dataclass(frozen=True)
class Trend:
    """One number over commits, oldest first; None where it was absent."""

    name: str
    values: tuple[float | None, ...]
    first: str
    last: str
    tone: Tone = "plain"


@dataclass(frozen=True)
class Trends:
    """Sparklines that share their commits."""

    lines: tuple[Trend, ...]
    caption: str = ""


@dataclass(frozen=True)
class Chart:
    """Curves with base and head overlaid; `caption` says in words what to see."""

    curve: Curve
    caption: str = ""


@dataclass(frozen=True)
class Heat:
    """A confusion matrix, with what the base counted; `caption` says in words what to see."""

    matrix: Matrix
    caption: str = ""


@dataclass(frozen=True)
class Diagram:
    """The stages that changed and what runs after them."""

    graph: Graph
    more: str = ""


@dataclass(frozen=True)
class Listing:
    """Text to copy as it is."""

    text: str


@dataclass(frozen=True)
class Histogram:
    """How the values of one column are distributed in both versions of its table."""

    name: str
    bars: Bars


@dataclass(frozen=True)
class Histograms:
    """Small drawings beside one another, base and head overlaid."""

    items: tuple[Histogram, ...]


Block = Paragraph | Bullets | Groups | Table | Trends | Chart | Heat | Diagram | Listing | Histograms


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the page. `importance` decides what is cut first (lowest); `folded` ones open on a click.

    `summary` is what a reader sees of a folded section: enough to decide whether to open it.
    """

    name: str
    title: str
    blocks: tuple[Block, ...]
    importance: int
    folded: bool = False
    summary: str = ""


@dataclass(frozen=True, kw_only=True)
class Page:
    """The report in words: a verdict (`icon`, `title`), why (`sentence`), what was compared, and sections in order."""

    key: str
    outcome: Outcome
    tone: Tone
    icon: str
    title: str
    sentences: tuple[Line, ...]
    compared: tuple[Line, ...]
    sections: tuple[Section, ...]
    footer: Line = ()
