"""Gather the pipeline of the work tree alone."""

from functools import partial

from mltool import dvc, git
from mltool.commands.compare import raise_broken
from mltool.snapshot import read
from mltool.snapshot.memo import Memo
from mltool.snapshot.model import Snapshot


def pipeline(project: git.Project) -> Snapshot:
    """Return the pipeline as it stands on disk; raises UserError for a pipeline file that cannot be read."""
    storage = dvc.Storage(project.folder)
    found = read.read(
        git.WorkTree(project),
        resolve=partial(dvc.resolve, parsing=storage.config.parsing),
        objects=storage,
        memo=Memo(),
    )
    raise_broken(found.problems)
    return found
