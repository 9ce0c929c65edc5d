"""Every question to Git; nothing here touches the checkout, the index or the configuration."""

from mltool.git.ledger import (
    fetch_ledger,
    ledger_refs,
    push_ledger,
    record,
)
from mltool.git.project import Project, clone, find, repository
from mltool.git.questions import (
    ORIGIN,
    blobs,
    branch,
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
    resolve,
    setting,
    subject,
)
from mltool.git.tag_objects import tag_writer
from mltool.git.trees import GitTree, WorkTree

__all__ = [
    "ORIGIN",
    "GitTree",
    "Project",
    "WorkTree",
    "blobs",
    "branch",
    "clone",
    "commit_date",
    "count",
    "default_branch",
    "default_tip",
    "fetch_ledger",
    "find",
    "first_parent",
    "first_parents",
    "head",
    "identity",
    "is_dirty",
    "is_shallow",
    "ledger_refs",
    "merge_base",
    "push_ledger",
    "record",
    "repository",
    "resolve",
    "setting",
    "subject",
    "tag_writer",
]
