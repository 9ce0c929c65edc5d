"""DVC's hashes of the files that Git has, to be compared with those that a run recorded."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from mltool.snapshot import attributes, ignore, lookup
from mltool.snapshot.model import Dependency, Output, Stage
from mltool.snapshot.paths import Folders
from mltool.snapshot.tree import Tree

LFS_POINTER = b"version https://git-lfs"
TEXT_BYTES = bytes(range(32, 127)) + b"\n\r\t\f\b"
TEXT_BLOCK = 512
# As many bytes as Git looks at for a NUL to tell text from binary.
GIT_BLOCK = 8_000


class Hashes:
    """The files of a tree that stages recorded hashes of, read in one go for all stages."""

    def __init__(self, tree: Tree, outs: Mapping[str, Output], stages: Sequence[Stage]) -> None:
        known = tree.paths()
        recorded = {dep.path: dep.hash for stage in stages for dep in stage.deps}
        recorded |= {out.path: out.hash for stage in stages for out in stage.outs if out.hash}
        folders, sees = Folders(known), ignore.seen(tree)
        self._inside = {
            path: (path,) if path in known else tuple(filter(sees, folders.below(path)))
            for path, hashed in recorded.items()
            if hashed.startswith("md5")
        }
        self._outs = Folders(outs)
        self._converted = attributes.converted(tree)
        self._contents = tree.read(sorted({file for files in self._inside.values() for file in files}))

    def moved(self, recorded: Dependency | Output) -> bool:
        """Return whether what Git has is known to differ from what the run recorded; False where that is unknown."""
        files = self._inside.get(recorded.path, ())
        if not files or not all(map(self._is_as_on_disk, files)):
            return False
        if files != (recorded.path,) and self._held_more(recorded, len(files)):
            return False
        return recorded.hash not in self._possible(recorded, files)

    def _is_as_on_disk(self, file: str) -> bool:
        content = self._contents.get(file)
        return content is not None and not content.startswith(LFS_POINTER) and not self._converted(file)

    def _held_more(self, recorded: Dependency | Output, files: int) -> bool:
        """Return whether a folder held what Git has not: outputs, or files that Git ignores, such as `__pycache__`."""
        return bool(self._outs.below(recorded.path)) or (recorded.files or 0) > files

    def _possible(self, recorded: Dependency | Output, files: tuple[str, ...]) -> Iterator[str]:
        """Yield the hash of the files as Git has them, then with the line ends that a checkout may give them."""
        algorithm = recorded.hash.partition(":")[0]
        for ends in (bytes, _unix, _windows):
            digests = {file: _md5(ends(self._contents[file]), algorithm) for file in files}
            if files == (recorded.path,):
                yield f"{algorithm}:{digests[recorded.path]}"
            else:
                start = len(recorded.path) + 1 if recorded.path else 0
                yield f"{algorithm}:{listing((file[start:], digest) for file, digest in digests.items())}"


def listing(files: Iterable[tuple[str, str]]) -> str:
    """Return the hash of a directory as DVC makes it, from each file's path inside of it and its hash."""
    entries = [{"md5": digest, "relpath": name} for name, digest in sorted(files)]
    return f"{_md5(json.dumps(entries, sort_keys=True).encode(), 'md5')}{lookup.DIR}"


def _unix(content: bytes) -> bytes:
    return content if b"\0" in content[:GIT_BLOCK] else content.replace(b"\r\n", b"\n")


def _windows(content: bytes) -> bytes:
    return content if b"\0" in content[:GIT_BLOCK] else _unix(content).replace(b"\n", b"\r\n")


def _md5(content: bytes, algorithm: str) -> str:
    """Return the md5; DVC 2 took it of text as if its lines ended in the Unix way.

    What DVC takes for text: no NUL byte, and at most 30 % unusual ones, among the first 512.
    """
    if algorithm == "md5-dos2unix":
        block = content[:TEXT_BLOCK]
        if not block or (b"\0" not in block and len(block.translate(None, TEXT_BYTES)) / len(block) <= 0.3):
            content = content.replace(b"\r\n", b"\n")
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
