"""Which of some files each commit of a branch changed, and to what: one question for all of the history."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mltool.git import command, objects
from mltool.git.project import Project
from mltool.git.trees import GLOB, SUBMODULE


@dataclass(frozen=True, kw_only=True)
class Move:
    """One commit: the files that differ from its first parent, with the id of their blob, empty where one was deleted.

    Paths are relative to the project.
    """

    sha: str
    files: Mapping[str, str]


def moves(project: Project, span: str, *, names: Iterable[str], endings: Iterable[str]) -> tuple[Move, ...]:
    """Return the commits of `span` (a revision, or `a..b`) along first parents that changed one of these files, the
    oldest first.

    `names` are files of the project, `endings` what the name of a file in it ends with. The first commit of a history,
    or of what a shallow clone has of it, changed all of its files.
    """
    start = f"{project.prefix}/" if project.prefix else ""
    plain = [f":(top,literal){start}{name}" for name in dict.fromkeys(names) if name]
    below = GLOB.sub(r"\\\g<0>", start)
    globs = [f":(top,glob){below}**/*{ending}" for ending in endings]
    words = ("-c", "log.showRoot=true", "log", "--first-parent", "-m", "--reverse", "--raw", "--no-abbrev",
             "--no-renames", "--no-show-signature", "--no-notes", "-z", "--format=%x01%H")  # fmt: skip
    out = os.fsdecode(command.answer(project.root, *words, span, "--", *plain, *globs))
    return tuple(_move(text, start) for text in out.split("\x01") if text)


def contents(project: Project, ids: Iterable[str]) -> Mapping[str, bytes]:
    """Return the blobs with these ids, read in one go."""
    return objects.read(project.root, ids)


def _move(text: str, start: str) -> Move:
    """Read `SHA\\0\\n:mode mode id id S\\0path\\0…`, as `git log -z --raw` writes a commit."""
    sha, _, rest = text.partition("\0")
    fields = rest.lstrip("\n").split("\0")
    files = {}
    for entry, path in zip(fields[::2], fields[1::2], strict=False):
        _, mode, _, blob, kind = entry.split(" ")
        if mode != SUBMODULE:
            files[path.removeprefix(start)] = "" if kind == "D" else blob
    return Move(sha=sha.strip("\n"), files=files)
