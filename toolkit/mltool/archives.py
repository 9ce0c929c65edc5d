"""Archives and folders of bundles on disk: written whole or not at all, read without trusting them, never in memory."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from mltool.bundle import archive
from mltool.bundle.check import HEAD, Content
from mltool.errors import RefusedError, UserError

CHUNK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Unpacked:
    """A bundle as files: its folder, what its archive calls that (empty without one), what each file is, by path."""

    folder: Path
    contents: Mapping[str, Content]
    top: str = ""


@contextmanager
def beside(place: Path) -> Iterator[Path]:
    """Give a new folder next to `place`, on the same disk, and remove what is left of it at the end, also after Ctrl-C.

    Raises UserError where the place cannot be written, and for a disk that is full.
    """
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        why = f"{error.strerror or error}{f' ({error.filename})' if error.filename else ''}"
        raise UserError(f"Cannot make {place}: {why}.", "Nothing was left behind.") from error


def write(place: Path, folder: Path, *, top: str) -> None:
    """Write all files of `folder` as a new archive with the one folder `top`; raises OSError, so do it `beside`."""
    sizes = [(path.relative_to(folder).as_posix(), path.stat().st_size) for path in _files(folder)]
    with place.open("xb") as out:
        for path, before, after in archive.ordered(sizes, top=top):
            out.write(before)
            with (folder / path).open("rb") as file:
                shutil.copyfileobj(file, out, CHUNK)
            out.write(after)
        out.write(archive.END)
        out.flush()
        os.fsync(out.fileno())


def unpack(bundle: Path, into: Path) -> Unpacked:
    """Unpack the archive into the empty folder `into`.

    Raises UserError for a file that is no bundle, RefusedError for an archive that would write elsewhere, holds links
    or devices, names a file twice or goes on after its end.
    """
    contents: dict[str, Content] = {}
    top = ""
    try:
        into.mkdir(exist_ok=True)
        with bundle.open("rb") as file:
            _make_sure_it_fits(file, into)
            for member in _members(file):
                top = top or member.path.partition("/")[0]
                path = archive.place(member, top=top, taken=contents)
                if path:
                    contents[path] = _copy(file, into / path, member.size)
    except OSError as error:
        raise UserError(f"Cannot unpack {bundle}: {error.strerror or error}.", "Nothing of it was used.") from error
    except (ValueError, EOFError) as error:
        remedy = "A bundle is a .tar that `mltool release package` made."
        raise UserError(f"{bundle} is no bundle: {error}.", remedy) from error
    except archive.HostileError as error:
        raise RefusedError(f"{bundle} is refused, and nothing of it was used: {error}.") from error
    return Unpacked(folder=into, top=top, contents=contents)


def move(folder: Path, place: Path) -> Path:
    """Put a finished folder in its place, where nothing may be yet, and return the place."""
    if place.exists():
        raise UserError(f"{place} exists already.", "Remove it, or choose another folder.")
    folder.replace(place)
    return place


def survey(folder: Path) -> Unpacked:
    """Return what the files of a bundle's folder are. Raises RefusedError for links and what is no file."""
    contents = {}
    for path in _files(folder):
        name = path.relative_to(folder).as_posix()
        with path.open("rb") as file:
            contents[name] = _copy(file, None, path.stat().st_size)
    return Unpacked(folder=folder, contents=contents)


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise RefusedError(f"{path} is a link or no file at all; a bundle holds files only.")
        if path.is_file():
            yield path


def _members(file: BinaryIO) -> Iterator[archive.Member]:
    """Yield the entries; the file stands at the content of each, which must be read before the next is asked for."""
    extension = b""
    while True:
        found = archive.member(_exactly(file, archive.BLOCK), extension)
        if found is None:
            break
        if found.extension:
            extension = _exactly(file, found.size)
        else:
            extension = b""
            yield found
        if _exactly(file, len(archive.padding(found.size))).strip(b"\0"):
            raise archive.HostileError("something stands between its files")
    # Two empty blocks end an archive: behind one alone, something was cut off.
    rest = _exactly(file, archive.BLOCK) + file.read(CHUNK)
    if rest.strip(b"\0") or file.read(1):
        raise archive.HostileError("it goes on after its end")


def _exactly(file: BinaryIO, size: int) -> bytes:
    content = file.read(size)
    if len(content) != size:
        raise EOFError("it is cut off")
    return content


def _copy(file: BinaryIO, place: Path | None, size: int) -> Content:
    """Read `size` bytes into `place`, and return what they are."""
    if place is None:
        return _digest(file, None, size)
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("xb") as out:
        return _digest(file, out, size)


def _digest(file: BinaryIO, out: BinaryIO | None, size: int) -> Content:
    hashed, head, left = hashlib.sha256(), b"", size
    while left:
        chunk = file.read(min(CHUNK, left))
        if not chunk:
            raise EOFError("it is cut off")
        head = head or chunk[:HEAD]
        hashed.update(chunk)
        if out is not None:
            out.write(chunk)
        left -= len(chunk)
    return Content(sha256=hashed.hexdigest(), size=size, head=head)


def _make_sure_it_fits(file: BinaryIO, into: Path) -> None:
    size, free = os.fstat(file.fileno()).st_size, shutil.disk_usage(into).free
    if size > free:
        raise UserError(f"{into} has room for {free} bytes, the bundle needs {size}.", "Make room and try again.")
