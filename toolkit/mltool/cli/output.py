"""Where the words go: standard output, for as long as somebody reads it."""

import os
import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from mltool.errors import UserError

if TYPE_CHECKING:
    from mltool.report.blocks import Section


def colored() -> bool:
    """Return whether colours are wanted: by a terminal, unless NO_COLOR holds anything (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def width() -> int:
    """Return how many columns the reader has; a pipe gets 100."""
    return shutil.get_terminal_size((100, 24)).columns


def sections(found: "Sequence[Section]") -> None:
    """Write sections as wide and as colourful as the reader's terminal is."""
    from mltool.report import terminal

    put(terminal.sections(found, width=width(), color=colored()))


def put(out: str | bytes) -> None:
    """Write to standard output, at once.

    A reader that went away (`mltool gate | head`) is no failure and no success: nothing is raised, the rest is dropped,
    and the exit code stays that of the verdict. Raises UserError where the output cannot be written.
    """
    try:
        if isinstance(out, bytes):
            sys.stdout.buffer.write(out)
        else:
            typer.echo(out, nl=False)
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_the_rest()
    except OSError as error:
        _drop_the_rest()
        raise UserError(f"Cannot write the output: {error.strerror}.", "Make room, or send it elsewhere.") from error


def _drop_the_rest() -> None:
    """Lead standard output nowhere: what it still holds would fail again when Python flushes it on its way out."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
