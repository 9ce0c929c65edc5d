"""Text from a repository → text that shows all it does: nothing invisible, nothing that turns the line around."""

import re
import unicodedata

# Letters and marks that draw nothing, though Unicode does not call them format characters.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u2800\u3164\uffa0")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_MARKS = re.compile(
    r"([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{2})"
    r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)


def visible(text: str) -> str:
    """Return one line in which every control, format, private or unpaired character is `�`, and breaks are spaces."""
    if text.isascii() and text.isprintable():
        return text
    text = "".join(_shown(letter) for letter in re.sub(r"[\r\n\t\v\f\x85\u2028\u2029]+", " ", text))
    return _MARKS.sub(r"\1", text)


def clip(text: str, most: int) -> str:
    """Return the text cut to `most` characters, an ellipsis for the rest."""
    return text if len(text) <= most else text[: most - 1] + "…"


def _shown(letter: str) -> str:
    return "\ufffd" if letter in _BLANK or unicodedata.category(letter) in _UNSEEN else letter
