"""Which DVC to call, and the Python that has it."""

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from mltool.errors import UserError


def python() -> str | None:
    """Return the Python that can import DVC: our own, else the one that the `dvc` on PATH runs with."""
    if find_spec("dvc") is not None:
        return sys.executable
    found = shutil.which("dvc")
    if found is None:
        return None
    try:
        with Path(found).open("rb") as file:
            first = file.readline(4096)
    except OSError:
        return None
    interpreter = first.removeprefix(b"#!").strip().decode(errors="replace")
    return interpreter if first.startswith(b"#!") and Path(interpreter).is_file() else None


def program() -> tuple[str, ...]:
    """Return the words that start DVC. Raises UserError where it is not installed."""
    if find_spec("dvc") is not None:
        return (sys.executable, "-m", "dvc")
    if found := shutil.which("dvc"):
        return (found,)
    raise missing("run the pipeline")


def missing(purpose: str) -> UserError:
    """Return the error for a task that needs DVC where there is none."""
    return UserError(f"DVC is needed to {purpose}, and is not installed here.", "Run `pip install 'mltool-ci[dvc]'`.")
