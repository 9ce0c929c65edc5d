"""Deliver a report to GitHub: job summary, check run, comment.

The order is the safety: the summary needs nobody, so it is there whatever happens next; the check belongs to a commit
and is true of it for ever; the comment belongs to a pull request that may have moved on, and comes last.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from mltool import __version__, http
from mltool.ci.build import Build
from mltool.errors import OutsideError, UserError
from mltool.forges import github
from mltool.forges.github import Annotation, Check, Comment, Conclusion, Pull, Refusal, Verdict
from mltool.forges.session import Session
from mltool.gates.verdict import Outcome
from mltool.report.model import Report

COMMENT_LIMIT: Final = 60_000
"""UTF-8 bytes. GitHub refuses a comment of 65,536 characters and does not say how it counts them."""
SUMMARY_LIMIT: Final = 1_000_000
"""UTF-8 bytes. A job summary of more than 1 MiB is thrown away while the step stays green."""

Render = Callable[[int], str]
Say = Callable[[str], None]
Where = Literal["created", "updated", "unchanged", "planned", "refused", "stale", "none"]


@dataclass(frozen=True, kw_only=True)
class Posted:
    """What was done, one word a place; `refusals` are the reasons of those that say `refused`."""

    check: Where = "none"
    comment: Where = "none"
    why_not: str = ""
    refusals: tuple[Refusal, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What GitHub says about a pull request before its comment is written; `me` is the login that we write under."""

    head: str
    me: str = ""
    comments: tuple[Comment, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Create:
    """Write a new comment."""

    body: str


@dataclass(frozen=True, kw_only=True)
class Edit:
    """Replace the text of our comment."""

    comment: int
    body: str


@dataclass(frozen=True, kw_only=True)
class Delete:
    """Remove a second comment of ours with the same key, which two jobs at once may have left."""

    comment: int


Act = Create | Edit | Delete


def connect(build: Build, token: http.Secret) -> Session:
    """Return a session with the build's GitHub; nothing is sent yet. UserError for an unsafe address."""
    return Session(
        base=build.api_url, token=token, send=http.connect(build.api_url), agent=f"mltool/{__version__} (+post)"
    )


def post(
    report: Report,
    build: Build,
    *,
    session: Session | None,
    render: Render,
    summary: Say,
    say: Say,
    check_id: int | None = None,
    undecided_blocks: bool = False,
    dry_run: bool = False,
) -> Posted:
    """Deliver the report, and say in a line what was done and what was not.

    `render` makes safe Markdown of at most so many UTF-8 bytes, `summary` appends to the job summary, `check_id` is
    what `open_check` returned, and without a `session` (no token) only the summary is written. `dry_run` reads, and
    says what it would write. Raises UserError for a report on another commit and for a token that GitHub does not
    accept, OutsideError when GitHub cannot be reached; the summary is written before either can come from GitHub.
    """
    _belongs(report, build)
    if not dry_run:
        summary(render(SUMMARY_LIMIT) + "\n")
    if session is None or build.read_only:
        why = "there is no token" if session is None else "the token of a fork's pull request can only read"
        say(f"The report is in the job summary alone: {why}.")
        return Posted(why_not=why)
    words = _Words(report=report, build=build, render=render)
    if dry_run:
        return _rehearse(session, words, check_id=check_id, undecided_blocks=undecided_blocks, say=say)
    check = _check(session, words, check_id=check_id, undecided_blocks=undecided_blocks)
    comment = _comment(session, words, check=check if isinstance(check, Check) else None, say=say)
    refusals = tuple(answer for answer in (check, comment) if isinstance(answer, Refusal))
    _tell(refusals, words, say=say)
    return Posted(
        check="refused" if isinstance(check, Refusal) else "updated" if check_id else "created",
        comment="refused" if isinstance(comment, Refusal) else comment,
        refusals=refusals,
    )


def open_check(build: Build, *, session: Session | None, say: Say, key: str = "mltool") -> int | None:
    """Open the check run in progress and return its id, for `post` or `close_check` to complete.

    None, with a line that says why, where GitHub does not take it: a check that is missing must not stop the work.
    """
    if session is None or build.read_only:
        return None
    try:
        check = github.start_check(session, build.repository, name=check_name(key), sha=build.sha, url=build.run_url)
    except OutsideError as error:
        say(f"No check run was opened: {error}")
        return None
    if isinstance(check, Refusal):
        say(f"No check run was opened: {_grant((check,), build)}")
        return None
    return check.id


def close_check(
    build: Build,
    *,
    session: Session | None,
    say: Say,
    check_id: int | None = None,
    key: str = "mltool",
    cancelled: bool = False,
) -> None:
    """Complete the check run if it is still in progress, because the run ended before a report was made.

    Without `check_id` every check run of this name that is open on the commit is closed. Does nothing twice.
    """
    if session is None or build.read_only:
        return
    name = check_name(key)
    if check_id is None:
        found = github.open_checks(session, build.repository, name=name, sha=build.sha)
    else:
        one = github.check(session, build.repository, check_id)
        found = one if isinstance(one, Refusal) else (one,)
    if isinstance(found, Refusal):
        say(f"The check run was not closed: {_grant((found,), build)}")
        return
    ended = "was cancelled" if cancelled else "failed"
    log = f"[the log]({build.run_url})" if build.run_url else "its log"
    verdict = Verdict(
        conclusion="cancelled" if cancelled else "failure",
        title=f"The run {ended} before a report was made",
        summary=f"The run {ended} before a report was made: see {log}.",
    )
    for check in found:
        if check.open:
            github.finish_check(
                session,
                build.repository,
                name=name,
                sha=build.sha,
                url=build.run_url,
                verdict=verdict,
                number=check.id,
            )
            say(f"{verdict.title}; its check run is closed.")


def check_name(key: str) -> str:
    """Return the name of the check run: the same for ever, so that a branch rule can require it."""
    return key if key == "mltool" else f"mltool: {key}"


def marker(key: str) -> str:
    """Return the line, invisible to readers, that ends every comment with this key; UserError for an unfit key."""
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._]|-(?!-)){0,62}", key):
        raise UserError(f"The report key `{key[:80]}` is unfit.", "Use up to 63 letters, digits, `.`, `_` and `-`.")
    return f"<!-- mltool:report:{key} -->"


