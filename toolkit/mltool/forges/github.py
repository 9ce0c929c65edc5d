"""GitHub: comments, check runs and pull requests of one repository, over its REST API.

Every function answers with what GitHub did, or with a `Refusal` where the caller has another way to go; it raises
UserError where the request itself is at fault and OutsideError where GitHub is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import quote, urlencode

from mltool.errors import UserError
from mltool.forges.session import Session
from mltool.http import Answer, MaybeSentError

ANNOTATIONS: Final = 10
ACTIONS_BOT: Final = "github-actions[bot]"

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
    head_ref: str
    head_repository: str
    base_ref: str


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
class Annotation:
    """A remark on a line of a file, shown where the change is reviewed."""

    path: str
    line: int
    level: Literal["notice", "warning", "failure"]
    message: str


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a completed check run says: `summary` is Markdown of at most 65,535 characters."""

    conclusion: Conclusion
    title: str
    summary: str
    annotations: tuple[Annotation, ...] = ()


def pull(session: Session, repository: str, number: int) -> Pull | Refusal:
    """Return the pull request as it is now."""
    answer = session.call("GET", f"/repos/{repository}/pulls/{number}")
    if not answer.good:
        return _refusal(session, answer, f"pull request {repository}#{number}", "pull-requests: read")
    return _pull(session.read(_Pull, answer))


def open_pulls(session: Session, repository: str, *, owner: str, branch: str) -> tuple[Pull, ...] | Refusal:
    """Return the open pull requests from `owner`'s branch of this name, over all pages."""
    query = urlencode({"state": "open", "head": f"{owner}:{branch}", "per_page": 100})
    found: list[Pull] = []
    for page in session.pages(_Pull, f"/repos/{repository}/pulls?{query}"):
        if isinstance(page, Answer):
            return _refusal(session, page, f"the pull requests of {repository}", "pull-requests: read")
        found.extend(_pull(item) for item in page)
    return tuple(found)


def comments(session: Session, repository: str, number: int) -> tuple[Comment, ...] | Refusal:
    """Return all comments of a pull request, oldest first, over all pages."""
    found: list[Comment] = []
    for page in session.pages(_Comment, f"/repos/{repository}/issues/{number}/comments?per_page=100"):
        if isinstance(page, Answer):
            return _refusal(session, page, f"the comments of {repository}#{number}", "pull-requests: write")
        found.extend(_comment(item) for item in page)
    return tuple(found)


def create_comment(session: Session, repository: str, number: int, body: str) -> Comment | Refusal:
    """Write a new comment. A lost answer is looked up before the comment is sent a second time."""
    path = f"/repos/{repository}/issues/{number}/comments"
    try:
        answer = session.call("POST", path, body={"body": body}, repeatable=False)
    except MaybeSentError:
        there = comments(session, repository, number)
        twins = () if isinstance(there, Refusal) else [comment for comment in there if comment.body == body]
        if twins:
            return twins[-1]
        answer = session.call("POST", path, body={"body": body}, repeatable=False)
    return _written(session, answer, f"a comment on {repository}#{number}")


def edit_comment(session: Session, repository: str, number: int, body: str) -> Comment | Refusal:
    """Replace the text of the comment with this id; `gone` when somebody has deleted it."""
    answer = session.call("PATCH", f"/repos/{repository}/issues/comments/{number}", body={"body": body})
    if answer.status in (404, 410):
        return Refusal(reason="gone", said=session.said(answer))
    return _written(session, answer, f"comment {number} of {repository}")


def delete_comment(session: Session, repository: str, number: int) -> Refusal | None:
    """Delete the comment with this id; one that is gone already is no refusal."""
    answer = session.call("DELETE", f"/repos/{repository}/issues/comments/{number}")
    if answer.good or answer.status in (404, 410):
        return None
    return _refusal(session, answer, f"comment {number} of {repository}", "pull-requests: write")


def start_check(session: Session, repository: str, *, name: str, sha: str, url: str) -> Check | Refusal:
    """Open a check run in progress on a commit; `url` is where the work can be watched."""
    body = _without_empty({"name": name, "head_sha": sha, "status": "in_progress", "details_url": url})
    answer = session.call("POST", f"/repos/{repository}/check-runs", body=body, repeatable=False)
    return _checked(session, repository, answer, sha)


def finish_check(
    session: Session, repository: str, *, name: str, sha: str, url: str, verdict: Verdict, number: int | None = None
) -> Check | Refusal:
    """Complete the check run with this id, or write a completed one."""
    said = {"status": "completed", "conclusion": verdict.conclusion, "output": _output(verdict), "details_url": url}
    if number is not None:
        path = f"/repos/{repository}/check-runs/{number}"
        answer = session.call("PATCH", path, body=_without_empty(said))
        if answer.status != 404:
            return _checked(session, repository, answer, sha)
    # Written twice, a completed check run shows once: GitHub takes the latest of a name.
    body = _without_empty({"name": name, "head_sha": sha, **said})
    return _checked(session, repository, session.call("POST", f"/repos/{repository}/check-runs", body=body), sha)


