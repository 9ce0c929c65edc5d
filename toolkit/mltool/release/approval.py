"""Whether enough people agreed to this very release: a rule and what was said → a standing with its reasons.

Who somebody is, is the source's word: a GitHub login, or the e-mail address of a signing key. One person may have
both; `who = ["ada = ada@example.org"]` says so.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from mltool.config import Approvals
from mltool.errors import UserError
from mltool.release.model import ApprovalRule

Source = Literal["tag", "review", "environment"]

NO_REPLY: Final = re.compile(r"(?:[0-9]+\+)?([^@]+)@users\.noreply\.github\.com")
UNITS: Final = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
SKEW: Final = 86_400
"""Seconds that a clock may be ahead of ours before we do not believe it."""


@dataclass(frozen=True, kw_only=True)
class Approval:
    """One person's yes, as its source gives it.

    `person` is a login or an e-mail address, `manifest` the digest that was agreed to, `moment` seconds since 1970
    (None: during this run), `about` where to look it up. `proven`: the source vouches for the name. `insider`: the
    person belongs to the repository. `void` is why the source itself no longer counts it.
    """

    person: str
    source: Source
    manifest: str
    about: str
    moment: int | None = None
    proven: bool = True
    insider: bool = True
    void: str = ""


@dataclass(frozen=True, kw_only=True)
class Refused:
    """An approval that does not count, and why."""

    approval: Approval
    reason: str


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a release stands before one environment: what counts, what does not and why, and what is missing.

    `missing` are whole sentences; the release may go in where there are none. `unseen` says which sources could not
    be asked.
    """

    environment: str
    needed: int
    given: tuple[Approval, ...] = ()
    refused: tuple[Refused, ...] = ()
    missing: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Return whether nothing is missing."""
        return not self.missing

    @property
    def objections(self) -> tuple[str, ...]:
        """Return in sentences what is missing, which approvals do not count and why, and what was not seen.

        Empty where nothing is missing.
        """
        if self.good:
            return ()
        void = (f"{it.approval.person} ({it.approval.about}) does not count: {it.reason}" for it in self.refused)
        return (*self.missing, *void, *self.unseen)


@dataclass(frozen=True, kw_only=True)
class Author:
    """Somebody who made what is released: an e-mail address, and the login where GitHub knows it."""

    email: str
    login: str = ""


def rule(approvals: Approvals) -> ApprovalRule:
    """Return what the configuration of an environment asks for."""
    return ApprovalRule(
        count=approvals.count,
        who=approvals.who,
        not_author=approvals.not_author,
        evidence=approvals.evidence,
        expires=approvals.expires,
    )


def judge(
    asked: ApprovalRule,
    approvals: Iterable[Approval],
    *,
    environment: str,
    digest: str,
    authors: Iterable[Author],
    now: int,
) -> Standing:
    """Return how the release whose manifest has this `digest` stands; `now` is in seconds since 1970.

    Raises UserError for a rule that cannot be understood.
    """
    court = _Court(asked, digest=digest, authors=tuple(authors), now=now)
    given: dict[str, Approval] = {}
    refused: list[Refused] = []
    for approval in approvals:
        person = court.person(approval.person)
        reason = court.objection(approval, person)
        if not reason and person in given:
            reason = "The same person counts once."
        if reason:
            refused.append(Refused(approval=approval, reason=reason))
        else:
            given[person] = approval
    return Standing(
        environment=environment,
        needed=asked.count,
        given=tuple(given.values()),
        refused=tuple(refused),
        missing=_missing(asked, environment, found=court.certainly_different(given), given=len(given)),
    )


def people(who: Iterable[str]) -> Mapping[str, str]:
    """Return each name of `who`, in lower case, with the first name of the same person; UserError for an unfit one."""
    known: dict[str, str] = {}
    for entry in who:
        names = [name.strip().lower().removeprefix("@") for name in entry.split("=")]
        for name in names:
            if not re.fullmatch(r"[a-z0-9][a-z0-9_.-]*(\[bot\])?|[^@\s/]+@[^@\s/]+", name):
                raise UserError(
                    f"`who` has `{entry[:80]}`, which names no person.",
                    "Write a GitHub login, an e-mail address, or both of one person: `ada = ada@example.org`. "
                    "A team is written out: its members are known to GitHub alone.",
                )
            known[name] = names[0]
    return known


def seconds(duration: str) -> int:
    """Return the seconds in `30m`, `12h`, `14d` or `2w`; UserError for anything else."""
    found = re.fullmatch(r"([1-9][0-9]{0,5})([mhdw])", duration.strip())
    if not found:
        raise UserError(f"`expires` is `{duration[:40]}`, which is no time.", "Write `12h`, `14d` or `2w`.")
    return int(found[1]) * UNITS[found[2]]


class _Court:
    """One rule, with its names read once."""

    def __init__(self, asked: ApprovalRule, *, digest: str, authors: tuple[Author, ...], now: int) -> None:
        self.asked = asked
        self.digest = digest
        self.authors = authors
        self.now = now
        self.known = people(asked.who)
        self.lifetime = seconds(asked.expires) if asked.expires else None

    def person(self, name: str) -> str:
        """Return the one name that a person goes by here."""
        name = name.strip().lower()
        hidden = NO_REPLY.fullmatch(name)
        return self.known.get(name) or self.known.get(hidden[1] if hidden else name) or (hidden[1] if hidden else name)

    def objection(self, approval: Approval, person: str) -> str:
        """Return why this approval does not count, empty where it does."""
        return (
            approval.void
            or self._wrong_release(approval)
            or self._nobody(approval)
            or self._stranger(approval, person)
            or self._author(person)
            or self._expired(approval)
        )

    def certainly_different(self, given: Mapping[str, Approval]) -> int:
        """Return how many people these are at the least: a login and an address that nothing tells apart may be one."""
        listed = sum(person in self.known.values() for person in given)
        mails = sum("@" in person for person in given if person not in self.known.values())
        return listed + max(mails, len(given) - listed - mails)

    def _wrong_release(self, approval: Approval) -> str:
        if approval.manifest == self.digest:
            return ""
        named = f"names {approval.manifest[:19]}…" if approval.manifest else "names no release"
        return f"It {named}, and this release is {self.digest[:19]}…: what was agreed to has changed since."

    def _nobody(self, approval: Approval) -> str:
        # An unproven name still proves that somebody who may push agreed; that is enough only where it is all we ask.
        if approval.proven or not (self.asked.who or self.asked.not_author or self.asked.count > 1):
            return ""
        return (
            "Nothing proves who wrote it: it is not signed by anybody in `[signing] allowed_signers`, "
            "and whoever may push can put any name into a tag."
        )

    def _stranger(self, approval: Approval, person: str) -> str:
        if self.asked.who:
            return "" if person in self.known.values() else f"{approval.person} is not in `who` of this environment."
        return "" if approval.insider else f"{approval.person} does not belong to the repository."

    def _author(self, person: str) -> str:
        if not self.asked.not_author:
            return ""
        if not self.authors:
            return "Nobody knows who the author of the release is."
        names = {name for name, first in self.known.items() if first == person} | {person}
        for author in self.authors:
            if person in {self.person(author.email), self.person(author.login)}:
                return "The author of a release cannot approve it."
            if not author.login and not NO_REPLY.fullmatch(author.email.lower()) and not any("@" in it for it in names):
                return (
                    f"Nothing tells whether {person} is {author.email}, who is an author of this release: "
                    f'write `who = ["{person} = their address"]`.'
                )
        return ""

    def _expired(self, approval: Approval) -> str:
        if approval.moment is None:
            return ""
        if approval.moment > self.now + SKEW:
            return f"It is dated {_day(approval.moment)}, which is still to come."
        if self.lifetime is not None and approval.moment + self.lifetime < self.now:
            return f"It expired on {_day(approval.moment + self.lifetime)}."
        return ""


def _missing(asked: ApprovalRule, environment: str, *, found: int, given: int) -> tuple[str, ...]:
    if found >= asked.count:
        return ()
    whose = f" by {_either(asked.who)}" if asked.who else ""
    author = ", not by an author of it" if asked.not_author else ""
    alike = " A login and an e-mail address may be one person, unless `who` says otherwise." if found < given else ""
    plural = "" if asked.count == 1 else "s"
    return (f"{environment} needs {asked.count} approval{plural}{whose}{author}; {found or 'none'} so far.{alike}",)


def _either(who: tuple[str, ...]) -> str:
    return who[0] if len(who) == 1 else f"{', '.join(who[:-1])} or {who[-1]}"


def _day(moment: int) -> str:
    return f"{datetime.fromtimestamp(min(max(moment, 0), 253_402_300_799), UTC):%Y-%m-%d %H:%M} UTC"
