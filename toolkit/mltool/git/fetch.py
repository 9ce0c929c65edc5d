"""Bring missing history into a shallow clone; only objects and the shallow boundary change, never a ref."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from mltool import shell
from mltool.errors import OutsideError, UserError
from mltool.git import command

ORIGIN = "origin"
DEPTHS = (50, 500, 5_000)
TIMEOUT = 300.0
REMEDY = "Set `fetch-depth: 0` for actions/checkout, or run `git fetch --unshallow`."
QUIETLY = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--refmap=", "--recurse-submodules=no",
           "--no-auto-maintenance")  # fmt: skip
SHA = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


def is_shallow(root: Path) -> bool:
    """Return whether this clone lacks history."""
    git = root / ".git"
    if git.is_dir():
        return (git / "shallow").is_file()
    return command.line(root, "rev-parse", "--is-shallow-repository") == "true"


def commit(root: Path, revision: str) -> str | None:
    """Return the SHA of a commit that only the remote has, after fetching that one; None where it has no such name."""
    sha = revision if SHA.fullmatch(revision) else _advertised(root, revision.removeprefix(f"{ORIGIN}/"))
    if sha is None:
        return None
    _fetch(root, "--depth=1", ORIGIN, sha)
    return sha


def branch(root: Path, name: str) -> str | None:
    """Return the SHA of a branch of the remote, after fetching that commit; None where there is none of the name."""
    listed = _ask_remote(root, "ls-remote", ORIGIN, f"refs/heads/{name}").out.decode(errors="replace")
    shas = (line.partition("\t")[0] for line in listed.splitlines() if line.endswith(f"\trefs/heads/{name}"))
    return commit(root, sha) if (sha := next(shas, None)) else None


def remote_head(root: Path) -> str | None:
    """Return the name of the remote's default branch; None where it does not say."""
    result = _ask_remote(root, "ls-remote", "--symref", ORIGIN, "HEAD")
    for line in result.out.decode(errors="replace").splitlines():
        if line.startswith("ref: refs/heads/"):
            return line.removeprefix("ref: refs/heads/").partition("\t")[0]
    return None


def deeper(root: Path, shas: Sequence[str]) -> Iterator[None]:
    """Yield once for the history that is there, then once more for every time it was deepened, until it is whole."""
    yield
    for depth in DEPTHS:
        if not is_shallow(root):
            return
        deepen(root, shas, depth=depth)
        yield
    if is_shallow(root):
        _fetch(root, "--unshallow", ORIGIN, *shas)
        yield


def deepen(root: Path, shas: Sequence[str], *, depth: int) -> None:
    """Fetch `depth` commits of history behind each of these commits."""
    _fetch(root, f"--depth={depth}", ORIGIN, *shas)


def _fetch(root: Path, *words: str) -> None:
    _ask_remote(root, *QUIETLY, *words)


def _advertised(root: Path, name: str) -> str | None:
    result = _ask_remote(root, "ls-remote", ORIGIN, f"refs/heads/{name}", f"refs/tags/{name}^{{}}", f"refs/tags/{name}")
    found: dict[str, str] = {}
    for line in result.out.decode(errors="replace").splitlines():
        sha, _, ref = line.partition("\t")
        found[ref] = sha
    for ref in (f"refs/heads/{name}", f"refs/tags/{name}^{{}}", f"refs/tags/{name}"):
        if ref in found:
            return found[ref]
    return None


def _ask_remote(root: Path, *words: str) -> shell.Result:
    if not command.ask(root, "config", "--get", f"remote.{ORIGIN}.url").out:
        raise UserError(f"This clone is shallow and has no remote `{ORIGIN}` to fetch history from.", REMEDY)
    result = command.ask(root, *words, timeout=TIMEOUT)
    if result.code:
        raise OutsideError(
            f"This clone is shallow, and fetching history from `{ORIGIN}` failed: {command.reason(result)}.", REMEDY
        )
    return result
