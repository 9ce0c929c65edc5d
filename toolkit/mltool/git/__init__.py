"""Every question to Git; nothing here touches the checkout, the index or the configuration."""

from mltool.git.ledger import (
    fetch_ledger,
    ledger_refs,
    push_ledger,
    record,
    tag_writer,
    upstream_refs,
)
from mltool.git.project import Project, find
from mltool.git.questions import (
    ORIGIN,
    blobs,
    branch,
    count,
    default_branch,
    first_parent,
    first_parents,
    head,
    is_dirty,
    is_shallow,
    merge_base,
    resolve,
    subject,
    tags,
)
from mltool.git.trees import GitTree, WorkTree

__all__ = [
    "ORIGIN",
    "GitTree",
    "Project",
    "WorkTree",
    "blobs",
    "branch",
    "count",
    "default_branch",
    "fetch_ledger",
    "find",
    "first_parent",
    "first_parents",
    "head",
    "is_dirty",
    "is_shallow",
    "ledger_refs",
    "merge_base",
    "push_ledger",
    "record",
    "resolve",
    "subject",
    "tag_writer",
    "tags",
    "upstream_refs",
]
