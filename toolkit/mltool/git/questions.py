"""One short function a question about revisions."""

import hashlib
import os
import posixpath
from collections.abc import Iterable, Mapping
from pathlib import Path

from mltool.errors import UserError
from mltool.git import command, fetch, objects
from mltool.git.project import Project

ORIGIN = "origin"


def resolve(project: Project, revision: str) -> str:
    """Return the SHA of the commit that `revision` names; a shallow clone asks its remote for what it lacks.

    Raises UserError where there is no such commit, OutsideError where the remote does not answer.
    """
    found = _local(project, revision) or (fetch.commit(project.root, revision) if is_shallow(project) else None)
    if found is None:
        raise UserError(f"There is no revision `{revision}` in this repository.", _how_to_get(project, revision))
    return found


def head(project: Project) -> str | None:
    """Return the SHA of HEAD; None where nothing has been committed yet."""
    return _local(project, "HEAD")


def default_branch(project: Project) -> str:
    """Return the branch that pull requests go into, for example `origin/main`, or raise UserError."""
    wanted = [f"refs/remotes/{ORIGIN}/HEAD", *(f"refs/remotes/{ORIGIN}/{name}" for name in ("main", "master"))]
    named = command.ask(project.root, "config", "--get", "init.defaultBranch").out.decode().strip()
    wanted += [f"refs/heads/{name}" for name in dict.fromkeys((named, "main", "master")) if name]
    listed = command.line(project.root, "for-each-ref", "--format=%(refname) %(symref)", *wanted)
    refs = dict(line.split(" ", 1) for line in listed.splitlines())
    for ref in wanted:
        if ref in refs:
            return (refs[ref] or ref).removeprefix("refs/remotes/").removeprefix("refs/heads/")
    if is_shallow(project) and (name := fetch.remote_head(project.root)):
        return f"{ORIGIN}/{name}"
    raise UserError("The default branch of this repository is unknown.", "Name the revision to compare with.")


def default_tip(project: Project) -> str:
    """Return the SHA of the default branch's tip as this clone knows it.

    Whoever may push a tag `origin/main`, or a branch `main` where the default one is another, must not choose it: full
    names count, and the remote's own word before a guess. Raises UserError where nobody knows it, OutsideError where
    the remote does not answer.
    """
    known = _local(project, f"refs/remotes/{ORIGIN}/HEAD")
    if known is None and command.ask(project.root, "config", "--get", f"remote.{ORIGIN}.url").out:
        name = fetch.remote_head(project.root)
        known = branch_tip(project, f"{ORIGIN}/{name}") if name else None
    if known is None:
        branch = default_branch(project)
        known = _local(project, f"refs/heads/{branch}") or resolve(project, branch)
    return known


def branch_tip(project: Project, branch: str) -> str | None:
    """Return the SHA of a branch's tip: the remote's, else the one here; None where there is no such branch.

    A tag of the same name is another thing, and whoever may push one must not choose what a job compares with. A
    shallow clone asks its remote for what it lacks; raises OutsideError where that does not answer.
    """
    name = branch.removeprefix(f"{ORIGIN}/")
    known = _local(project, f"refs/remotes/{ORIGIN}/{name}")
    if known is None and is_shallow(project) and setting(project, f"remote.{ORIGIN}.url"):
        known = fetch.branch(project.root, name)
    return known or _local(project, f"refs/heads/{branch}")


def merge_base(project: Project, first: str, second: str) -> str | None:
    """Return the SHA of the best common ancestor, None where the histories share nothing.

    A shallow clone is deepened until it shows; raises OutsideError where the remote does not let it.
    """
    for _ in fetch.deeper(project.root, (first, second)):
        result = command.ask(project.root, "merge-base", first, second)
        if result.code == 0:
            return result.out.decode().strip()
        if result.code != 1:
            raise UserError(f"Git cannot compare {first} and {second}: {command.reason(result)}.")
    return None


def is_shallow(project: Project) -> bool:
    """Return whether this clone lacks history."""
    return fetch.is_shallow(project.root)


def count(project: Project, span: str) -> int:
    """Return how many commits `a..b` holds."""
    return int(command.line(project.root, "rev-list", "--count", span))


