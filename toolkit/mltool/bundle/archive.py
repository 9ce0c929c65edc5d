"""The archive as bytes: a tar that says the same wherever and whenever it is made, and what may be in one we read.

Names in order, no time, no owner, mode 0644, no compression (wheels and models are compressed already, and a library's
next version would compress otherwise). Contents do not pass through here: they may be larger than memory.
"""

import tarfile
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from mltool.bundle import paths

BLOCK: Final = 512
END: Final = bytes(2 * BLOCK)
MOST_FILES: Final = 1000
MOST_PAX: Final = 64 * 1024
KINDS: Final = {
    tarfile.LNKTYPE: "a hard link",
    tarfile.SYMTYPE: "a symbolic link",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.FIFOTYPE: "a pipe",
    tarfile.GNUTYPE_SPARSE: "a file with holes",
}


class HostileError(Exception):
    """The archive holds what no bundle holds; its words say what."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """One entry: a file of `size` bytes, or a folder. `extension` says that its content describes the next entry."""

    path: str
    size: int
    folder: bool = False
    extension: bool = False


def header(path: str, size: int) -> bytes:
    """Return the blocks that stand before the content of a file."""
    info = tarfile.TarInfo(path)
    info.size, info.mode = size, 0o644
    return info.tobuf(tarfile.PAX_FORMAT)


def padding(size: int) -> bytes:
    """Return what fills the last block of a content of `size` bytes."""
    return bytes(-size % BLOCK)


def ordered(sizes: Iterable[tuple[str, int]], *, top: str) -> Iterator[tuple[str, bytes, bytes]]:
    """Yield path, blocks before and bytes after each file, in the order of the archive; `top` is its one folder."""
    for path, size in sorted(sizes):
        yield path, header(f"{top}/{path}", size), padding(size)


def member(block: bytes, extension: bytes = b"") -> Member | None:
    """Return the entry that a block of 512 bytes begins; None for the empty block at the end.

    `extension` is the content of the entry before, where that was one. Raises HostileError for everything but files,
    folders and extensions, and ValueError for a block that is no header.
    """
    if not block.strip(b"\0"):
        return None
    try:
        info = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
    except (tarfile.HeaderError, UnicodeError) as error:
        raise ValueError("it is not a tar archive, or a damaged one") from error
    if info.size < 0:
        raise HostileError("an entry has a negative size")
    if info.type == tarfile.XHDTYPE and not extension:
        if info.size > MOST_PAX:
            raise HostileError(f"an extended header has {info.size} bytes")
        return Member(path="", size=info.size, extension=True)
    path, size = _extended(extension, info)
    if info.type == tarfile.DIRTYPE:
        return Member(path=path.rstrip("/"), size=0, folder=True)
    if info.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
        raise HostileError(f"{path!r} is {KINDS.get(info.type, 'an entry of a kind that no bundle has')}")
    return Member(path=path, size=size)


def place(member: Member, *, top: str, taken: Collection[str]) -> str:
    """Return where a file goes inside the archive's top folder; empty for a folder, which its files will make.

    Raises HostileError for a path that is not plainly in the top folder and for one that is `taken`, also where a disk
    does not tell capital letters from small ones.
    """
    if reason := paths.unsafe(member.path):
        raise HostileError(f"it holds {member.path!r}: {reason}")
    if member.folder and (member.path == top or member.path.startswith(f"{top}/")):
        return ""
    if not member.path.startswith(f"{top}/"):
        raise HostileError(f"it holds {member.path!r}, which is not in its folder {top!r}")
    path = member.path[len(top) + 1 :]
    if path.casefold() in {other.casefold() for other in taken}:
        raise HostileError(f"it names {path!r} twice")
    if len(taken) == MOST_FILES:
        raise HostileError(f"it has more than {MOST_FILES} files")
    return path


def _extended(extension: bytes, info: tarfile.TarInfo) -> tuple[str, int]:
    """Return path and size with what an extended header says: `LENGTH KEY=VALUE\\n` again and again."""
    path, size = info.name, info.size
    rest = extension.rstrip(b"\0")
    while rest:
        length, _, _ = rest.partition(b" ")
        if not length.isdigit() or not len(length) < int(length) <= len(rest):
            raise HostileError("an extended header is malformed")
        record, rest = rest[len(length) + 1 : int(length) - 1], rest[int(length) :]
        key, _, value = record.partition(b"=")
        if key == b"path":
            path = value.decode(errors="replace")
        elif key == b"size" and value.isdigit() and len(value) < 19:
            size = int(value)
        else:
            raise HostileError(f"an extended header sets {key.decode(errors='replace')!r}")
    return path, size
