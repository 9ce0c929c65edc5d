"""What GitHub answers, and our words for it: JSON is read into types here and nowhere else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Conclusion = Literal["success", "failure", "neutral", "cancelled"]


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """GitHub will not: the token lacks `permission`, the text is too long, or the thing is no longer there."""

    reason: Literal["permission", "length", "gone"]
    said: str
    permission: str = ""


@dataclass(frozen=True, kw_only=True)
class Pull:
    """A pull request and the commit that is its head now. A deleted fork has no name."""

    number: int
    head_sha: str
    head_ref: str = ""
    head_repository: str = ""
    base_ref: str = ""


@dataclass(frozen=True, kw_only=True)
class Comment:
    """A comment on a pull request; `author` is a login."""

    id: int
    author: str
    body: str
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Check:
    """A check run, the login its app writes comments under, and the heads of the pull requests it belongs to.

    Both are empty where GitHub does not say: `heads` always is for a fork.
    """

    id: int
    open: bool
    author: str = ""
    heads: Mapping[int, str]
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class CheckName:
    """What a check run is about: its name, which branch rules know it by, its commit, and where to watch the work."""

    name: str
    sha: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """A remark on a line of a file, shown where the change is reviewed."""

    path: str
    line: int
    level: Literal["notice", "warning", "failure"]
    message: str


@dataclass(frozen=True, kw_only=True)
class Completion:
    """What a completed check run says: `summary` is Markdown of at most 65,535 characters."""

    conclusion: Conclusion
    title: str
    summary: str
    annotations: tuple[Annotation, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RawUser:
    """An account."""

    login: str


@dataclass(frozen=True, kw_only=True)
class RawViewerData:
    """The data of a GraphQL answer."""

    viewer: RawUser


@dataclass(frozen=True, kw_only=True)
class RawViewer:
    """A GraphQL answer; no data where it is refused."""

    data: RawViewerData | None = None


@dataclass(frozen=True, kw_only=True)
class RawRepository:
    """A repository at one end of a pull request."""

    full_name: str = ""
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class RawEnd:
    """One end of a pull request."""

    sha: str
    ref: str = ""
    repo: RawRepository | None = None


@dataclass(frozen=True, kw_only=True)
class RawPull:
    """A pull request."""

    number: int
    head: RawEnd
    base: RawEnd


@dataclass(frozen=True, kw_only=True)
class RawComment:
    """A comment on an issue or a pull request."""

    id: int
    user: RawUser | None = None
    body: str | None = None
    html_url: str = ""


@dataclass(frozen=True, kw_only=True)
class RawApp:
    """The app that made a check run."""

    slug: str | None = None


@dataclass(frozen=True, kw_only=True)
class RawCheck:
    """A check run."""

    id: int
    status: str = ""
    html_url: str | None = None
    app: RawApp | None = None
    pull_requests: tuple[RawPull, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RawChecks:
    """The check runs of a commit."""

    check_runs: tuple[RawCheck, ...]


def pull(it: RawPull) -> Pull:
    """Return the pull request in our words."""
    return Pull(
        number=it.number,
        head_sha=it.head.sha,
        head_ref=it.head.ref,
        head_repository=it.head.repo.full_name if it.head.repo else "",
        base_ref=it.base.ref,
    )


def comment(it: RawComment) -> Comment:
    """Return the comment in our words."""
    # The comments of a deleted account have no user.
    return Comment(id=it.id, author=it.user.login if it.user else "", body=it.body or "", url=it.html_url)


def check(it: RawCheck, repository: str) -> Check:
    """Return the check run in our words; `repository` is the one it was asked of."""
    here = f"/repos/{repository}".lower()
    return Check(
        id=it.id,
        open=it.status != "completed",
        author=f"{it.app.slug}[bot]" if it.app and it.app.slug else "",
        # The list may name pull requests of other repositories, whose numbers mean nothing here.
        heads={
            item.number: item.head.sha
            for item in it.pull_requests
            if item.base.repo and item.base.repo.url.lower().endswith(here)
        },
        url=it.html_url or "",
    )
