"""Deliver a report to GitHub: job summary, check run, comment.

The order is the safety: the summary needs nobody, so it is there whatever happens next; the check belongs to a commit
and is true of it for ever; the comment belongs to a pull request that may have moved on, and comes last.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Literal

from mltool import __version__, http
from mltool.ci.build import Build
from mltool.commands import check_run, delivery
from mltool.commands.check_run import Say
from mltool.commands.delivery import Create, Delete, Edit, Facts
from mltool.errors import UserError
from mltool.forges import github
from mltool.forges.github_words import Check, Comment, Completion, Pull, Refusal
from mltool.forges.session import Session
from mltool.report.model import Report

COMMENT_LIMIT: Final = 60_000
"""UTF-8 bytes. GitHub refuses a comment of 65,536 characters and does not say how it counts them."""
SHORT_LIMIT: Final = 15_000
"""UTF-8 bytes, for when GitHub finds the first text too long after all."""
SUMMARY_LIMIT: Final = 1_000_000
"""UTF-8 bytes. A job summary of more than 1 MiB is thrown away while the step stays green."""

Where = Literal["created", "updated", "unchanged", "planned", "refused", "stale", "none"]


@dataclass(frozen=True, kw_only=True)
class Posted:
    """What was done, one word a place; `refusals` are GitHub's reasons, `why_not` is ours for not asking it."""

    check: Where = "none"
    comment: Where = "none"
    why_not: str = ""
    refusals: tuple[Refusal, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Job:
    """One report on its way to one place."""

    report: Report
    build: Build
    session: Session
    render: Callable[[int], str]
    say: Say
    check_id: int | None
    undecided_blocks: bool

    def body(self, limit: int = COMMENT_LIMIT) -> str:
        """Return the comment: the report and our key, together of at most `limit` UTF-8 bytes."""
        tail = f"\n\n{delivery.marker(self.report.key)}"
        return delivery.sendable(self.render(limit - len(tail))).rstrip() + tail

    def completion(self, limit: int = COMMENT_LIMIT) -> Completion:
        """Return what the check run says."""
        text = delivery.sendable(self.render(limit))
        return delivery.completion(
            self.report, text=text, run=self.build.run_conclusion, undecided_blocks=self.undecided_blocks
        )

    def acts(self, facts: Facts) -> tuple[delivery.Act, ...]:
        """Return what to do to the comments."""
        return delivery.decide(facts, sha=self.build.sha, key=self.report.key, body=self.body())


def connect(build: Build, token: http.Secret) -> Session:
    """Return a session with the build's GitHub; nothing is sent yet. UserError for an unsafe address."""
    return Session(base=build.api_url, token=token, send=http.connect(build.api_url), agent=f"mltool/{__version__}")


def post(
    report: Report,
    build: Build,
    *,
    session: Session | None,
    render: Callable[[int], str],
    summary: Say,
    say: Say,
    key: str | None = None,
    check_id: int | None = None,
    undecided_blocks: bool = False,
    dry_run: bool = False,
) -> Posted:
    """Deliver the report, and say in a line what was done and what was not.

    `render` makes safe Markdown of at most so many UTF-8 bytes, `summary` appends to the job summary, `check_id` is
    what `check_run.start` returned, and without a `session` (no token) only the summary is written. With a `key`, a
    report that a stranger's run made must have that one: another would write over another check. `dry_run` reads, and
    says what it would write. Raises UserError for a report on another commit and for a token that GitHub does not
    accept, OutsideError when GitHub cannot be reached; the summary is written before either can come from GitHub.
    """
    _belongs(report, build, key=key)
    if not dry_run:
        summary(delivery.sendable(render(SUMMARY_LIMIT)) + "\n")
    if session is None or build.read_only:
        why = "there is no token" if session is None else "the token of a fork's pull request can only read"
        say(f"The report is in the job summary alone: {why}.")
        return Posted(why_not=why)
    job = _Job(
        report=report,
        build=build,
        session=session,
        render=render,
        say=say,
        check_id=check_id,
        undecided_blocks=undecided_blocks,
    )
    return _rehearse(job) if dry_run else _deliver(job)


def _belongs(report: Report, build: Build, *, key: str | None) -> None:
    delivery.marker(report.key)
    if build.hostile and key is not None and report.key != key:
        raise UserError(f"The report has the key `{report.key}`, but this job posts `{key}`.", "Nothing was posted.")
    shas = (build.sha,) if build.hostile else (build.sha, build.checkout_sha)
    if report.head.sha not in shas:
        raise UserError(
            f"The report is about commit {report.head.sha[:12]}, but this run is about {build.sha[:12]}.",
            "Nothing was posted. Make the report in the run that posts it, or pass on the one of the run it follows.",
        )


def _deliver(job: _Job) -> Posted:
    check = _write_check(job)
    comment = _comment(job, check if isinstance(check, Check) else None)
    refusals = tuple(answer for answer in (check, comment) if isinstance(answer, Refusal))
    if refusals:
        where = "the job summary" if len(refusals) == 2 else "the job summary, and in what GitHub did take"
        job.say(f"{check_run.grant(refusals, job.build)} The report is in {where}.")
    return Posted(
        check="refused" if isinstance(check, Refusal) else "updated" if job.check_id else "created",
        comment="refused" if isinstance(comment, Refusal) else comment,
        refusals=refusals,
    )


def _write_check(job: _Job) -> Check | Refusal:
    about = check_run.named(job.build, delivery.check_name(job.report.key))
    repository = job.build.repository
    answer = github.finish_check(job.session, repository, about, job.completion(), number=job.check_id)
    if isinstance(answer, Refusal) and answer.reason == "length":
        answer = github.finish_check(job.session, repository, about, job.completion(SHORT_LIMIT), number=job.check_id)
    return answer


def _comment(job: _Job, check: Check | None) -> Where | Refusal:
    """Bring the pull request's comment up to date, where there is a pull request and it is still at our commit."""
    if not job.build.expects_pull:
        return "none"
    pull = _target(job, check)
    if isinstance(pull, Refusal):
        return pull
    if pull is None or pull.head_sha != job.build.sha:
        job.say(_stale(job.build, pull))
        return "stale"
    facts = _facts(job, pull, me=check.author if check else "")
    return facts if isinstance(facts, Refusal) else _write_comment(job, pull.number, job.acts(facts))


def _target(job: _Job, check: Check | None) -> Pull | Refusal | None:
    """Return the pull request that this build is about, with its head as it is now; None when there is none open."""
    build = job.build
    if build.pull is not None:
        if check and check.heads.get(build.pull) == build.sha:
            # The answer to the check run has told already: no need to ask.
            return Pull(number=build.pull, head_sha=build.sha)
        return github.pull(job.session, build.repository, build.pull)
    if not build.head_repository or not build.head_ref:
        return None
    found = github.open_pulls(job.session, build.repository, owner=build.head_owner, branch=build.head_ref)
    return found if isinstance(found, Refusal) else delivery.choose(found, build)


def _facts(job: _Job, pull: Pull, *, me: str) -> Facts | Refusal:
    comments = github.comments(job.session, job.build.repository, pull.number)
    if isinstance(comments, Refusal):
        return comments
    # Who we are costs a call, and matters only where somebody's comment has our key.
    keyed = any(delivery.carries(comment, job.report.key) for comment in comments)
    return Facts(head=pull.head_sha, me=me or (github.whoami(job.session) if keyed else ""), comments=comments)


def _write_comment(job: _Job, number: int, acts: tuple[delivery.Act, ...]) -> Where | Refusal:
    done: Where = "unchanged"
    place = f"{job.build.repository}#{number}"
    for act in acts:
        if isinstance(act, Delete):
            refusal = github.delete_comment(job.session, job.build.repository, act.comment)
            job.say(f"A second comment of ours {'stays on' if refusal else 'is gone from'} {place}.")
            continue
        answer = _write(job, number, act)
        if isinstance(answer, Refusal):
            return answer
        done = "updated" if isinstance(act, Edit) and act.comment == answer.id else "created"
        job.say(f"The comment on {place} is {done}: {answer.url}")
    if not acts:
        job.say(f"The comment on {place} says the same already.")
    return done


def _write(job: _Job, number: int, act: Create | Edit) -> Comment | Refusal:
    """Write one comment; shorter when it is too long for GitHub, anew when somebody has just deleted it."""
    answer = _send(job, number, act)
    if isinstance(answer, Refusal) and answer.reason == "gone":
        act = Create(body=act.body)
        answer = _send(job, number, act)
    if isinstance(answer, Refusal) and answer.reason == "length":
        answer = _send(job, number, replace(act, body=job.body(SHORT_LIMIT)))
    return answer


def _send(job: _Job, number: int, act: Create | Edit) -> Comment | Refusal:
    if isinstance(act, Edit):
        return github.edit_comment(job.session, job.build.repository, act.comment, act.body)
    return github.create_comment(job.session, job.build.repository, number, act.body)


def _rehearse(job: _Job) -> Posted:
    """Say what `post` would do, from reads alone."""
    build = job.build
    name = delivery.check_name(job.report.key)
    job.say(f"Would complete check run `{name}` on {build.sha[:7]} with {job.completion().conclusion}.")
    if not build.expects_pull:
        return Posted(check="planned")
    pull = _target(job, None)
    if pull is None or (isinstance(pull, Pull) and pull.head_sha != build.sha):
        job.say(_stale(build, pull))
        return Posted(check="planned", comment="stale")
    facts = pull if isinstance(pull, Refusal) else _facts(job, pull, me="")
    if isinstance(facts, Refusal):
        job.say(check_run.grant((facts,), build))
        return Posted(check="planned", comment="refused", refusals=(facts,))
    acts = job.acts(facts)
    for act in acts:
        job.say(f"Would {act}.")
    if not acts:
        job.say("The comment says the same already.")
    return Posted(check="planned", comment="planned" if acts else "unchanged")


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
