"""`mltool test`: pytest of the project, recorded for the report."""

import shutil
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from mltool import disk, git, shell
from mltool.commands import model_tests
from mltool.errors import Exit, UserError
from mltool.gates.model_tests import ModelTests

SWITCH = "MLTOOL_TESTS"
NONE_COLLECTED = 5


def run(folder: Path, words: Sequence[str], *, environ: Mapping[str, str], fail_undecided: bool) -> Exit:
    """Run pytest in `folder` with these arguments, and return what its exit code and its record say.

    Only undecided tests: 3, where they failed or `fail_undecided`. Raises UserError where no test was found, pytest
    broke off, or nothing was recorded.
    """
    project = git.find(folder)
    place = git.private(project, model_tests.FILE)
    disk.remove(place)
    interpreter = python()
    environ = {**shell.untrusted(environ), SWITCH: "record"}
    code = shell.stream((interpreter, "-m", "pytest", *words), cwd=folder, environ=environ)
    found = model_tests.last(project)
    if found is None:
        raise UserError(
            f"Nothing was recorded: pytest of {interpreter} is not there or does not have mltool.",
            "Install both where the project is: `pip install pytest 'mltool-ci[measure]'`.",
        )
    if code == NONE_COLLECTED:
        raise UserError("pytest found no tests.", "Write one in tests/test_model.py: see docs/model-tests.md.")
    if code not in (0, 1) or not found.finished:
        raise UserError(f"pytest broke off, with exit code {code}.", "What it says stands above.")
    return answer(code, found, fail_undecided=fail_undecided)


def answer(code: int, found: ModelTests, *, fail_undecided: bool) -> Exit:
    """Return the exit code for a run that came to its end; `code` is pytest's, 0 or 1."""
    if code and (found.failed or not found.undecided):
        return Exit.FAILED
    return Exit.UNDECIDED if found.undecided and (code or fail_undecided) else Exit.GOOD


def python() -> str:
    """Return the Python that has the project's packages: ours where it has pytest, else the one on PATH."""
    if find_spec("pytest") is not None:
        return sys.executable
    return shutil.which("python") or shutil.which("python3") or sys.executable
