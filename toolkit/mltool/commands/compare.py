"""Gather the pipeline at two revisions, and what differs: the start of `diff`, `gate` and `report`."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mltool import dvc, git
from mltool.errors import UserError
from mltool.snapshot import diff, read
from mltool.snapshot.edges import Objects, Resolve
from mltool.snapshot.memo import Memo
from mltool.snapshot.model import Changes, Problem, Snapshot
from mltool.snapshot.tree import DictTree, Tree

SHA = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
PIPELINE_FILES = ("dvc.yaml", "dvc.lock", ".dvc")


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two revisions of a project, read, and what differs.

    `base_note` says why there is no base, or what is odd about it. `target_sha` is the tip of the branch that the head
    goes into, and `behind` counts its commits since the merge base; both are None where the base was named. `objects`
    reads what DVC stored, `memo` keeps what was parsed.
    """

    project: git.Project
    base_sha: str | None
    head_sha: str
    head_is_work_tree: bool
    base: Snapshot
    head: Snapshot
    changes: Changes
    base_tree: Tree | None
    head_tree: Tree
    objects: Objects
    resolve: Resolve
    memo: Memo
    base_ref: str = ""
    base_note: str = ""
    target_sha: str | None = None
    behind: int | None = None

    def read(self, tree: Tree) -> Snapshot:
        """Return the snapshot of another tree of the same project, sharing what is parsed already."""
        return read.read(tree, resolve=self.resolve, objects=self.objects, memo=self.memo)


@dataclass(frozen=True, kw_only=True)
class Base:
    """The revision to compare with, or the sentence that says why there is none."""

    sha: str | None
    ref: str = ""
    note: str = ""
    target: str | None = None
    behind: int | None = None


def compare(
    folder: Path,
    base: str | None = None,
    head: str | None = None,
    *,
    targets: Iterable[str] = (),
    objects: Objects | None = None,
    resolve: Resolve | None = None,
) -> Comparison:
    """Return what differs between `base` and `head` in the project at `folder`.

    HEAD defaults to the work tree, BASE to the merge base with the first of `targets` (SHAs, names of branches) that
    exists, else with the default branch. Raises UserError for an unknown revision and for pipeline files of the head
    that cannot be read; a base without a pipeline that can be read is an empty snapshot with a note.
    """
    project = git.find(folder)
    head_sha = git.resolve(project, head) if head else git.head(project)
    if head_sha is None:
        raise UserError(f"Nothing is committed yet in {project.root}.", "Commit the project first.")
    found = (
        Base(sha=git.resolve(project, base), ref=base)
        if base
        else _default_base(project, head_sha, targets, on_disk=not head)
    )
    storage = dvc.Storage(project.folder)
    return _compared(
        project,
        found,
        head_sha,
        head_tree=git.GitTree(project, head_sha) if head else git.WorkTree(project),
        objects=objects or storage,
        resolve=resolve or (lambda templates: dvc.resolve(templates, parsing=storage.config.parsing)),
    )


def uncommitted(folder: Path) -> Comparison:
    """Return the project at `folder` where nothing is committed yet, so that there is nothing to compare with.

    Raises UserError for pipeline files that cannot be read.
    """
    project = git.find(folder)
    storage = dvc.Storage(project.folder)
    return _compared(
        project,
        Base(sha=None, note="Nothing is committed yet, so there is no base to compare with."),
        "",
        head_tree=git.WorkTree(project),
        objects=storage,
        resolve=lambda templates: dvc.resolve(templates, parsing=storage.config.parsing),
    )


def between(
    project: git.Project, base: Base, head: str, *, objects: Objects | None = None, resolve: Resolve | None = None
) -> Comparison:
    """Return what differs between two commits of which Git knows all; the work tree is not looked at.

    Raises UserError for pipeline files of the head that cannot be read.
    """
    storage = dvc.Storage(project.folder)
    return _compared(
        project,
        base,
        head,
        head_tree=git.GitTree(project, head),
        objects=objects or storage,
        resolve=resolve or (lambda templates: dvc.resolve(templates, parsing=storage.config.parsing)),
    )


