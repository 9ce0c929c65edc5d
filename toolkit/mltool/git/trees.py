"""The files of a project at a commit, or as they stand on disk."""

import os
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path

from mltool.errors import UserError
from mltool.git import command, objects
from mltool.git.project import Project

SYMLINK, SUBMODULE = "120000", "160000"
MOST_LINKS = 10
GLOB = re.compile(r"[*?[\\]")


class GitTree:
    """The project's files at one commit."""

    def __init__(self, project: Project, sha: str) -> None:
        self.project, self.sha = project, sha

    def paths(self) -> Mapping[str, str]:
        """Return every file with its blob id; a symbolic link has an identity of its own in each commit."""
        return self._paths

    def above(self) -> tuple[str, ...]:
        """Return the files in the folders above the project, as `../name`."""
        return tuple(_above(self.project.prefix, self._entries)) if self.project.prefix else ()

    def read(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        """Return the content of those of `paths` that exist; links are followed inside the repository.

        Raises UserError for a link that leads out of it.
        """
        ids = {path: self._follow(_inside(self.project.prefix, path)) for path in paths}
        contents = objects.read(self.project.root, filter(None, ids.values()))
        return {path: contents[sha] for path, sha in ids.items() if sha is not None and sha in contents}

    @cached_property
    def _entries(self) -> dict[str, tuple[str, str]]:
        """Each path from the top of the repository, with its mode and its blob id."""
        listed = command.answer(self.project.root, "ls-tree", "-r", "-z", "--full-tree", self.sha)
        entries = {}
        for entry in os.fsdecode(listed).split("\0"):
            if entry:
                mode, _, sha = entry[:6], entry[7:11], entry[12 : entry.index("\t")]
                if mode != SUBMODULE:
                    entries[entry[entry.index("\t") + 1 :]] = (mode, sha)
        return entries

    @cached_property
    def _paths(self) -> dict[str, str]:
        start = f"{self.project.prefix}/" if self.project.prefix else ""
        return {
            path[len(start) :]: f"link:{path}@{self.sha}" if mode == SYMLINK else sha
            for path, (mode, sha) in self._entries.items()
            if path.startswith(start)
        }

    def _follow(self, path: str) -> str | None:
        """Return the id of the blob at the end of the links that start at `path`; None where nothing is there."""
        start = path
        for _ in range(MOST_LINKS):
            mode, sha = self._entries.get(path, ("", ""))
            if mode != SYMLINK:
                return sha or None
            target = os.fsdecode(objects.read(self.project.root, (sha,))[sha])
            path = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
            if path == ".." or path.startswith(("/", "../")):
                raise _leads_out(start, target)
        raise UserError(f"{start} is a symbolic link that leads in a circle.")


class WorkTree:
    """The project's files on disk: what Git tracks, and what it does not ignore."""

    def __init__(self, project: Project) -> None:
        self.project = project

    def paths(self) -> Mapping[str, str]:
        """Return every file, with its blob id where it is as in the index, else with an identity of its own."""
        return self._paths

    def above(self) -> tuple[str, ...]:
        """Return the tracked files in the folders above the project, as `../name`."""
        if not self.project.prefix:
            return ()
        folders = (GLOB.sub(r"\\\g<0>", folder) for folder in _folders_above(self.project.prefix))
        listed = os.fsdecode(
            command.answer(self.project.root, "ls-files", "-z", "--", *(f":(top,glob){folder}*" for folder in folders))
        ).split("\0")
        return tuple(_above(self.project.prefix, filter(None, listed)))

    def read(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        """Return the content of those of `paths` that are on disk, ignored ones too.

        Raises UserError for a link out of the repository. A link that Git ignores is an output that DVC linked from
        its cache: it is left out, and so read from the cache by its hash.
        """
        found = {}
        for path in paths:
            content = self._content(path)
            if content is not None:
                found[path] = content
        return found

    def _content(self, path: str) -> bytes | None:
        place = self.project.folder / path
        if not place.is_file():
            return None
        real = Path(os.path.realpath(place))
        if not real.is_relative_to(self.project.root):
            if path in self._paths:
                raise _leads_out(path, str(real))
            return None
        try:
            return real.read_bytes()
        except OSError as error:
            raise UserError(f"Cannot read {path}: {error.strerror}.") from error

    @cached_property
    def _paths(self) -> dict[str, str]:
        folder = self.project.folder
        entries = os.fsdecode(command.answer(folder, "ls-files", "-s", "-z", "--", ".")).split("\0")
        other = os.fsdecode(
            command.answer(folder, "ls-files", "-t", "-m", "-d", "-o", "-z", "--exclude-standard", "--", ".")
        ).split("\0")
        found = {}
        for entry in filter(None, entries):
            (mode, sha, _), path = entry[: entry.index("\t")].split(), entry[entry.index("\t") + 1 :]
            if mode != SUBMODULE:
                found[path] = sha if mode != SYMLINK else f"link:{path}@disk"
        for entry in filter(None, other):
            tag, path = entry[0], entry[2:]
            identity = self._on_disk(path)
            if tag == "R" or identity is None:
                found.pop(path, None)
            else:
                found[path] = identity
        return found

    def _on_disk(self, path: str) -> str | None:
        try:
            stat = (self.project.folder / path).stat()
        except OSError:
            return None
        return f"disk:{path}:{stat.st_ino}:{stat.st_size}:{stat.st_mtime_ns}"


def _inside(prefix: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(prefix, path))


def _folders_above(prefix: str) -> dict[str, str]:
    """Return every folder above the project from the top, `""` or with a slash at its end, and how to get there."""
    parts = prefix.split("/")
    return {"".join(f"{part}/" for part in parts[:i]): "../" * (len(parts) - i) for i in range(len(parts))}


def _above(prefix: str, files: Iterable[str]) -> Iterator[str]:
    way = _folders_above(prefix)
    for path in files:
        folder = path[: path.rfind("/") + 1]
        if folder in way:
            yield f"{way[folder]}{path[len(folder) :]}"


def _leads_out(path: str, target: str) -> UserError:
    return UserError(
        f"{path} is a symbolic link that leads out of the repository (to {target}).",
        "Commit the file itself, or let DVC track it.",
    )
