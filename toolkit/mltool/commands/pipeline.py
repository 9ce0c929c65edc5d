"""Gather the pipeline of one tree alone."""

from functools import partial

from mltool import dvc, git
from mltool.commands.compare import raise_broken
from mltool.snapshot import read as reading
from mltool.snapshot.memo import Memo
from mltool.snapshot.model import Snapshot
from mltool.snapshot.tree import Tree


def pipeline(project: git.Project) -> Snapshot:
    """Return the pipeline as it stands on disk; raises UserError for a pipeline file that cannot be read."""
    return read(project, git.WorkTree(project))


def read(project: git.Project, tree: Tree) -> Snapshot:
    """Return the pipeline of one tree of the project; raises UserError for a pipeline file that cannot be read."""
    storage = dvc.Storage(project.folder)
    found = reading.read(
        tree,
        resolve=partial(dvc.resolve, parsing=storage.config.parsing),
        objects=storage,
        memo=Memo(),
    )
    raise_broken(found.problems)
    return found
