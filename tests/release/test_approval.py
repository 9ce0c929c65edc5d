"""A rule and what people said become a standing; what does not count says why."""

from dataclasses import replace

import pytest

from mltool.errors import UserError
from mltool.release import approval
from mltool.release.approval import Approval, Author, Standing
from mltool.release.model import ApprovalRule

NOW = 1_780_000_000
DAY = 86_400
DIGEST = "sha256:" + "a" * 64
AUTHOR = Author(email="ada@example.org", login="ada")
RULE = ApprovalRule(count=1, who=(), not_author=True, evidence=(), expires="")


def yes(person: str = "grace", **changes: object) -> Approval:
    plain = Approval(person=person, source="review", manifest=DIGEST, about="#1", moment=NOW - DAY)
    return replace(plain, **changes)  # type: ignore[arg-type]


def judge(rule: ApprovalRule, *given: Approval, authors: tuple[Author, ...] = (AUTHOR,)) -> Standing:
    return approval.judge(rule, given, environment="prod", digest=DIGEST, authors=authors, now=NOW)


def only_reason(standing: Standing) -> str:
    assert not standing.good
    assert not standing.given
    (refused,) = standing.refused
    return refused.reason


def test_nobody_asked_is_nothing_missing() -> None:
    assert judge(replace(RULE, count=0)).good


def test_one_other_person_is_enough_where_one_is_asked() -> None:
    standing = judge(RULE, yes())
    assert standing.good
    assert [given.person for given in standing.given] == ["grace"]


def test_what_is_missing_is_one_sentence_that_says_who_may() -> None:
    rule = replace(RULE, count=2, who=("grace", "linus"))
    assert judge(rule, yes()).missing == (
        "prod needs 2 approvals by grace or linus, not by an author of it; 1 so far.",
    )
    assert judge(RULE).missing == ("prod needs 1 approval, not by an author of it; none so far.",)


def test_what_stands_in_the_way_has_every_reason() -> None:
    standing = replace(judge(RULE, yes("ada", about="mltool/approve/delay/2")), unseen=("GitHub was not asked.",))
    assert standing.objections == (
        "prod needs 1 approval, not by an author of it; none so far.",
        "ada (mltool/approve/delay/2) does not count: The author of a release cannot approve it.",
        "GitHub was not asked.",
    )
    assert replace(judge(RULE, yes()), unseen=("GitHub was not asked.",)).objections == ()


def test_the_same_person_counts_once_whatever_the_source() -> None:
    rule = replace(RULE, count=2, who=("grace = grace@example.org",))
    standing = judge(rule, yes("Grace"), yes("grace@Example.org", source="tag"))
    assert not standing.good
    assert [refused.reason for refused in standing.refused] == ["The same person counts once."]


def test_the_hidden_address_of_a_github_account_is_that_account() -> None:
    rule = replace(RULE, count=2)
    standing = judge(rule, yes("grace"), yes("12345+Grace@users.noreply.github.com", source="tag"))
    assert [refused.reason for refused in standing.refused] == ["The same person counts once."]


def test_a_login_and_an_address_that_nothing_tells_apart_count_as_one() -> None:
    standing = judge(replace(RULE, count=2), yes("grace"), yes("linus@example.org", source="tag"))
    assert standing.missing == (
        "prod needs 2 approvals, not by an author of it; 1 so far. "
        "A login and an e-mail address may be one person, unless `who` says otherwise.",
    )
    told = replace(RULE, count=2, who=("grace", "linus@example.org"))
    assert judge(told, yes("grace"), yes("linus@example.org", source="tag")).good


@pytest.mark.parametrize("name", ["ada", "Ada", "ada@example.org", "ADA@example.org"])
def test_an_author_cannot_approve(name: str) -> None:
    assert only_reason(judge(RULE, yes(name))) == "The author of a release cannot approve it."