def first_parent(project: Project, sha: str) -> str | None:
    """Return the first parent of a commit; None for the first commit ever. A shallow clone fetches it."""
    shas = first_parents(project, sha, 2)
    if len(shas) < 2 and is_shallow(project):
        fetch.deepen(project.root, (sha,), depth=2)
        shas = first_parents(project, sha, 2)
    return shas[1] if len(shas) == 2 else None


def first_parents(project: Project, revision: str, limit: int) -> tuple[str, ...]:
    """Return at most `limit` commits from `revision` back along first parents, newest first."""
    listed = command.line(project.root, "rev-list", "--first-parent", f"--max-count={limit}", revision)
    return tuple(listed.split())


def subject(project: Project, sha: str) -> str:
    """Return the first line of a commit's message."""
    return command.answer(project.root, "log", "-1", "--format=%s", sha).decode(errors="replace").strip()


def commit_date(project: Project, sha: str) -> int:
    """Return when a commit was made, by its committer's clock, in seconds since 1970."""
    return int(command.line(project.root, "log", "-1", "--format=%ct", sha))


def branch(project: Project) -> str | None:
    """Return the branch that is checked out; None on a detached HEAD."""
    result = command.ask(project.root, "symbolic-ref", "--short", "--quiet", "HEAD")
    return os.fsdecode(result.out).strip() or None


def identity(project: Project) -> str:
    """Return the e-mail address that Git writes into commits and tags; empty where it does not know one."""
    result = command.ask(project.root, "var", "GIT_COMMITTER_IDENT")
    return result.out.decode(errors="replace").partition("<")[2].partition(">")[0] if result.code == 0 else ""


def is_dirty(project: Project) -> bool:
    """Return whether a tracked file differs from HEAD."""
    return bool(command.answer(project.root, "status", "--porcelain", "-z", "--untracked-files=no"))


def state(project: Project) -> str:
    """Return a hash of how the tracked files differ from HEAD, the same for the same files; empty where none does."""
    words = ("diff", "--no-ext-diff", "--no-textconv", "--no-color", "--binary", "--full-index")
    changed = command.answer(project.root, *words, "HEAD") if head(project) else b""
    return hashlib.sha256(changed).hexdigest() if changed else ""


def private(project: Project, name: str) -> Path:
    """Return the place of a file of our own about this checkout: in Git's folder, where nobody commits it."""
    found = command.line(project.root, "rev-parse", "--git-path", posixpath.join("mltool", project.prefix, name))
    return project.root / found


def blobs(project: Project, wanted: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], bytes]:
    """Return the content of each (commit, path in the project) that exists in the repository, read in one go."""
    places = {pair: posixpath.normpath(posixpath.join(project.prefix, pair[1])) for pair in wanted}
    # Git refuses the whole question for one path that leads out of the repository.
    names = {pair: f"{pair[0]}:{place}" for pair, place in places.items() if not f"{place}/".startswith(("../", "/"))}
    found = objects.named(project.root, names.values())
    return {pair: found[name] for pair, name in names.items() if name in found}


def setting(project: Project, name: str) -> str:
    """Return one value of Git's configuration, such as `user.signingkey`; empty where it is not set."""
    return os.fsdecode(command.ask(project.root, "config", "--get", name).out).removesuffix("\n")


def _local(project: Project, revision: str) -> str | None:
    """Return the SHA of a commit that is here; `origin/main` is the branch, where there is one, and never a tag."""
    if revision.startswith(f"{ORIGIN}/") and (branch := _local(project, f"refs/remotes/{revision}")):
        return branch
    result = command.ask(project.root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    return result.out.decode().strip() or None if result.code == 0 else None


def _how_to_get(project: Project, revision: str) -> str:
    first, dots, second = revision.partition("..")
    if dots:
        return f"Name its two ends one by one: `{first or 'HEAD'} {second.lstrip('.') or 'HEAD'}`."
    if is_shallow(project):
        return "This clone is shallow: set `fetch-depth: 0` for actions/checkout, or run `git fetch --unshallow`."
    return f"Check the spelling, or run `git fetch {ORIGIN} {revision}`."
