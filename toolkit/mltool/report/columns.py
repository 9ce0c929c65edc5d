"""Text in the columns of a terminal: how wide it is, where it breaks, how a table lines up."""

import unicodedata
from collections.abc import Sequence
from itertools import zip_longest

from mltool.report.blocks import Align

MIN_WORDS = 10


def count(text: str) -> int:
    """Return how many terminal columns the text takes: two for wide and emoji characters, none for marks."""
    return sum(_letter(letter, text[i + 1 : i + 2]) for i, letter in enumerate(text))


def _letter(letter: str, after: str) -> int:
    if unicodedata.combining(letter) or unicodedata.category(letter) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" or after == "\ufe0f" else 1


def widths(cells: Sequence[Sequence[str]], aligns: Sequence[Align], room: int) -> list[int]:
    """Return the columns' widths. Where a row does not fit, the widest column of words gives way and wraps."""
    widths = [max(count(text) for text in column) for column in zip(*cells, strict=True)]
    while sum(widths) + 2 * (len(widths) - 1) > room:
        words = [width if align == "left" else 0 for width, align in zip(widths, aligns, strict=True)]
        giving = words if max(words, default=0) > MIN_WORDS else widths
        if max(giving) <= MIN_WORDS:
            break
        widths[giving.index(max(giving))] -= 1
    return widths


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
    """Break text at spaces into lines of at most `width` columns; a longer word is broken too."""
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
    """Return as many letters as fit."""
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
