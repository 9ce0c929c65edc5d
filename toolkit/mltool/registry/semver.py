"""Versions, and which of two is the higher one: https://semver.org/#spec-item-11."""

import re
from typing import Literal

Part = Literal["major", "minor", "patch"]
PARTS: tuple[Part, ...] = ("major", "minor", "patch")
Key = tuple[tuple[int, ...], bool, tuple[tuple[int, str], ...], str]

# Nine digits: a number of thousands is no version, and Python refuses to read it.
_NUMBER = "(?:0|[1-9][0-9]{0,8})"
_WORDS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
PATTERN = rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-{_WORDS})?(?:\+{_WORDS})?"
_WHOLE = re.compile(PATTERN)


def is_version(text: str) -> bool:
    """Return whether the text is a version, without a leading `v`."""
    return _WHOLE.fullmatch(text) is not None


def key(version: str) -> Key:
    """Return what versions are ordered by; what follows a `+` only tells equals apart."""
    rest, _, build = version.partition("+")
    core, _, pre = rest.partition("-")
    return tuple(int(part) for part in core.split(".")), not pre, tuple(map(_identifier, pre.split("."))), build


def bump(version: str, part: Part) -> str:
    """Return the version after `version`; the release after a candidate is the candidate's own, if it is one of `part`.

    >>> bump("1.2.3", "minor"), bump("2.0.0-rc.1", "major"), bump("1.2.3-rc.1", "patch")
    ('1.3.0', '2.0.0', '1.2.3')
    """
    core = version.partition("+")[0].partition("-")[0]
    numbers = [int(number) for number in core.split(".")]
    at = PARTS.index(part)
    if "-" in version.partition("+")[0] and not any(numbers[at + 1 :]):
        return core
    return ".".join(map(str, (*numbers[:at], numbers[at] + 1, *(0 for _ in numbers[at + 1 :]))))


def _identifier(part: str) -> tuple[int, str]:
    """Order numbers before words, and among themselves by size: the longer is the larger."""
    return (len(part.lstrip("0")), part.lstrip("0")) if part.isdecimal() else (1_000_000, part)
