"""Every question to Git; nothing here touches the checkout, the index or the configuration.

What the ledger asks is in `git.ledger`, by itself: who has no models loads nothing of it.
"""

from mltool.git.project import Project, clone, find, repository, top_level
from mltool.git.questions import (
    ORIGIN,
    blobs,
    branch,
    branch_tip,
    commit_date,
    count,
    default_branch,
    default_tip,
    first_parent,
    first_parents,
    head,
    identity,
    is_dirty,
    is_shallow,
    merge_base,
    private,
    resolve,
    setting,
    state,
    subject,
)
from mltool.git.trees import GitTree, WorkTree

__all__ = [
    "ORIGIN",
    "GitTree",
    "Project",
    "WorkTree",
    "blobs",
    "branch",
    "branch_tip",
    "clone",
    "commit_date",
    "count",
    "default_branch",
    "default_tip",
    "find",
    "first_parent",
    "first_parents",
    "head",
    "identity",
    "is_dirty",
    "is_shallow",
    "merge_base",
    "private",
    "repository",
    "resolve",
    "setting",
    "state",
    "subject",
    "top_level",
]
