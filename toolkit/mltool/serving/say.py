"""Sentences for who runs the server, on standard error: whoever read them may be gone, and serving goes on."""

import contextlib
import sys


def say(sentence: str) -> None:
    """Write one line."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(f"{sentence}\n")
        sys.stderr.flush()
