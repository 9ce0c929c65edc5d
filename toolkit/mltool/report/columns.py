"""Text in the columns of a terminal: how wide it is, where it breaks, how a table lines up."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import zip_longest

from mltool.report.blocks import Align

MIN_WORDS = 10
NEVER = 10**6
# A path, a dotted name or a snake may be broken after its signs: `metrics.json:` `roc_` `auc`.
_PIECE = re.compile(r"[^/:._@-]*[/:._@-]+|[^/:._@-]+")


def count(text: str) -> int:
    """Return how many terminal columns the text takes: two for wide and emoji characters, none for marks."""
    if text.isascii():
        return len(text)
    return sum(_letter(letter, text[i + 1 : i + 2]) for i, letter in enumerate(text))


def _letter(letter: str, after: str) -> int:
    if unicodedata.combining(letter) or unicodedata.category(letter) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" or after == "\ufe0f" else 1


def widths(cells: Sequence[Sequence[str]], aligns: Sequence[Align], room: int) -> list[int]:
    """Return the columns' widths. Where a row does not fit, columns wrap: first at spaces, names last of all."""
    table = list(zip(*cells, strict=True))
    widths = [max(count(text) for text in column) for column in table]
    words = [_floor(word for text in column for word in text.split(" ")) for column in table]
    pieces = [_floor(part for text in column for word in text.split(" ") for part in _PIECE.findall(word))
              for column in table]  # fmt: skip
    left = [least if align == "left" else NEVER for least, align in zip(words, aligns, strict=True)]
    for floors in (left, words, pieces, [MIN_WORDS] * len(table)):
        while sum(widths) + 2 * (len(widths) - 1) > room:
            giving = [width if width > least else 0 for width, least in zip(widths, floors, strict=True)]
            if not any(giving):
                break
            widths[giving.index(max(giving))] -= 1
    return widths


def _floor(parts: Iterable[str]) -> int:
    """Return the width below which one of the parts would have to be broken."""
    return max(map(count, parts), default=0)


def lines_of(cells: Sequence[str], widths: Sequence[int], aligns: Sequence[Align], indent: str) -> list[str]:
    """Return the lines of one row; a cell that is too wide wraps."""
    folded = [_fold(text, width) for text, width in zip(cells, widths, strict=True)]
    lines = zip_longest(*folded, fillvalue="")
    return [
        indent + "  ".join(_place(text, width, align) for text, width, align in zip(line, widths, aligns, strict=True))
        for line in lines
    ]


def _place(text: str, width: int, align: Align) -> str:
    gap = " " * (width - count(text))
    return f"{gap}{text}" if align == "right" else f"{text}{gap}"


def _fold(text: str, width: int) -> list[str]:
    """Break text at spaces into lines of at most `width` columns; a longer word too, if it can be where a part ends."""
    lines = [""]
    for word in text.split(" "):
        while count(word) > width:
            if lines[-1]:
                lines.append("")
            head = _first(word, width) or word[:1]
            lines[-1], word = head, word[len(head) :]
            lines.append("")
        if lines[-1] and count(lines[-1]) + 1 + count(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
    return lines


def _first(word: str, width: int) -> str:
    """Return as many parts of a word as fit, of a long part as many letters."""
    fitting = ""
    for piece in _PIECE.findall(word):
        if count(fitting + piece) > width:
            return fitting or _letters(piece, width)
        fitting += piece
    return word


def _letters(word: str, width: int) -> str:
    taken = 0
    for i in range(len(word)):
        taken += _letter(word[i], word[i + 1 : i + 2])
        if taken > width:
            return word[:i]
    return word


def wrap(text: str, room: int, first: str = "", later: str | None = None) -> list[str]:
    """Break text into lines of at most `room` columns; nothing for no text."""
    if not text:
        return []
    rest = first if later is None else later
    head, *tail = _fold(text, room - max(count(first), count(rest)))
    return [f"{first}{head}", *(f"{rest}{row}" for row in tail)]