def _compared(
    project: git.Project, base: Base, head_sha: str, *, head_tree: Tree, objects: Objects, resolve: Resolve
) -> Comparison:
    memo = Memo()
    base_tree = git.GitTree(project, base.sha) if base.sha else None
    surveys = [read.survey(tree, memo) for tree in (base_tree or DictTree({}), head_tree)]
    raise_broken(surveys[1].problems)
    # Both sides' templates in one call: starting DVC costs more than filling in a hundred of them.
    resolved = resolve([template for survey in surveys for template in survey.templates])
    before, after = (read.complete(survey, resolved=resolved, objects=objects) for survey in surveys)
    raise_broken(after.problems)
    before, note = _usable_base(base, before, after)
    return Comparison(
        project=project,
        base_sha=base.sha,
        base_ref=base.ref,
        base_note=note,
        target_sha=base.target,
        behind=base.behind,
        head_sha=head_sha,
        head_is_work_tree=isinstance(head_tree, git.WorkTree),
        base=before,
        head=after,
        changes=diff.diff(before, after, manifests=partial(objects, download=False)),
        base_tree=base_tree,
        head_tree=head_tree,
        objects=objects,
        resolve=resolve,
        memo=memo,
    )


def _default_base(project: git.Project, head: str, targets: Iterable[str], *, on_disk: bool) -> Base:
    """Return the merge base of `head` with the target; on the target itself, what came before the changes at hand.

    `on_disk` says that the head is the work tree, so that changes on disk count.
    """
    branch, tip = _target(project, targets)
    base = git.merge_base(project, head, tip)
    if base is None:
        note = f"This history shares no commit with {branch}, so there is no base to compare with."
        return Base(sha=None, note=note, target=tip)
    if base != head or (on_disk and git.is_dirty(project)):
        return Base(sha=base, ref=branch, target=tip, behind=git.count(project, f"{base}..{tip}"))
    parent = git.first_parent(project, head)
    if parent is None:
        return Base(sha=None, note="This is the first commit, so there is no base to compare with.", target=tip)
    note = f"There is nothing beyond {branch}, so the base is the commit before."
    return Base(sha=parent, ref=branch, note=note, target=tip)


def _target(project: git.Project, targets: Iterable[str]) -> tuple[str, str]:
    """Return the branch that the head goes into, with the SHA of its tip; the names are of branches, never of tags."""
    for name in filter(None, targets):
        if tip := _commit(project, name) if SHA.fullmatch(name) else git.branch_tip(project, name):
            return name, tip
    branch = git.default_branch(project)
    return branch, git.branch_tip(project, branch) or git.resolve(project, branch)


def _commit(project: git.Project, sha: str) -> str | None:
    try:
        return git.resolve(project, sha)
    except UserError:
        return None


def raise_broken(problems: Iterable[Problem]) -> None:
    """Raise for the first pipeline file that cannot be read: without it no answer would be true."""
    for problem in problems:
        if _is_pipeline(problem):
            raise UserError(problem.sentence, "Mend the file and try again.")


def _is_pipeline(problem: Problem) -> bool:
    return problem.kind == "unreadable" and problem.path.endswith(PIPELINE_FILES)


def _is_empty(found: Snapshot) -> bool:
    return not (found.stages or found.data or found.metrics or found.params)


def _usable_base(found: Base, base: Snapshot, head: Snapshot) -> tuple[Snapshot, str]:
    """Return the base with a note where it has no pipeline that can be read."""
    broken = next((problem for problem in base.problems if _is_pipeline(problem)), None)
    if broken:
        return Snapshot(problems=base.problems), f"The base cannot be compared with: {broken.sentence}"
    if found.sha and _is_empty(base):
        if _is_empty(head):
            return (
                base,
                "Neither side has a pipeline: no dvc.yaml with stages and no file that ends in .dvc.",
            )
        return base, f"The base {found.sha[:7]} has no pipeline yet, so all of it is new."
    return base, found.note