def decide(facts: Facts, *, sha: str, key: str, body: str) -> tuple[Act, ...]:
    """Return what to do to a pull request's comments: nothing if its head is not `sha` or nothing changed.

    A comment is ours when we wrote it *and* it ends with the key: a person who quotes one is left alone.
    """
    if facts.head != sha:
        return ()
    ours = [comment for comment in facts.comments if comment.author == facts.me and _carries(comment, key)]
    if not ours:
        return (Create(body=body),)
    first, *more = ours
    edit = () if _plain(first.body) == _plain(body) else (Edit(comment=first.id, body=body),)
    return (*edit, *(Delete(comment=comment.id) for comment in more))


def conclusion(outcome: Outcome, *, run: str = "", undecided_blocks: bool = False) -> Conclusion:
    """Return what the check run says. `run` is how another run that made the report ended, empty if it was this one.

    Undecided is never a success, and neither is the good word of a run that failed.
    """
    if outcome is Outcome.FAIL or (outcome is Outcome.UNDECIDED and undecided_blocks):
        return "failure"
    if outcome is Outcome.PASS:
        return "success" if run in ("", "success") else "failure"
    return "neutral"


def annotations(report: Report) -> tuple[Annotation, ...]:
    """Return up to ten remarks on files: what blocks, then what could not be read, then parameters that changed."""
    return tuple(_annotations(report))[: github.ANNOTATIONS]


def _annotations(report: Report) -> Iterator[Annotation]:
    for verdict in report.verdicts:
        if verdict.outcome is Outcome.FAIL and verdict.metric:
            path = verdict.metric.rpartition(":")[0]
            yield Annotation(
                path=path, line=1, level="failure" if verdict.blocks else "warning", message=verdict.sentence
            )
    for problem in report.problems:
        yield Annotation(path=problem.path, line=problem.line or 1, level="warning", message=problem.sentence)
    for change in report.changes.params:
        message = f"{change.key}: {_value(change.old)} → {_value(change.new)}"
        yield Annotation(path=change.path, line=1, level="notice", message=message)


def _value(value: object) -> str:
    return "—" if value is None else str(value)[:80]


@dataclass(frozen=True, kw_only=True)
class _Words:
    """The report's texts, cut to where they go."""

    report: Report
    build: Build
    render: Render

    @property
    def key(self) -> str:
        return self.report.key

    @property
    def pull(self) -> str:
        return f"{self.build.repository}#{self.build.pull}" if self.build.pull else self.build.repository

    def body(self, limit: int) -> str:
        """Return the comment: the report and our key, together of at most `limit` UTF-8 bytes."""
        tail = f"\n\n{marker(self.key)}"
        return _text(self.render(limit - len(tail))).rstrip() + tail

    def verdict(self, limit: int, *, undecided_blocks: bool) -> Verdict:
        """Return what the check run says."""
        text = _text(self.render(limit))
        ended = conclusion(self.report.outcome, run=self.build.run_conclusion, undecided_blocks=undecided_blocks)
        title = _headline(text) or "mltool"
        if ended == "failure" and self.report.outcome is Outcome.PASS:
            title = f"The run that made this report ended with `{self.build.run_conclusion}`"
        return Verdict(conclusion=ended, title=title, summary=text, annotations=annotations(self.report))


