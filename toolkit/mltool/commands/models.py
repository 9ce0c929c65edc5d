"""Which models a commit has."""

from mltool import git
from mltool.commands.compare import raise_broken
from mltool.config import Config
from mltool.snapshot import declared, read
from mltool.snapshot.memo import Memo


def names(tree: git.GitTree, config: Config) -> tuple[str, ...]:
    """Return the models that dvc.yaml names as artifacts, and those with a table of their own in mltool.toml.

    Templates are not filled in: the name of an artifact is never one. Raises UserError for a pipeline file that cannot
    be read.
    """
    found = read.survey(tree, Memo())
    raise_broken(found.problems)
    documents = found.pipelines.items()
    artifacts = (item.name for path, document in documents for item in declared.artifacts(path, document, {}))
    return tuple(dict.fromkeys((*config.models, *artifacts)))
