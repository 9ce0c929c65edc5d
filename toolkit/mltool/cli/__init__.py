"""The way in, and every way out: what the verbs raise becomes a sentence and an exit code."""

import gc
import os
import re
import sys
import traceback
from pathlib import Path
from typing import TextIO

from mltool import __version__
from mltool.errors import Exit, MltoolError, UserError

# What moves the cursor, or writes over a line that was read already.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
ISSUES = "https://github.com/mltool/mltool/issues"


def main() -> None:
    """Run the command line and exit with one of the codes of `mltool.errors.Exit`."""
    # A command is over before its garbage matters; looking for it every 700 objects takes 5 % of the time.
    gc.set_threshold(100_000, 20, 20)
    # Started with a closed stream, as some schedulers do, there would be nothing to ask or to write to.
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    stdout = sys.stdout
    try:
        # Here and not at the top: Ctrl-C while Python still reads our files is no traceback either.
        from mltool.cli.app import app

        _stand_somewhere()
        app()
    except SystemExit as stop:
        if stop.code == Exit.INTERRUPTED:
            _interrupted()
        # Typer exits 1 when the reader of a pipe goes away (`mltool --help | head`), which would read as a failed
        # gate. Whatever judges writes through `output.put` and keeps its own code.
        if sys.stdout is not stdout:
            sys.exit(Exit.GOOD)
        raise
    except KeyboardInterrupt:
        _interrupted()
        sys.exit(Exit.INTERRUPTED)
    except MltoolError as error:
        _say(f"mltool: {error.what}")
        if error.remedy:
            _say(f"  → {error.remedy}")
        sys.exit(error.code)
    except Exception:  # noqa: BLE001 - the last line of defence, so that a crash never exits 1
        _say(traceback.format_exc())
        _say(f"mltool {__version__}: this is a bug in mltool, not in your project. Please report it: {ISSUES}")
        sys.exit(Exit.BUG)


def _stand_somewhere() -> None:
    try:
        Path.cwd()
    except FileNotFoundError as error:
        raise UserError("The folder that this shell is in has been removed.", "Go to your project.") from error


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w")


def _interrupted() -> None:
    _say("mltool: interrupted; nothing is left half-written.")


def _say(text: str) -> None:
    # What broke may quote a stranger, and in a job of GitHub Actions `::` that begins a line, or `##[` anywhere in one,
    # is a command to the runner.
    text = _CONTROL.sub("\ufffd", text)
    text = re.sub(r"^(\s*):(?=:)", r"\1: ", text.replace("##[", "## ["), flags=re.MULTILINE)
    sys.stderr.write(f"{text}\n")
