"""Gather the pipeline at two revisions, and what differs: the start of `diff`, `gate` and `report`."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from mltool import dvc, git
from mltool.errors import UserError
from mltool.snapshot import diff, read
from mltool.snapshot.edges import Objects, Resolved, Template
from mltool.snapshot.memo import Memo
from mltool.snapshot.model import Changes, Problem, Snapshot
from mltool.snapshot.tree import DictTree, Tree

PIPELINE_FILES = ("dvc.yaml", "dvc.lock", ".dvc")

Resolver = Callable[[Iterable[Template]], Mapping[str, Resolved]]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two revisions of a project, read, and what differs.

    `base_note` says why there is no base, or what is odd about it. `behind` counts the commits on the target since the
    merge base, where the base is one. `base_tree` is empty without a base.
    """

    project: git.Project
    base_sha: str | None
    head_sha: str | None
    head_is_work_tree: bool
    base: Snapshot
    head: Snapshot
    changes: Changes
    base_tree: Tree
    head_tree: Tree
    objects: Objects
    memo: Memo
    base_note: str = ""
    behind: int | None = None


@dataclass(frozen=True, kw_only=True)
class Base:
    """The revision to compare with, or the sentence that says why there is none."""

    sha: str | None
    note: str = ""
    behind: int | None = None


def compare(
    project: git.Project,
    base: str | None = None,
    head: str | None = None,
    *,
    target: str | None = None,
    resolve: Resolver | None = None,
    objects: Objects | None = None,
) -> Comparison:
    """Return what differs between `base` and `head`.

    HEAD defaults to the work tree, BASE to the merge base with `target`, which defaults to the default branch. Raises
    UserError for an unknown revision and for pipeline files of the head that cannot be read; a base without a pipeline
    that can be read is an empty snapshot with a note.
    """
    head_sha = git.resolve(project, head) if head else git.head(project)
    found = Base(sha=git.resolve(project, base)) if base else _default_base(project, head_sha, target, clean=bool(head))
    storage = objects or dvc.Storage(project.folder)
    head_tree: Tree = git.GitTree(project, head_sha) if head and head_sha else git.WorkTree(project)
    base_tree: Tree = git.GitTree(project, found.sha) if found.sha else DictTree({})
    memo = Memo()
    surveys = [read.survey(tree, memo) for tree in (base_tree, head_tree)]
    _raise_broken(surveys[1].problems)
    resolver = resolve or partial(dvc.resolve, parsing=_parsing(project))
    resolved = resolver([template for survey in surveys for template in survey.templates])
    before, after = (read.complete(survey, resolved=resolved, objects=storage) for survey in surveys)
    _raise_broken(after.problems)
    before, note = _usable_base(found, before)
    return Comparison(
        project=project,
        base_sha=found.sha,
        base_note=note,
        behind=found.behind,
        head_sha=head_sha,
        head_is_work_tree=not head,
        base=before,
        head=after,
        changes=diff.diff(before, after, manifests=partial(storage, download=False)),
        base_tree=base_tree,
        head_tree=head_tree,
        objects=storage,
        memo=memo,
    )


def _default_base(project: git.Project, head: str | None, target: str | None, *, clean: bool) -> Base:
    """Return the merge base of `head` with the target; on the target itself, what came before the changes at hand.

    `clean` says that the head is a commit, so that changes on disk do not count.
    """
    if head is None:
        return Base(sha=None, note="Nothing is committed yet, so there is no base to compare with.")
    branch = target or git.default_branch(project)
    tip = git.resolve(project, branch)
    base = git.merge_base(project, head, tip)
    if base is None:
        return Base(sha=None, note=f"This history shares no commit with {branch}, so there is no base to compare with.")
    if base != head:
        return Base(sha=base, behind=git.count(project, f"{base}..{tip}"))
    if not clean and git.is_dirty(project):
        return Base(sha=head, behind=git.count(project, f"{head}..{tip}"))
    parent = git.first_parent(project, head)
    if parent is None:
        return Base(sha=None, note="This is the first commit, so there is no base to compare with.")
    return Base(sha=parent, note=f"There is nothing beyond {branch}, so the base is the commit before.")


def _parsing(project: git.Project) -> Mapping[str, str]:
    return dvc.Storage(project.folder).config.parsing


def _raise_broken(problems: Iterable[Problem]) -> None:
    """Raise for the first pipeline file that cannot be read: without it no answer would be true."""
    for problem in problems:
        if _is_pipeline(problem):
            raise UserError(problem.sentence, "Mend the file and try again.")


def _is_pipeline(problem: Problem) -> bool:
    return problem.kind == "unreadable" and problem.path.endswith(PIPELINE_FILES)


def _usable_base(found: Base, base: Snapshot) -> tuple[Snapshot, str]:
    """Return the base with a note where it has no pipeline that can be read."""
    broken = next((problem for problem in base.problems if _is_pipeline(problem)), None)
    if broken:
        return Snapshot(problems=base.problems), f"The base cannot be compared with: {broken.sentence}"
    if found.sha and not (base.stages or base.data or base.metrics or base.params):
        return base, f"The base {found.sha[:7]} has no pipeline yet, so all of it is new."
    return base, found.note
