"""Every setting that leaves a release open is found, and what could not be seen is never fine."""

from dataclasses import replace

import pytest

from mltool import config as configuration
from mltool.release import doctor, setup
from mltool.release.protection import Branch, Finding, Forge, Jobs, Place, TagRule, Unseen

TOML = b"""
[models.delay]
path = "m"
[environments.prod.approvals]
count = 1
[release]
store = "github"
[signing]
sign = "ssh"
allowed_signers = "signers"
"""
CONFIG = configuration.load({configuration.FILE: TOML})
ALL = TagRule(include=("~ALL",), rules=frozenset({"creation", "update", "deletion"}))
CLOSED = Forge(
    repository="o/r",
    places=(Place(name="prod", reviewers=1, self_review=False, any_ref=False, admins_bypass=False),),
    tags=(ALL,),
    branch=Branch(name="main", by_pull=True, reviews=1, checks=frozenset({"mltool verdict"})),
    jobs=Jobs(token_writes=False, may_approve=False),
    immutable=True,
)
SEALED = setup.Project(
    config=CONFIG,
    signers=b"ada@example.org ssh-ed25519 AAAA",
    signs=True,
    workflow="on:\n  push:\n  workflow_dispatch:\n",
    owners="/mltool.toml @o/leads\n",
)


def forge(**changes: object) -> tuple[Finding, ...]:
    return doctor.judge(replace(CLOSED, **changes), CONFIG)  # type: ignore[arg-type]


def project(**changes: object) -> tuple[Finding, ...]:
    return setup.judge(replace(SEALED, **changes))  # type: ignore[arg-type]


def place(**changes: object) -> tuple[Place, ...]:
    assert not isinstance(CLOSED.places, Unseen)
    return (replace(CLOSED.places[0], **changes),)  # type: ignore[arg-type]


def test_where_everything_is_closed_nothing_is_found() -> None:
    assert forge() == ()
    assert project() == ()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"places": ()}, "GitHub has no environment prod"),
        ({"places": place(reviewers=0)}, "Nobody has to review a job before it gets the secrets of prod"),
        ({"places": place(self_review=True)}, "Who starts a deployment to prod may approve it too"),
        ({"places": place(any_ref=True)}, "A job on any branch may use prod"),
        ({"branch": Branch(name="main", checks=frozenset({"mltool verdict"}))}, "Whoever may push may change main"),
        ({"branch": replace(CLOSED.branch, reviews=0)}, "A pull request into main needs no review"),  # type: ignore[type-var]
        ({"branch": replace(CLOSED.branch, checks=frozenset({"tests"}))}, "`mltool verdict` is not required"),  # type: ignore[type-var]
        ({"jobs": Jobs(token_writes=True, may_approve=False)}, "The token of every job may write"),
        ({"jobs": Jobs(token_writes=False, may_approve=True)}, "A job may approve pull requests"),
        ({"immutable": False}, "can change the files of a release after it was published"),
    ],
)
def test_each_open_setting_is_one_finding_with_a_remedy(changes: dict[str, object], sentence: str) -> None:
    (finding,) = forge(**changes)
    assert finding.level == "open"
    assert sentence in finding.sentence
    assert "o/r" in finding.remedy


def test_administrators_who_may_go_past_the_reviewers_are_a_note() -> None:
    assert [finding.level for finding in forge(places=place(admins_bypass=True))] == ["note"]


@pytest.mark.parametrize("what", ["places", "tags", "branch", "jobs", "immutable"])
def test_what_could_not_be_seen_is_said_with_the_reason(what: str) -> None:
    (finding,) = forge(**{what: Unseen(said="Not Found (HTTP 404)")})
    assert (finding.level, "Not Found (HTTP 404)" in finding.sentence) == ("unseen", True)


def test_immutable_releases_matter_only_where_releases_are_on_github() -> None:
    config = replace(CONFIG, release=replace(CONFIG.release, store="s3"))
    assert doctor.judge(replace(CLOSED, immutable=False), config) == ()


def test_tags_that_anybody_may_create_move_or_delete_are_named_by_kind() -> None:
    found = [(finding.about, finding.sentence.partition(":")[0]) for finding in forge(tags=())]
    assert found == [
        ("tags refs/tags/*@v*", "Whoever may push may register a version"),
        (
            "tags refs/tags/*@v*",
            "Whoever may push may move tags like `refs/tags/*@v*`; mltool sees it only afterwards.",
        ),
        (
            "tags refs/tags/*@v*",
            "Whoever may push may delete tags like `refs/tags/*@v*`; mltool sees it only afterwards.",
        ),
        ("tags refs/tags/*#*", "Whoever may push may promote a version"),
        ("tags refs/tags/*#*", "Whoever may push may move tags like `refs/tags/*#*`; mltool sees it only afterwards."),
        (
            "tags refs/tags/*#*",
            "Whoever may push may delete tags like `refs/tags/*#*`; mltool sees it only afterwards.",
        ),
        (
            "tags refs/tags/mltool/**/*",
            "Whoever may push may move tags like `refs/tags/mltool/**/*`; mltool sees it only afterwards.",
        ),
        (
            "tags refs/tags/mltool/**/*",
            "Whoever may push may delete tags like `refs/tags/mltool/**/*`; mltool sees it only afterwards.",
        ),
    ]
    unsigned = replace(CONFIG, signing=replace(CONFIG.signing, allowed_signers=""))
    assert [finding.level for finding in forge(tags=()) if "promote" in finding.sentence] == ["note"]
    said = [finding.sentence for finding in doctor.judge(replace(CLOSED, tags=()), unsigned)]
    assert any(sentence.startswith("Whoever may push may approve a release") for sentence in said)