def check(session: Session, repository: str, number: int) -> Check | Refusal:
    """Return the check run with this id."""
    answer = session.call("GET", f"/repos/{repository}/check-runs/{number}")
    return _checked(session, repository, answer, f"check run {number}")


def open_checks(session: Session, repository: str, *, name: str, sha: str) -> tuple[Check, ...] | Refusal:
    """Return the check runs of this name that are still in progress on a commit."""
    query = urlencode({"check_name": name, "status": "in_progress", "filter": "all", "per_page": 100})
    answer = session.call("GET", f"/repos/{repository}/commits/{quote(sha)}/check-runs?{query}")
    if not answer.good:
        return _refusal(session, answer, f"the check runs of {sha[:7]}", "checks: write")
    return tuple(_check(run, repository) for run in session.read(_Checks, answer).check_runs)


def whoami(session: Session) -> str:
    """Return the login that this token writes comments under.

    A personal token knows its user. The token of a workflow or an app may not ask for one in REST but may in
    GraphQL; where that is closed too it is taken for the token of a workflow, which writes as `github-actions[bot]`.
    """
    user = session.call("GET", "/user")
    if user.good:
        return session.read(_User, user).login
    path = f"{session.base.removesuffix('/v3')}/graphql"
    viewer = session.call("POST", path, body={"query": "query { viewer { login } }"})
    if not viewer.good:
        return ACTIONS_BOT
    data = session.read(_Viewer, viewer).data
    return data.viewer.login if data else ACTIONS_BOT


@dataclass(frozen=True, kw_only=True)
class _User:
    login: str


@dataclass(frozen=True, kw_only=True)
class _ViewerData:
    viewer: _User


@dataclass(frozen=True, kw_only=True)
class _Viewer:
    data: _ViewerData | None = None


@dataclass(frozen=True, kw_only=True)
class _Repository:
    full_name: str = ""
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class _End:
    sha: str
    ref: str = ""
    repo: _Repository | None = None


@dataclass(frozen=True, kw_only=True)
class _Pull:
    number: int
    head: _End
    base: _End


@dataclass(frozen=True, kw_only=True)
class _Comment:
    id: int
    user: _User | None = None
    body: str | None = None
    html_url: str = ""


@dataclass(frozen=True, kw_only=True)
class _App:
    slug: str | None = None


@dataclass(frozen=True, kw_only=True)
class _Check:
    id: int
    status: str = ""
    html_url: str | None = None
    app: _App | None = None
    pull_requests: tuple[_Pull, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Checks:
    check_runs: tuple[_Check, ...]


def _pull(raw: _Pull) -> Pull:
    return Pull(
        number=raw.number,
        head_sha=raw.head.sha,
        head_ref=raw.head.ref,
        head_repository=raw.head.repo.full_name if raw.head.repo else "",
        base_ref=raw.base.ref,
    )


def _comment(raw: _Comment) -> Comment:
    # The comments of a deleted account have no user.
    return Comment(id=raw.id, author=raw.user.login if raw.user else "", body=raw.body or "", url=raw.html_url)


def _check(raw: _Check, repository: str) -> Check:
    here = f"/repos/{repository}".lower()
    return Check(
        id=raw.id,
        open=raw.status != "completed",
        author=f"{raw.app.slug}[bot]" if raw.app and raw.app.slug else "",
        # The list may name pull requests of other repositories, whose numbers mean nothing here.
        heads={
            item.number: item.head.sha
            for item in raw.pull_requests
            if item.base.repo and item.base.repo.url.lower().endswith(here)
        },
        url=raw.html_url or "",
    )


def _written(session: Session, answer: Answer, what: str) -> Comment | Refusal:
    if answer.good:
        return _comment(session.read(_Comment, answer))
    return _refusal(session, answer, what, "pull-requests: write")


def _checked(session: Session, repository: str, answer: Answer, what: str) -> Check | Refusal:
    if answer.good:
        return _check(session.read(_Check, answer), repository)
    return _refusal(session, answer, f"a check run on {what} of {repository}", "checks: write")


def _refusal(session: Session, answer: Answer, what: str, permission: str) -> Refusal:
    said = session.said(answer)
    if answer.status == 403:
        return Refusal(reason="permission", said=said, permission=permission)
    if answer.status == 413 or (answer.status == 422 and ("too long" in said or "maximum is" in said)):
        return Refusal(reason="length", said=said)
    if answer.status in (404, 410):
        raise UserError(
            f"GitHub does not know {what} ({said}).",
            "It was deleted, the address is wrong, or the token may not see it.",
        )
    raise UserError(f"GitHub refused {what}: {said} (HTTP {answer.status}).")


def _output(verdict: Verdict) -> dict[str, Any]:
    return {
        "title": verdict.title[:200],
        "summary": verdict.summary,
        "annotations": [
            {
                "path": note.path,
                "start_line": note.line,
                "end_line": note.line,
                "annotation_level": note.level,
                "message": note.message,
            }
            for note in verdict.annotations[:ANNOTATIONS]
        ],
    }


def _without_empty(body: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if value != ""}
