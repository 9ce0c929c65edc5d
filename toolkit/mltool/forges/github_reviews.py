"""GitHub: who agreed to a commit: reviews of its pull requests, and reviews of a workflow run's environments.

A question that GitHub does not answer (403, 404) is a `Refusal`: not seen, which is not the same as not there.
"""

from dataclasses import dataclass, field
from typing import TypeVar

from mltool.forges.github_words import RawUser, Refusal
from mltool.forges.session import Session
from mltool.http import Answer

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Review:
    """A review of a pull request: APPROVED, CHANGES_REQUESTED, COMMENTED, DISMISSED or PENDING; `moment` as ISO 8601.

    `association` is what the reviewer is to the repository: OWNER, MEMBER, COLLABORATOR, …
    """

    state: str
    commit_id: str | None = None
    user: RawUser | None = None
    submitted_at: str | None = None
    author_association: str = ""
    html_url: str = ""


@dataclass(frozen=True, kw_only=True)
class _Number:
    number: int


@dataclass(frozen=True, kw_only=True)
class _Environment:
    name: str


@dataclass(frozen=True, kw_only=True)
class RunReview:
    """What somebody decided about the environments that a workflow run waits for; GitHub does not say when."""

    state: str
    environments: tuple[_Environment, ...] = ()
    user: RawUser | None = None


@dataclass(frozen=True, kw_only=True)
class Run:
    """A workflow run and the commit that it runs on."""

    head_sha: str
    html_url: str = ""


@dataclass(frozen=True, kw_only=True)
class _Person:
    email: str = ""


@dataclass(frozen=True, kw_only=True)
class _Inner:
    author: _Person = field(default_factory=_Person)


@dataclass(frozen=True, kw_only=True)
class Written:
    """A commit: the address that its author wrote into it, and the account that GitHub knows by it."""

    commit: _Inner
    author: RawUser | None = None


def pulls(session: Session, repository: str, sha: str) -> tuple[int, ...] | Refusal:
    """Return the numbers of the pull requests that brought a commit in, or that have it."""
    found = _list(session, _Number, f"/repos/{repository}/commits/{sha}/pulls?per_page=100", "pull-requests: read")
    return found if isinstance(found, Refusal) else tuple(item.number for item in found)


def reviews(session: Session, repository: str, number: int) -> tuple[Review, ...] | Refusal:
    """Return all reviews of a pull request, oldest first."""
    return _list(session, Review, f"/repos/{repository}/pulls/{number}/reviews?per_page=100", "pull-requests: read")


def commits(session: Session, repository: str, number: int) -> tuple[Written, ...] | Refusal:
    """Return the commits of a pull request, at most the 250 that GitHub tells."""
    return _list(session, Written, f"/repos/{repository}/pulls/{number}/commits?per_page=100", "pull-requests: read")


def commit(session: Session, repository: str, sha: str) -> Written | Refusal:
    """Return one commit."""
    return _one(session, Written, f"/repos/{repository}/commits/{sha}", "contents: read")


def run(session: Session, repository: str, number: str) -> Run | Refusal:
    """Return a workflow run."""
    return _one(session, Run, f"/repos/{repository}/actions/runs/{number}", "actions: read")


def run_reviews(session: Session, repository: str, number: str) -> tuple[RunReview, ...] | Refusal:
    """Return the reviews of a workflow run."""
    return _list(session, RunReview, f"/repos/{repository}/actions/runs/{number}/approvals", "actions: read")


def _list(session: Session, kind: type[T], path: str, permission: str) -> tuple[T, ...] | Refusal:
    found: list[T] = []
    for page in session.pages(kind, path):
        if isinstance(page, Answer):
            return Refusal(reason="permission", said=session.said(page), permission=permission)
        found.extend(page)
    return tuple(found)


def _one(session: Session, kind: type[T], path: str, permission: str) -> T | Refusal:
    found = session.fetch(kind, path)
    if isinstance(found, Answer):
        return Refusal(reason="permission", said=session.said(found), permission=permission)
    return found