def test_promoting_is_open_where_nobody_is_asked() -> None:
    free = configuration.load({configuration.FILE: TOML.replace(b"count = 1", b"count = 0")})
    found = doctor.judge(replace(CLOSED, tags=()), free)
    assert [finding.level for finding in found if "promote" in finding.sentence] == ["open"]


def test_a_rule_that_excepts_everybody_is_no_rule() -> None:
    assert len(forge(tags=(replace(ALL, writers_bypass=True),))) == 8


def test_rules_of_several_sets_add_up() -> None:
    parts = tuple(replace(ALL, rules=frozenset({rule})) for rule in ("creation", "update", "deletion"))
    assert forge(tags=parts) == ()


@pytest.mark.parametrize(
    ("pattern", "ref", "covered"),
    [
        ("~ALL", "refs/tags/a/b", True),
        ("refs/tags/*@v*", "refs/tags/delay@v1.2.3", True),
        ("refs/tags/*@v*", "refs/tags/team/delay@v1.2.3", False),
        ("refs/tags/**/*@v*", "refs/tags/team/delay@v1.2.3", True),
        ("refs/tags/**/*@v*", "refs/tags/delay@v1.2.3", True),
        ("refs/tags/mltool/**/*", "refs/tags/mltool/approve/delay/7", True),
        ("refs/tags/mltool/*", "refs/tags/mltool/approve/delay/7", False),
        ("refs/tags/delay@v1.2.3", "refs/tags/delay@v1x2.3", False),
        ("refs/heads/*", "refs/tags/delay", False),
        ("~DEFAULT_BRANCH", "refs/tags/delay", False),
    ],
)
def test_patterns_match_as_they_do_on_github(pattern: str, ref: str, *, covered: bool) -> None:
    assert doctor.applies(TagRule(include=(pattern,)), ref) == covered
    assert not doctor.applies(TagRule(include=(pattern,), exclude=("~ALL",)), ref)


@pytest.mark.parametrize(
    ("changes", "level", "sentence"),
    [
        ({"signers": None}, "open", "allowed_signers is signers, and there is no such file"),
        ({"signers": b"# nobody\n"}, "open", "signers names no key"),
        ({"signs": False}, "note", "Git does not sign tags on this machine"),
        ({"workflow": ""}, "note", "a tag starts nothing on GitHub"),
        ({"workflow": "on:\n  push:\n"}, "open", "starts no workflow, and this one cannot be started by hand either"),
        ({"owners": "/src @o/devs\n"}, "note", "Nobody in particular has to review a change of mltool.toml"),
    ],
)
def test_each_gap_in_the_project_is_one_finding(changes: dict[str, object], level: str, sentence: str) -> None:
    (finding,) = project(**changes)
    assert (finding.level, sentence in finding.sentence) == (level, True)
    assert finding.remedy or "names no key" in sentence


@pytest.mark.parametrize(
    ("old", "new", "level", "sentence"),
    [
        (b'allowed_signers = "signers"', b"", "open", "No signature is asked for"),
        (b'sign = "ssh"', b"", "open", "Bundles are not signed"),
        (b"count = 1", b"count = 0", "note", "Nobody is asked before a version goes into prod"),
        (b"count = 1", b"count = 1\nnot_author = false", "note", "The author of a release may approve it for prod"),
        (b"count = 1", b'count = 1\nevidence = ["card"]', "note", "A version whose gates fail may go into prod"),
        (b"count = 1", b'count = 1\nwho = ["@o/team"]', "open", "names no person"),
        (b"count = 1", b'count = 1\nexpires = "soon"', "open", "is no time"),
        (b"[release]", b'[release]\nenvironment = "live"', "open", "New versions go into live, which mltool.toml"),
    ],
)
def test_each_gap_in_the_policy_is_one_finding(old: bytes, new: bytes, level: str, sentence: str) -> None:
    (finding,) = project(config=configuration.load({configuration.FILE: TOML.replace(old, new)}))
    assert (finding.level, sentence in finding.sentence) == (level, True)


def test_a_project_without_models_has_nothing_to_protect() -> None:
    (finding,) = project(config=configuration.load({}))
    assert finding.level == "note"
