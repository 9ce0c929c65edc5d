"""GitHub: comments, check runs and pull requests of one repository, over its REST API.

Every function answers with what GitHub did, or with a `Refusal` where the caller has another way to go; it raises
UserError where the request itself is at fault and OutsideError where GitHub is.
"""

from typing import Any, Final
from urllib.parse import quote, urlencode

from mltool.errors import OutsideError, UserError
from mltool.forges import github_words as raw
from mltool.forges.github_words import Check, CheckName, Comment, Completion, Pull, Refusal
from mltool.forges.session import Session
from mltool.http import Answer, MaybeSentError

ACTIONS_BOT: Final = "github-actions[bot]"


def pull(session: Session, repository: str, number: int) -> Pull | Refusal:
    """Return the pull request as it is now."""
    answer = session.call("GET", f"/repos/{repository}/pulls/{number}")
    if not answer.good:
        return _refusal(session, answer, f"pull request {repository}#{number}", "pull-requests: read")
    return raw.pull(session.read(raw.RawPull, answer))


def open_pulls(session: Session, repository: str, *, owner: str, branch: str) -> tuple[Pull, ...] | Refusal:
    """Return the open pull requests from `owner`'s branch of this name, over all pages."""
    query = urlencode({"state": "open", "head": f"{owner}:{branch}", "per_page": 100})
    found: list[Pull] = []
    for page in session.pages(raw.RawPull, f"/repos/{repository}/pulls?{query}"):
        if isinstance(page, Answer):
            return _refusal(session, page, f"the pull requests of {repository}", "pull-requests: read")
        found.extend(raw.pull(item) for item in page)
    return tuple(found)


def comments(session: Session, repository: str, number: int) -> tuple[Comment, ...] | Refusal:
    """Return all comments of a pull request, oldest first, over all pages."""
    found: list[Comment] = []
    for page in session.pages(raw.RawComment, f"/repos/{repository}/issues/{number}/comments?per_page=100"):
        if isinstance(page, Answer):
            return _refusal(session, page, f"the comments of {repository}#{number}", "pull-requests: write")
        found.extend(raw.comment(item) for item in page)
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


def start_check(session: Session, repository: str, about: CheckName) -> Check | Refusal:
    """Open a check run in progress."""
    body = {"name": about.name, "head_sha": about.sha, "status": "in_progress", "details_url": about.url}
    answer = session.call("POST", f"/repos/{repository}/check-runs", body=_without_empty(body), repeatable=False)
    return _checked(session, repository, answer, about.sha)


def finish_check(
    session: Session, repository: str, about: CheckName, completion: Completion, *, number: int | None = None
) -> Check | Refusal:
    """Complete the check run with this id, or write a completed one."""
    ended = {"status": "completed", "conclusion": completion.conclusion, "details_url": about.url}
    said = {**_without_empty(ended), "output": _output(completion)}
    if number is not None:
        answer = session.call("PATCH", f"/repos/{repository}/check-runs/{number}", body=said)
        if answer.status != 404:
            return _checked(session, repository, answer, about.sha)
    # Written twice, a completed check run shows once: GitHub takes the latest of a name.
    body = {"name": about.name, "head_sha": about.sha, **said}
    return _checked(session, repository, session.call("POST", f"/repos/{repository}/check-runs", body=body), about.sha)


def check(session: Session, repository: str, number: int) -> Check | Refusal:
    """Return the check run with this id."""
    answer = session.call("GET", f"/repos/{repository}/check-runs/{number}")
    return _checked(session, repository, answer, f"check run {number}")


def checks(session: Session, repository: str, *, name: str, sha: str) -> tuple[Check, ...] | Refusal:
    """Return the check runs of this name on a commit, the latest hundred, open and completed."""
    query = urlencode({"check_name": name, "filter": "all", "per_page": 100})
    answer = session.call("GET", f"/repos/{repository}/commits/{quote(sha)}/check-runs?{query}")
    if not answer.good:
        return _refusal(session, answer, f"the check runs of {sha[:7]}", "checks: write")
    return tuple(raw.check(run, repository) for run in session.read(raw.RawChecks, answer).check_runs)


def whoami(session: Session) -> str:
    """Return the login that this token writes comments under.

    A personal token knows its user. The token of a workflow or an app may not ask for one in REST but may in
    GraphQL; where that is closed too it is taken for the token of a workflow, which writes as `github-actions[bot]`.
    """
    user = session.call("GET", "/user")
    if user.good:
        return session.read(raw.RawUser, user).login
    path = f"{session.base.removesuffix('/v3')}/graphql"
    viewer = session.call("POST", path, body={"query": "query { viewer { login } }"})
    if not viewer.good:
        return ACTIONS_BOT
    data = session.read(raw.RawViewer, viewer).data
    return data.viewer.login if data else ACTIONS_BOT


def _written(session: Session, answer: Answer, what: str) -> Comment | Refusal:
    if answer.good:
        return raw.comment(session.read(raw.RawComment, answer))
    return _refusal(session, answer, what, "pull-requests: write")


def _checked(session: Session, repository: str, answer: Answer, what: str) -> Check | Refusal:
    if answer.good:
        return raw.check(session.read(raw.RawCheck, answer), repository)
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
    if answer.status < 400:
        raise OutsideError(f"GitHub answered {answer.status} about {what}, which its API does not promise.")
    raise UserError(f"GitHub refused {what}: {said} (HTTP {answer.status}).")


def _output(completion: Completion) -> dict[str, Any]:
    return {
        "title": completion.title[:200],
        "summary": completion.summary,
        "annotations": [
            {
                "path": note.path,
                "start_line": note.line,
                "end_line": note.line,
                "annotation_level": note.level,
                "message": note.message,
            }
            for note in completion.annotations
        ],
    }


def _without_empty(body: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in body.items() if value != ""}
