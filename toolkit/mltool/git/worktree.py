"""Another commit, checked out beside the one that is."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mltool.git import command
from mltool.git.project import Project


@contextmanager
def worktree(project: Project, sha: str) -> Iterator[Project]:
    """Give the project as it is at a commit, in a folder of its own that is gone in the end, whatever happens.

    No hook of the repository runs. Raises UserError where Git cannot check the commit out.
    """
    with tempfile.TemporaryDirectory(prefix="mltool-", ignore_cleanup_errors=True) as folder:
        place = Path(folder).resolve() / "tree"
        words = ("-c", "core.hooksPath=/dev/null", "worktree", "add", "--quiet", "--detach", str(place), sha)
        try:
            command.answer(project.root, *words)
            yield Project(root=place, prefix=project.prefix)
        finally:
            command.ask(project.root, "worktree", "remove", "--force", str(place))
