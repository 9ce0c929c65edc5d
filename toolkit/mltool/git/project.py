"""Where we are: the Git repository, and the DVC project inside it."""

import os
from dataclasses import dataclass
from pathlib import Path

from mltool.errors import UserError
from mltool.git import command


@dataclass(frozen=True, kw_only=True)
class Project:
    """A DVC project in a Git repository.

    `root` is the top level of the Git work tree; `prefix` is the project's folder relative to it, `""` or `"sub/dir"`.
    """

    root: Path
    prefix: str = ""

    @property
    def folder(self) -> Path:
        """Return the project's folder on disk."""
        return self.root / self.prefix


def clone(project: Project, sha: str, into: Path) -> Project:
    """Check a commit out into a new folder, as a clone that reads the objects of this repository; nothing here changes.

    Raises UserError where Git cannot.
    """
    command.answer(project.root, "clone", "--quiet", "--shared", "--no-checkout", "--", str(project.root), str(into))
    command.answer(into, "checkout", "--quiet", "--detach", sha)
    return Project(root=into.resolve(), prefix=project.prefix)


def find(start: Path) -> Project:
    """Return the DVC project at `start`: the nearest folder upwards with `.dvc`, else the only one below.

    Raises UserError where there is no Git repository, no DVC project, or more than one below.
    """
    root = repository(start).root
    here = start.resolve()
    for folder in (here, *here.parents):
        if (folder / ".dvc").is_dir():
            return Project(root=root, prefix=_relative(folder, root))
        if folder == root:
            break
    return Project(root=root, prefix=_only_below(root, _relative(here, root)))


def repository(start: Path) -> Project:
    """Return the Git repository at `start`, whether it has one DVC project, several or none; tags belong to all of it.

    Raises UserError where there is no Git repository.
    """
    root = top_level(start)
    if root is None:
        where = start.absolute()
        raise UserError(f"{where} is not in a Git repository.", "Run `git init` here, or go to your project.")
    return Project(root=root)


def top_level(start: Path) -> Path | None:
    """Return the top of the work tree around `start`; None outside of Git.

    Raises UserError for what is no folder, a repository without a work tree, and one that Git cannot read.
    """
    if not start.is_dir():
        raise UserError(f"{start} is not a folder.")
    result = command.ask(start, "rev-parse", "--show-toplevel")
    if result.code:
        why, where = command.reason(result), start.absolute()
        if "not a git repository" in why:
            return None
        if "must be run in a work tree" in why:
            raise UserError(f"{where} is a Git repository without a work tree.", "Run mltool in a checkout of it.")
        raise UserError(f"Git cannot read {where}: {why}.")
    return Path(os.fsdecode(result.out).removesuffix("\n")).resolve()


def _relative(folder: Path, root: Path) -> str:
    relative = folder.relative_to(root).as_posix()
    return "" if relative == "." else relative


def _only_below(root: Path, below: str) -> str:
    listed = command.answer(root, "ls-files", "-z", "--", f":(top,glob){below + '/' if below else ''}**/.dvc/config")
    found = sorted(os.fsdecode(path).removesuffix("/.dvc/config") for path in listed.split(b"\0") if path)
    if not found:
        raise UserError(
            f"There is no DVC project in {root / below}: no `.dvc` folder.",
            "Run `dvc init`, or `mltool init` in an empty folder for a whole project.",
        )
    if len(found) > 1:
        raise UserError(
            f"There are {len(found)} DVC projects below {root / below}: {', '.join(found[:5])}.",
            f"Choose one, for example with `-C {found[0]}`.",
        )
    return found[0]
