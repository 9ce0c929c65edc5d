"""Read the plain block style in which DVC writes its files, ten times faster than a whole YAML parser.

It reads a part of YAML on which no two readings are possible, and raises `Unsure` for everything else, valid or not:
then the real parser has to say.
"""

import re
from collections.abc import Callable
from typing import Any

# A text that starts with a letter, `_`, `/` or `./`, and holds no character that YAML may give a meaning.
PLAIN = re.compile(r"""(?:[A-Za-z_/]|\.\.?/)[\w ./@+=,;()~^$%:&'"|<>*?![\]{}\\-]*(?<![ :])""")
# Of these YAML takes for numbers the binary ones, the decimal ones and those with one `e`.
HASH = re.compile(r"(?!(?:0b[01]+|[0-9]+(?:e[0-9]+)?)\Z)[0-9a-f]{32}(?:\.dir)?")
INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")
FLOAT = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+")
QUOTED = re.compile(r"'([^'\n]*)'")
# Words that are no texts, or were none in YAML 1.1.
WORDS = frozenset(["true", "false", "null", "yes", "no", "on", "off", "y", "n"])
EXACT: dict[str, Any] = {"true": True, "false": False, "null": None}
DASH = "- "


class Unsure(Exception):  # noqa: N818 - not an error: the file is only not simple
    """The document is not in the part of YAML that is read here."""


def load(text: str) -> Any:
    """Return the document, or raise Unsure."""
    lines: Lines = []
    gap = False
    for line in text.split("\n"):
        body = line.lstrip(" ")
        if body and body[0] != "#":
            lines.append((len(line) - len(body), body, gap))
            gap = False
        else:
            gap = True
    if not lines or lines[0][0]:
        raise Unsure
    lines.append((-1, "", gap))
    value, end = _block(lines, 0, 0)
    if end != len(lines) - 1:
        raise Unsure
    return value


# Each line's indentation, its text, and whether an empty line or a comment stands before it.
Lines = list[tuple[int, str, bool]]


def _block(lines: Lines, at: int, indent: int) -> tuple[Any, int]:
    read: Callable[[Lines, int, int], tuple[Any, int]] = _sequence if lines[at][1].startswith(DASH) else _mapping
    return read(lines, at, indent)


def _mapping(lines: Lines, at: int, indent: int) -> tuple[dict[str, Any], int]:
    found: dict[str, Any] = {}
    level, body, _ = lines[at]
    while level == indent and not body.startswith(DASH):
        key, _, rest = body.partition(": ")
        if not rest:
            if body[-1] != ":":
                raise Unsure
            key = body[:-1]
        if key in found or not PLAIN.fullmatch(key) or ": " in key or key.lower() in WORDS:
            raise Unsure
        at += 1
        if rest:
            found[key], at = _continued(lines, at, indent, rest)
        elif lines[at][0] > indent or (lines[at][0] == indent and lines[at][1].startswith(DASH)):
            found[key], at = _block(lines, at, lines[at][0])
        else:
            found[key] = None
        level, body, _ = lines[at]
    if level > indent:
        raise Unsure
    return found, at


def _sequence(lines: Lines, at: int, indent: int) -> tuple[list[Any], int]:
    found: list[Any] = []
    level, body, _ = lines[at]
    while level == indent and body.startswith(DASH):
        item = body[len(DASH) :]
        if ": " in item or item.endswith(":"):
            # `- key: value` is a mapping that is written two columns further in.
            lines[at] = (indent + len(DASH), item, False)
            value, at = _mapping(lines, at, indent + len(DASH))
            found.append(value)
        else:
            found.append(_scalar(item))
            at += 1
        level, body, _ = lines[at]
    if level > indent:
        raise Unsure
    return found, at


def _continued(lines: Lines, at: int, indent: int, first: str) -> tuple[Any, int]:
    """Return the value that starts with `first`; DVC folds commands over lines that are further in."""
    if lines[at][0] <= indent:
        return _scalar(first), at
    parts = [first.rstrip(" ")]
    while lines[at][0] > indent:
        _, body, gap = lines[at]
        if gap:
            raise Unsure
        parts.append(body.rstrip(" "))
        at += 1
    folded = " ".join(parts)
    if not PLAIN.fullmatch(parts[0]) or not PLAIN.fullmatch(folded) or ": " in folded:
        raise Unsure
    return folded, at


def _scalar(text: str) -> Any:
    if PLAIN.fullmatch(text):
        if text in EXACT:
            return EXACT[text]
        if ": " in text or text.lower() in WORDS:
            raise Unsure
        return text
    if INTEGER.fullmatch(text):
        return int(text)
    if FLOAT.fullmatch(text):
        return float(text)
    # Digits with one `e` among them would be a number.
    if HASH.fullmatch(text) and text.strip("0123456789e"):
        return text
    if quoted := QUOTED.fullmatch(text):
        return quoted[1]
    raise Unsure
