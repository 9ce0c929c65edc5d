"""Read objects out of Git's database, in one go, also from clones that do not have them all."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from mltool.errors import OutsideError
from mltool.git import command

FETCH_TIMEOUT = 300.0


def read(root: Path, ids: Iterable[str]) -> Mapping[str, bytes]:
    """Return the blobs with these ids; ids that are not blobs are left out.

    Raises OutsideError where a partial clone lacks a blob and its remote does not give it.
    """
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return {}
    prefetch(root, wanted)
    return _batch(root, wanted)


def named(root: Path, names: Iterable[str]) -> Mapping[str, bytes]:
    """Return the blobs that Git finds under names such as `SHA:path`; what does not exist is left out."""
    wanted = [name for name in dict.fromkeys(names) if "\n" not in name]
    if not wanted:
        return {}
    if _is_partial(root):
        prefetch(root, filter(None, (_id(root, name) for name in wanted)))
    return _batch(root, wanted)


def prefetch(root: Path, ids: Iterable[str]) -> None:
    """Fetch the objects that a partial clone lacks, together: Git itself would fetch them one by one."""
    if not _is_partial(root):
        return
    local = command.answer(root, "cat-file", "--batch-all-objects", "--batch-check=%(objectname)", "--unordered")
    missing = sorted(set(ids) - set(local.decode().split()))
    if not missing:
        return
    remote = command.ask(root, "config", "--get", "extensions.partialclone").out.decode().strip() or "origin"
    words = ("-c", "fetch.negotiationAlgorithm=noop", "fetch", "--no-tags", "--no-write-fetch-head", "--refmap=",
             "--recurse-submodules=no", "--no-auto-maintenance", "--filter=blob:none", "--stdin", remote)  # fmt: skip
    result = command.ask(root, *words, stdin="\n".join(missing).encode(), timeout=FETCH_TIMEOUT)
    if result.code:
        raise OutsideError(
            f"This clone has no file contents and `{remote}` did not give {len(missing)}: {command.reason(result)}.",
            "Clone without `--filter`, or make the remote reachable and try again.",
        )


def _is_partial(root: Path) -> bool:
    return any(_common_folder(root).glob("objects/pack/*.promisor"))


def _common_folder(root: Path) -> Path:
    git = root / ".git"
    if git.is_dir():
        return git
    return root / command.line(root, "rev-parse", "--git-common-dir")


def _id(root: Path, name: str) -> str:
    sha, _, path = name.partition(":")
    entry = command.answer(root, "ls-tree", "-z", "--full-tree", sha, "--", path)
    head = entry.partition(b"\t")[0].split()
    return head[2].decode() if len(head) == 3 and head[1] == b"blob" else ""


def _batch(root: Path, names: list[str]) -> dict[str, bytes]:
    """Return what `git cat-file --batch` gives: `<id> <type> <size>\\n<content>\\n`, in the order asked."""
    out = command.answer(root, "cat-file", "--batch", stdin=b"".join(os.fsencode(name) + b"\n" for name in names))
    found: dict[str, bytes] = {}
    at = 0
    for name in names:
        end = out.index(b"\n", at)
        words = out[at:end].rsplit(b" ", 2)
        at = end + 1
        if words[-1] in (b"missing", b"ambiguous"):
            continue
        size = int(words[2])
        if words[1] == b"blob":
            found[name] = out[at : at + size]
        at += size + 1
    return found
