"""What a judgement here is about: both sides of a comparison, in digests that Git alone gives."""

from collections.abc import Iterable, Mapping

from mltool import config as configuration
from mltool import git
from mltool.commands.compare import Comparison
from mltool.config import Config
from mltool.gates import bound
from mltool.gates.bound import Bound
from mltool.git import signatures
from mltool.snapshot import read
from mltool.snapshot.edges import Resolve
from mltool.snapshot.memo import Memo

FILES = (configuration.FILE, configuration.PYPROJECT)


def of(compared: Comparison, config: Config) -> Bound:
    """Return what a judgement on this comparison is about; without `code` where the work tree has changes."""
    dirty = compared.head_is_work_tree and git.is_dirty(compared.project)
    return bound.bound(
        compared.head,
        config,
        files=compared.head_tree.paths(),
        rules=configuration.judging(compared.head_tree.read(FILES)),
        code="" if dirty else signatures.tree(compared.project, compared.head_sha) or "",
        base=signatures.tree(compared.project, compared.base_sha) or "" if compared.base_sha else "",
    )


def at(project: git.Project, commit: str, *, base: str, resolve: Resolve, memo: Memo | None = None) -> Bound:
    """Return what a judgement on a commit against `base` (a SHA, or empty) is about; no data is fetched for it.

    Raises UserError where the configuration of the commit cannot be understood.
    """
    tree = git.GitTree(project, commit)
    return bound.bound(
        read.read(tree, resolve=resolve, objects=_nothing, memo=memo or Memo()),
        configuration.load(tree.read(FILES)),
        files=tree.paths(),
        rules=configuration.judging(tree.read(FILES)),
        code=signatures.tree(project, commit) or "",
        base=signatures.tree(project, base) or "" if base else "",
    )


def _nothing(hashes: Iterable[str], *, download: bool = True) -> Mapping[str, bytes]:  # noqa: ARG001 - an edge's shape
    return {}
