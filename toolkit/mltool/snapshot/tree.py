"""A repository to read from: the same questions to a disk, a Git revision or a dict."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol


class Tree(Protocol):
    """The files of one project at one revision. Paths are relative to the project, with `/`."""

    def paths(self) -> Mapping[str, str]:
        """Return every tracked file with an identity of its content: equal identities mean equal bytes."""

    def above(self) -> tuple[str, ...]:
        """Return the files in the folders above the project, in the same repository, as `../name`; not those beside."""

    def read(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        """Return the content of those of `paths` that exist, in one go.

        Raises UserError where a file is a symbolic link that leads out of the repository.
        """


@dataclass(frozen=True)
class DictTree:
    """A tree in memory."""

    files: Mapping[str, bytes]

    def above(self) -> tuple[str, ...]:
        """Return those of the files that are named so."""
        return tuple(path for path in self.files if path.startswith("../"))

    def paths(self) -> Mapping[str, str]:
        """Return every file; the bytes are their own identity."""
        return {path: content.hex() for path, content in self.files.items() if not path.startswith("../")}

    def read(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        """Return the content of those of `paths` that exist."""
        return {path: self.files[path] for path in paths if path in self.files}