def test_an_author_is_known_under_another_name_that_who_gives() -> None:
    rule = replace(RULE, who=("ada = ada@example.org", "grace"))
    author = Author(email="ada@example.org")
    assert "cannot approve" in only_reason(judge(rule, yes("ada"), authors=(author,)))


def test_who_cannot_be_told_from_an_author_does_not_count() -> None:
    author = Author(email="ada@example.org")
    assert only_reason(judge(RULE, yes("grace"), authors=(author,))) == (
        "Nothing tells whether grace is ada@example.org, who is an author of this release: "
        'write `who = ["grace = their address"]`.'
    )
    assert judge(replace(RULE, who=("grace = grace@example.org",)), yes("grace"), authors=(author,)).good
    assert judge(replace(RULE, not_author=False), yes("grace"), authors=(author,)).good


def test_a_release_whose_author_nobody_knows_is_not_approved() -> None:
    assert only_reason(judge(RULE, yes(), authors=())) == "Nobody knows who the author of the release is."


def test_a_co_author_is_an_author() -> None:
    assert "cannot approve" in only_reason(
        judge(RULE, yes("grace"), authors=(AUTHOR, Author(email="g@example.org", login="grace")))
    )


def test_an_approval_of_other_content_is_void() -> None:
    other = yes(manifest="sha256:" + "b" * 64)
    assert only_reason(judge(RULE, other)) == (
        "It names sha256:bbbbbbbbbbbb…, and this release is sha256:aaaaaaaaaaaa…: what was agreed to has changed since."
    )
    assert only_reason(judge(RULE, yes(manifest=""))).startswith("It names no release")


def test_somebody_who_is_not_listed_does_not_count() -> None:
    assert only_reason(judge(replace(RULE, who=("linus",)), yes())) == "grace is not in `who` of this environment."


def test_a_passer_by_on_a_public_repository_does_not_count() -> None:
    assert only_reason(judge(RULE, yes(insider=False))) == "grace does not belong to the repository."
    assert judge(replace(RULE, who=("grace",)), yes(insider=False)).good


def test_an_unproven_name_counts_only_where_no_name_matters() -> None:
    claim = yes("grace@example.org", source="tag", proven=False)
    for rule in (RULE, replace(RULE, not_author=False, who=("grace@example.org",))):
        assert only_reason(judge(rule, claim)).startswith("Nothing proves who wrote it")
    two = judge(replace(RULE, not_author=False, count=2), claim, replace(claim, person="linus@example.org"))
    assert not two.given
    assert judge(replace(RULE, not_author=False), claim).good


def test_an_approval_expires_to_the_second() -> None:
    rule = replace(RULE, expires="14d")
    assert judge(rule, yes(moment=NOW - 14 * DAY)).good
    assert only_reason(judge(rule, yes(moment=NOW - 14 * DAY - 1))) == "It expired on 2026-05-28 20:26 UTC."
    assert judge(rule, yes(moment=None)).good


def test_a_clock_far_ahead_is_not_believed() -> None:
    assert judge(RULE, yes(moment=NOW + DAY)).good
    assert "still to come" in only_reason(judge(RULE, yes(moment=NOW + 2 * DAY)))
    assert "still to come" in only_reason(judge(RULE, yes(moment=10**18)))


def test_a_reason_of_the_source_comes_first() -> None:
    assert only_reason(judge(RULE, yes(void="The reviewer has taken it back."))) == "The reviewer has taken it back."


@pytest.mark.parametrize("duration", ["14", "d", "0d", "-1d", "1y", "1.5h", "99999999d", "١d"])
def test_a_time_that_is_none_is_refused(duration: str) -> None:
    with pytest.raises(UserError, match="is no time"):
        judge(replace(RULE, expires=duration))


@pytest.mark.parametrize("entry", ["", "@team/ops", "two words", "ada =", "ada = = grace"])
def test_a_name_that_is_none_is_refused(entry: str) -> None:
    with pytest.raises(UserError, match="names no person"):
        judge(replace(RULE, who=(entry,)))