def _belongs(report: Report, build: Build) -> None:
    marker(report.key)
    shas = (build.sha,) if build.hostile else (build.sha, build.checkout_sha)
    if report.head.sha not in shas:
        raise UserError(
            f"The report is about commit {report.head.sha[:12]}, but this run is about {build.sha[:12]}.",
            "Nothing was posted. Make the report in the run that posts it, or pass on the one of the run it follows.",
        )


def _check(session: Session, words: _Words, *, check_id: int | None, undecided_blocks: bool) -> Check | Refusal:
    build = words.build
    answer: Check | Refusal = Refusal(reason="length", said="")
    for limit in (COMMENT_LIMIT, COMMENT_LIMIT // 4):
        answer = github.finish_check(
            session,
            build.repository,
            name=check_name(words.key),
            sha=build.sha,
            url=build.run_url,
            verdict=words.verdict(limit, undecided_blocks=undecided_blocks),
            number=check_id,
        )
        if not (isinstance(answer, Refusal) and answer.reason == "length"):
            break
    return answer


def _comment(session: Session, words: _Words, *, check: Check | None, say: Say) -> Where | Refusal:
    """Bring the pull request's comment up to date, where there is a pull request and it is still at our commit."""
    build = words.build
    if not build.expects_pull:
        return "none"
    pull = _target(session, build, check)
    if isinstance(pull, Refusal):
        return pull
    if pull is None or pull.head_sha != build.sha:
        say(_stale(build, pull))
        return "stale"
    facts = _facts(session, build, pull, me=check.author if check else "", key=words.key)
    if isinstance(facts, Refusal):
        return facts
    acts = decide(facts, sha=build.sha, key=words.key, body=words.body(COMMENT_LIMIT))
    return _deliver(session, words, pull.number, acts, say=say)


def _target(session: Session, build: Build, check: Check | None) -> Pull | Refusal | None:
    """Return the pull request that this build is about, with its head as it is now; None when there is none open."""
    if build.pull is not None:
        if check and check.heads.get(build.pull) == build.sha:
            # The answer to the check run has told already: no need to ask.
            return Pull(
                number=build.pull,
                head_sha=build.sha,
                head_ref=build.head_ref,
                head_repository=build.head_repository,
                base_ref=build.base_ref,
            )
        return github.pull(session, build.repository, build.pull)
    if not build.head_repository or not build.head_ref:
        return None
    found = github.open_pulls(session, build.repository, owner=build.head_owner, branch=build.head_ref)
    return found if isinstance(found, Refusal) else choose(found, build)


def choose(pulls: tuple[Pull, ...], build: Build) -> Pull | None:
    """Return the open pull request from the build's head repository and branch.

    A branch may have several: first the ones still at our commit, of these the one into the default branch, then the
    oldest.
    """
    ours = [
        pull
        for pull in pulls
        if pull.head_repository.lower() == build.head_repository.lower() and pull.head_ref == build.head_ref
    ]
    ours.sort(key=lambda p: (p.head_sha != build.sha, p.base_ref != build.default_branch, p.number))
    return ours[0] if ours else None


def _facts(session: Session, build: Build, pull: Pull, *, me: str, key: str) -> Facts | Refusal:
    comments = github.comments(session, build.repository, pull.number)
    if isinstance(comments, Refusal):
        return comments
    # Who we are costs a call, and matters only where somebody's comment has our key.
    keyed = any(_carries(comment, key) for comment in comments)
    return Facts(head=pull.head_sha, me=me or (github.whoami(session) if keyed else ""), comments=comments)


def _deliver(session: Session, words: _Words, number: int, acts: tuple[Act, ...], *, say: Say) -> Where | Refusal:
    done: Where = "unchanged"
    for act in acts:
        if isinstance(act, Delete):
            refusal = github.delete_comment(session, words.build.repository, act.comment)
            if refusal:
                say(f"A second comment of ours stays on {words.build.repository}#{number}: {refusal.said}.")
            continue
        answer = _write(session, words, number, act)
        if isinstance(answer, Refusal):
            return answer
        done = "updated" if isinstance(act, Edit) and act.comment == answer.id else "created"
        say(f"The comment on {words.build.repository}#{number} is {done}: {answer.url}")
    if not acts:
        say(f"The comment on {words.build.repository}#{number} says the same already.")
    return done


def _write(session: Session, words: _Words, number: int, act: Create | Edit) -> Comment | Refusal:
    """Write one comment; shorter when it is too long for GitHub, anew when somebody has just deleted it."""
    answer = _send(session, words.build.repository, number, act)
    if isinstance(answer, Refusal) and answer.reason == "gone":
        act = Create(body=act.body)
        answer = _send(session, words.build.repository, number, act)
    if isinstance(answer, Refusal) and answer.reason == "length":
        shorter = words.body(COMMENT_LIMIT // 4)
        act = Edit(comment=act.comment, body=shorter) if isinstance(act, Edit) else Create(body=shorter)
        answer = _send(session, words.build.repository, number, act)
    return answer


def _send(session: Session, repository: str, number: int, act: Create | Edit) -> Comment | Refusal:
    if isinstance(act, Edit):
        return github.edit_comment(session, repository, act.comment, act.body)
    return github.create_comment(session, repository, number, act.body)


def _rehearse(session: Session, words: _Words, *, check_id: int | None, undecided_blocks: bool, say: Say) -> Posted:
    """Say what `post` would do, from reads alone."""
    build = words.build
    verdict = words.verdict(COMMENT_LIMIT, undecided_blocks=undecided_blocks)
    number = "" if check_id is None else f" {check_id}"
    say(f"Would complete check run{number} `{check_name(words.key)}` on {build.sha[:7]} with {verdict.conclusion}.")
    if not build.expects_pull:
        return Posted(check="planned")
    pull = _target(session, build, None)
    if isinstance(pull, Refusal):
        say(f"Cannot read the pull request: {pull.said}.")
        return Posted(check="planned", comment="refused", refusals=(pull,))
    if pull is None or pull.head_sha != build.sha:
        say(_stale(build, pull))
        return Posted(check="planned", comment="stale")
    facts = _facts(session, build, pull, me="", key=words.key)
    if isinstance(facts, Refusal):
        say(f"Cannot read the comments: {facts.said}.")
        return Posted(check="planned", comment="refused", refusals=(facts,))
    acts = decide(facts, sha=build.sha, key=words.key, body=words.body(COMMENT_LIMIT))
    for act in acts:
        say(f"Would {_describe(act)} on {build.repository}#{pull.number}.")
    return Posted(check="planned", comment="planned" if acts else "unchanged")


def _describe(act: Act) -> str:
    if isinstance(act, Create):
        return f"write a comment of {len(act.body.encode()):,} bytes"
    return f"delete comment {act.comment}" if isinstance(act, Delete) else f"edit comment {act.comment}"


def _tell(refusals: tuple[Refusal, ...], words: _Words, *, say: Say) -> None:
    """Say in one line what was refused, where the report is instead, and what allows it."""
    if not refusals:
        return
    where = "the job summary" if len(refusals) == 2 else "the job summary, and in what GitHub did take"
    say(f"{_grant(refusals, words.build)} The report is in {where}.")


def _grant(refusals: tuple[Refusal, ...], build: Build) -> str:
    missing = sorted({refusal.permission for refusal in refusals if refusal.permission})
    said = "; ".join(sorted({refusal.said for refusal in refusals}))
    if not missing:
        return f"GitHub refused a part of the report: {said}."
    granted = ", ".join(["contents: read", "checks: write", "pull-requests: write"])
    return (
        f"The token lacks {' and '.join(f'`{permission}`' for permission in missing)} on {build.repository} "
        f"(GitHub: {said}). Add to the job: permissions: {{ {granted} }}."
    )


def _stale(build: Build, pull: Pull | None) -> str:
    if pull is None:
        return (
            f"No open pull request of {build.repository} has {build.sha[:7]} as its head: "
            "it was closed, or its branch moved on. No comment was written."
        )
    return (
        f"{build.repository}#{pull.number} is at {pull.head_sha[:7]} now and this report is about {build.sha[:7]}: "
        "no comment was written."
    )


def _carries(comment: Comment, key: str) -> bool:
    return _plain(comment.body).endswith(f"\n{marker(key)}")


def _plain(body: str) -> str:
    return body.replace("\r\n", "\n").strip()


def _headline(markdown: str) -> str:
    """Return the first line that has words, without its Markdown, for a place that shows plain text."""
    for line in markdown.splitlines():
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", line).replace("`", "").replace("**", "").strip("# ")
        if words and not words.startswith("<"):
            return re.sub(r"\\(?=[^\w\s])", "", words)
    return ""


def _text(markdown: str) -> str:
    """Return text that can be sent: half a surrogate pair, from a file name that is no UTF-8, cannot."""
    return markdown.encode(errors="replace").decode()
