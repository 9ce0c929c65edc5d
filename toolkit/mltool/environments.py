"""Clean Python environments: nothing but what a bundle's requirements name, each file checked against its hash."""

import hashlib
import os
import platform
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from mltool import shell
from mltool.errors import MltoolError, OutsideError, RefusedError, UserError

# What would let an installed package, or a file beside us, into the clean environment.
FOREIGN: Final = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV", "CONDA_PREFIX", "UV_PROJECT_ENVIRONMENT")
FULL: Final = "No space left on device"
LITTLE: Final = 16 * 2**20
LINES: Final = 4


def create(requirements: Path, *, python: str, home: Path | None = None) -> Path:
    """Return the Python of an environment with exactly these requirements, made now or before, for `python` as `3.11`.

    Environments are kept in `home` (`$XDG_CACHE_HOME/mltool/environments`) under the digest of what is in them; any of
    them may be deleted. One that is finished appears whole, so many processes may ask at once. Raises UserError without
    that Python or with a full disk, RefusedError for a package that has not the hash, OutsideError where an index does
    not answer; nothing half-made is left.
    """
    place = (home or _home()) / _key(requirements, python)
    if not _python(place).exists():
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".", dir=place.parent, ignore_cleanup_errors=True) as desk:
                _make(Path(desk) / "environment", requirements, python)
                _move(Path(desk) / "environment", place)
        except OSError as error:
            raise UserError(f"Cannot make an environment in {place.parent}: {error.strerror or error}.") from error
    return _python(place)


def run(python: Path, words: Sequence[str], *, folder: Path, timeout: float | None = None) -> shell.Result:
    """Run `python WORDS` of a clean environment in `folder`, writing no bytecode into it."""
    environ = clean(os.environ) | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONNOUSERSITE": "1", "OMP_NUM_THREADS": "1"}
    return shell.run((python, *words), cwd=folder, environ=environ, timeout=timeout)


def clean(inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables without those that bring foreign packages in, and without a job's tokens."""
    return {name: value for name, value in shell.untrusted(inherited).items() if name not in FOREIGN}


def _home() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "mltool" / "environments"


def _key(requirements: Path, python: str) -> str:
    try:
        content = requirements.read_bytes()
    except OSError as error:
        raise UserError(f"Cannot read {requirements}: {error.strerror}.") from error
    machine = f"{python} {sysconfig.get_platform()} {platform.libc_ver()[0]}\n"
    return hashlib.sha256(machine.encode() + content).hexdigest()


def _python(place: Path) -> Path:
    return place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _move(made: Path, place: Path) -> None:
    """Put the environment in its place; who comes second takes what is there, which has the same in it."""
    try:
        made.rename(place)
    except OSError:
        if not _python(place).exists():
            raise


def _make(place: Path, requirements: Path, python: str) -> None:
    uv = shutil.which("uv")
    only = ("--only-binary", ":all:", "--require-hashes", "-r", str(requirements.resolve()))
    if uv:
        # Relocatable: it moves to its place when it is finished.
        _step(place, uv, "venv", "--quiet", "--relocatable", "--python", python, str(place))
        _step(place, uv, "pip", "install", "--quiet", "--python", str(_python(place)), *only)
    else:
        _step(place, _interpreter(python), "-m", "venv", str(place))
        pip = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input")
        _step(place, str(_python(place)), *pip, *only)


def _interpreter(python: str) -> str:
    if python == f"{sys.version_info.major}.{sys.version_info.minor}":
        return sys.executable
    if found := shutil.which(f"python{python}"):
        return found
    raise UserError(
        f"The bundle is made for Python {python}, which is not installed here.", f"Install python{python}, or uv."
    )


def _step(place: Path, *command: str) -> None:
    result = shell.run(command, environ=clean(os.environ))
    if result.code:
        raise _failure(result.err, free=shutil.disk_usage(place.parent).free)


def _failure(said: str, *, free: int) -> MltoolError:
    lines = [line.strip(" ×╰─▶│") for line in said.splitlines() if line.strip(" ×╰─▶│")]
    # uv breaks its one sentence into lines, pip's last line is the one that counts; both are there.
    why = " ".join(lines[-LINES:]).rstrip(".") or "no reason given"
    # venv does not say why it failed.
    if FULL in said or free < LITTLE:
        return UserError("The disk is full: no environment was made.", "Make room and try again.")
    if "hash mismatch" in said.lower() or "do not match the hashes" in said.lower():
        return RefusedError(f"A package of the bundle's requirements is not the one that was locked: {why}.")
    if "interpreter" in said.lower() and "no " in said.lower():
        return UserError(f"No Python for the bundle: {why}.", "Install it, or uv.")
    return OutsideError(f"The bundle's requirements cannot be installed: {why}.", "Check the package index, try again.")
