"""Every way to stop, and the exit code that tells a script what to do about it."""

import difflib
from collections.abc import Iterable
from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of the command line.

    An uncaught Python exception exits 1 by itself, which would look like a failed gate: `BUG` exists so that a
    crash never does.
    """

    GOOD = 0
    FAILED = 1
    YOURS = 2
    UNDECIDED = 3
    OUTSIDE = 4
    BUG = 70
    INTERRUPTED = 130


class MltoolError(Exception):
    """An expected stop: `what` happened and where, and the `remedy` to try next."""

    code = Exit.BUG

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(f"{what} {remedy}".strip())
        self.what = what
        self.remedy = remedy


class UserError(MltoolError):
    """The caller can mend it: usage, configuration, input."""

    code = Exit.YOURS


class OutsideError(MltoolError):
    """The network, a forge or a remote failed: the same call may work later."""

    code = Exit.OUTSIDE


class RefusedError(MltoolError):
    """What was handed in was judged and is bad: a bundle that was tampered with, an archive that means harm."""

    code = Exit.FAILED


def did_you_mean(name: str, known: Iterable[str], *, most: int = 1) -> str:
    """Return the question that names what is spelled alike, for a remedy; empty where nothing is."""
    near = difflib.get_close_matches(name, list(known), n=most)
    return f"Did you mean {' or '.join(f'`{other}`' for other in near)}?" if near else ""
