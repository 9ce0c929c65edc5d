"""Where approvals come from: tags of the ledger, reviews of the pull request, the review of this workflow run."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from mltool import git
from mltool.commands.forge import Forge
from mltool.errors import MltoolError
from mltool.forges import github_reviews
from mltool.forges.github_reviews import Review, Written
from mltool.forges.github_words import Refusal
from mltool.git import signatures
from mltool.registry.model import Event, Ledger
from mltool.release.approval import Approval, Author
from mltool.release.model import Manifest

INSIDERS: Final = ("OWNER", "MEMBER", "COLLABORATOR")
# A comment or a review that is still being written takes nothing back.
DECIDING: Final = ("APPROVED", "CHANGES_REQUESTED", "DISMISSED")


@dataclass(frozen=True, kw_only=True)
class Question:
    """Which release, into which environment."""

    project: git.Project
    manifest: Manifest
    digest: str
    environment: str
    commit: str


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """What the sources said, what could not be seen, and the accounts that GitHub knows by an author's address."""

    approvals: tuple[Approval, ...] = ()
    unseen: tuple[str, ...] = ()
    logins: dict[str, str] = field(default_factory=dict)


def tags(asked: Question, ledger: Ledger, *, allowed: bytes | None) -> tuple[Approval, ...]:
    """Return the approvals in the ledger; with `allowed` (a file of allowed signers) only signed ones are good."""
    model = ledger.models.get(asked.manifest.model)
    return tuple(_from_tag(asked, event, allowed) for event in (model.events if model else ()) if _ours(event, asked))


def authors(asked: Question, gathered: Gathered) -> tuple[Author, ...]:
    """Return who made the release's commit."""
    mails = signatures.authors(asked.project, asked.commit)
    return tuple(Author(email=mail, login=gathered.logins.get(mail, "")) for mail in mails)


def github(asked: Question, forge: Forge) -> Gathered:
    """Return what GitHub knows: reviews of the pull requests of this commit and of this run, and who is who.

    What it does not show, and a network that is down, is `unseen`.
    """
    return _together(_answer(source, asked, forge) for source in (_written, _reviews, _run))


def latest(reviews: Iterable[Review]) -> tuple[Review, ...]:
    """Return the last word of each person, from reviews in the order they were given."""
    last: dict[str, Review] = {}
    for review in reviews:
        if review.user is not None and review.state in DECIDING:
            last[review.user.login.lower()] = review
    return tuple(last.values())


def _ours(event: Event, asked: Question) -> bool:
    return event.kind == "approve" and event.version == asked.manifest.version and event.stage == asked.environment


def _from_tag(asked: Question, event: Event, allowed: bytes | None) -> Approval:
    tag = event.tag
    who = signatures.signer(asked.project, tag.object, allowed=allowed) if allowed is not None and tag.signed else ""
    unsigned = allowed is not None and not who
    return Approval(
        person=who or tag.email or event.actor,
        source="tag",
        manifest=event.manifest,
        about=tag.name,
        moment=tag.date,
        proven=bool(who),
        void="It is not signed with a key of `[signing] allowed_signers`." if unsigned else "",
    )


def _answer(source: Callable[[Question, Forge], Gathered], asked: Question, forge: Forge) -> Gathered:
    try:
        return source(asked, forge)
    except MltoolError as error:
        return Gathered(unseen=(str(error),))


def _together(answers: Iterable[Gathered]) -> Gathered:
    every = tuple(answers)
    return Gathered(
        approvals=tuple(approval for answer in every for approval in answer.approvals),
        unseen=tuple(dict.fromkeys(sentence for answer in every for sentence in answer.unseen)),
        logins={mail: login for answer in every for mail, login in answer.logins.items()},
    )


def _written(asked: Question, forge: Forge) -> Gathered:
    found = github_reviews.commit(forge.session, forge.repository, asked.commit)
    return _unseen(found, "who wrote the commit") if isinstance(found, Refusal) else Gathered(logins=_logins((found,)))


def _logins(commits: Iterable[Written]) -> dict[str, str]:
    return {item.commit.author.email.lower(): item.author.login for item in commits if item.author}


def _reviews(asked: Question, forge: Forge) -> Gathered:
    numbers = github_reviews.pulls(forge.session, forge.repository, asked.commit)
    if isinstance(numbers, Refusal):
        return _unseen(numbers, "the pull requests of the commit")
    return _together(_of_pull(asked, forge, number) for number in numbers)


def _of_pull(asked: Question, forge: Forge, number: int) -> Gathered:
    reviews = github_reviews.reviews(forge.session, forge.repository, number)
    if isinstance(reviews, Refusal):
        return _unseen(reviews, f"the reviews of #{number}")
    given = tuple(_from_review(asked, review, number) for review in latest(reviews))
    commits = github_reviews.commits(forge.session, forge.repository, number)
    if isinstance(commits, Refusal):
        return replace(_unseen(commits, f"the commits of #{number}"), approvals=given)
    return Gathered(approvals=given, logins=_logins(commits))


def _from_review(asked: Question, review: Review, number: int) -> Approval:
    same = _same_content(asked, review.commit_id or "")
    void = "" if review.state == "APPROVED" else "The reviewer has taken it back."
    return Approval(
        person=review.user.login if review.user else "",
        source="review",
        # A review names a commit: one with the same content has the same data, code, parameters and policy.
        manifest=asked.digest if same else "",
        about=review.html_url or f"review of #{number}",
        moment=_epoch(review.submitted_at or ""),
        insider=review.author_association in INSIDERS,
        void=void or ("" if same else f"It reviewed {(review.commit_id or '?')[:7]}, whose content is not this one."),
    )


def _run(asked: Question, forge: Forge) -> Gathered:
    if not forge.run:
        return Gathered()
    run = github_reviews.run(forge.session, forge.repository, forge.run)
    if isinstance(run, Refusal):
        return _unseen(run, "this workflow run")
    given = github_reviews.run_reviews(forge.session, forge.repository, forge.run)
    if isinstance(given, Refusal):
        return _unseen(given, "who approved this workflow run")
    # A run that a person started is on the default branch, and about the tag that they gave.
    same = any(_same_content(asked, name) for name in (run.head_sha, forge.tag and f"refs/tags/{forge.tag}"))
    void = "" if same else f"This run started on {run.head_sha[:7]}, whose content is not this one."
    return Gathered(
        approvals=tuple(
            Approval(
                person=review.user.login,
                source="environment",
                manifest=asked.digest if same else "",
                about=run.html_url or f"run {forge.run}",
                void=void,
            )
            for review in given
            if review.state == "approved"
            and review.user
            and asked.environment in (environment.name for environment in review.environments)
        )
    )


def _same_content(asked: Question, commit: str) -> bool:
    return bool(commit) and signatures.tree(asked.project, commit) == asked.manifest.tree


def _unseen(refusal: Refusal, what: str) -> Gathered:
    said = f"{refusal.said}; the token needs `{refusal.permission}`"
    return Gathered(unseen=(f"GitHub did not show {what} ({said}).",))


def _epoch(moment: str) -> int | None:
    try:
        return int(datetime.fromisoformat(moment).timestamp())
    except ValueError:
        return None
