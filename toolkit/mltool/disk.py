"""Files on disk: written whole or not at all."""

import hashlib
import os
import tempfile
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from mltool.errors import UserError

TEMPLATES = "action-templates"


def write(path: Path, content: str | bytes) -> None:
    """Write the file beside its place and move it in, so that a reader or a crash never sees half of it.

    Raises UserError where the place cannot be written.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        beside = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            beside.chmod(path.stat().st_mode if path.exists() else 0o666 & ~_umask())
            beside.replace(path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UserError(f"Cannot write {path}: {error.strerror}.") from error


def append(path: Path, content: str) -> None:
    """Append to a file that others write too, such as a job summary."""
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(content)
    except OSError as error:
        raise UserError(f"Cannot write {path}: {error.strerror}.") from error


def sha256(path: Path) -> str:
    """Return the SHA-256 of the file in hexadecimal, read in pieces; raises OSError where it cannot be read."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def remove(path: Path) -> None:
    """Delete the file; raises UserError where that is not allowed."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise UserError(f"Cannot delete {path}: {error.strerror}.") from error


def read(root: Path, paths: Iterable[str]) -> dict[str, bytes]:
    """Return the content of those of `paths` (relative to `root`) that are files; raises UserError if unreadable."""
    found = {}
    for path in paths:
        try:
            found[path] = (root / path).read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            continue
        except OSError as error:
            raise UserError(f"Cannot read {root / path}: {error.strerror}.") from error
    return found


def read_folder(root: Path) -> dict[str, bytes]:
    """Return every file under `root`, by its path relative to it; what Python compiles beside its sources is none."""
    found = (path for path in sorted(root.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in found}


def templates() -> Path:
    """Return the folder of templates: inside the package when installed, beside it in a checkout."""
    for home in (Path(str(files("mltool"))), Path(__file__).parents[2]):
        if (home / TEMPLATES).is_dir():
            return home / TEMPLATES
    raise FileNotFoundError(f"{TEMPLATES} did not ship with mltool")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
