"""A release goes into an environment when the policy of its commit and of the default branch have what they ask for."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mltool import git, http
from mltool.commands import approval_sources, approvals, ledger
from mltool.commands.forge import Forge
from mltool.errors import UserError
from mltool.forges.github_reviews import Review
from mltool.forges.github_words import RawUser
from mltool.forges.session import Session
from mltool.gates.verdict import Outcome
from mltool.git import signatures
from mltool.registry.model import NewEvent
from mltool.release import json as release_json
from mltool.release.approval import Standing
from mltool.release.evidence import Proofs
from mltool.release.model import ApprovalRule, Destination, Manifest
from support import github, reviewed
from support.repos import Repo, run

CARD = {"owner": "ops@example.org", "intended_use": "demo", "limits": "daylight only", "license": "MIT"}
TOML = """
[environments.prod.approvals]
count = {count}
not_author = {not_author}
who = {who}
expires = "{expires}"
evidence = {evidence}
[signing]
allowed_signers = "{signers}"
"""


def policy(**changes: object) -> str:
    plain = {"count": 1, "not_author": "true", "who": [], "expires": "", "evidence": [], "signers": ""}
    return TOML.format(**(plain | changes))


class Team:
    """A repository, its people's keys, and one release of it."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.patch = patch
        self.keys = folder / "keys"
        self.keys.mkdir()
        self.repo = Repo.create(folder / "project")
        self.commit("")

    def commit(self, toml: str, message: str = "policy") -> None:
        self.repo.commit({"mltool.toml": toml}, message)

    @property
    def project(self) -> git.Project:
        return git.find(self.repo.folder)

    @property
    def head(self) -> str:
        return self.repo.git("rev-parse", "HEAD")

    def manifest(self, commit: str = "HEAD", **changes: object) -> Manifest:
        tree = self.repo.git("rev-parse", f"{commit}^{{tree}}")
        made = Manifest(model="delay", version="1.3.0", tree=tree, outcome=Outcome.PASS, card=CARD)
        return replace(made, **changes)  # type: ignore[arg-type]

    def key(self, name: str) -> str:
        """Make a key for somebody, and return the line that allows it."""
        place = self.keys / name
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", place, "-C", name, cwd=self.keys)
        return f"{name} {place.with_suffix(place.suffix + '.pub').read_text()}"

    def approve(self, by: str, *, signed: bool = False, manifest: Manifest | None = None) -> None:
        self.patch.setenv("GIT_COMMITTER_EMAIL", by)
        if signed:
            for key, value in {
                "gpg.format": "ssh",
                "user.signingKey": str(self.keys / by),
                "tag.gpgSign": "true",
            }.items():
                self.repo.git("config", key, value)
        else:
            self.repo.git("config", "tag.gpgSign", "false")
        event = NewEvent(
            kind="approve",
            model="delay",
            commit=self.head,
            version="1.3.0",
            stage="prod",
            manifest=release_json.digest(manifest or self.manifest()),
            actor=by,
        )
        ledger.append(self.project, (event,), remote=None)

    def standing(self, manifest: Manifest | None = None, **more: object) -> Standing:
        return approvals.standing(
            self.project,
            manifest or self.manifest(),
            "prod",
            commit=self.head,
            ledger=ledger.read(self.project),
            **more,  # type: ignore[arg-type]
        )


@pytest.fixture
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Team:
    return Team(tmp_path, monkeypatch)


def reasons(standing: Standing) -> list[str]:
    return [refused.reason for refused in standing.refused]


def test_without_a_policy_nothing_is_missing(team: Team) -> None:
    assert team.standing().good


def test_a_signed_tag_of_another_person_is_enough(team: Team) -> None:
    signers = team.key("ada@example.org") + team.key("grace@example.org")
    team.repo.write({"signers": signers})
    team.commit(policy(signers="signers"))
    assert team.standing().missing == ("prod needs 1 approval, not by an author of it; none so far.",)
    team.approve("ada@example.org", signed=True)
    assert reasons(team.standing()) == ["The author of a release cannot approve it."]
    team.approve("grace@example.org", signed=True)
    standing = team.standing()
    assert standing.good
    assert [given.person for given in standing.given] == ["grace@example.org"]


def test_a_signature_by_a_key_of_nobody_does_not_count(team: Team) -> None:
    team.repo.write({"signers": team.key("ada@example.org")})
    team.commit(policy(signers="signers"))
    team.key("grace@example.org")
    team.approve("grace@example.org", signed=True)
    assert reasons(team.standing()) == ["It is not signed with a key of `[signing] allowed_signers`."]


@pytest.mark.parametrize(
    "options",
    ["*@example.org", 'grace@example.org valid-before="20200101"', 'grace@example.org namespaces="mltool"'],
)
def test_a_key_of_everybody_of_the_past_or_for_something_else_names_nobody(team: Team, options: str) -> None:
    key = team.key("grace@example.org").partition(" ")[2]
    team.repo.write({"signers": f"{options} {key}"})
    team.commit(policy(signers="signers"))
    team.approve("grace@example.org", signed=True)
    assert reasons(team.standing()) == ["It is not signed with a key of `[signing] allowed_signers`."]


def test_a_name_in_a_tag_is_not_a_signature(team: Team) -> None:
    team.repo.write({"signers": team.key("grace@example.org")})
    team.commit(policy(signers="signers"))
    team.approve("grace@example.org")
    assert reasons(team.standing()) == ["It is not signed with a key of `[signing] allowed_signers`."]


def test_a_key_that_somebody_else_holds_makes_no_other_name(team: Team) -> None:
    signers = team.key("ada@example.org")
    team.repo.write({"signers": signers})
    team.commit(policy(signers="signers", not_author="false", who=["grace@example.org"]))
    (team.keys / "grace@example.org").write_bytes((team.keys / "ada@example.org").read_bytes())
    (team.keys / "grace@example.org").chmod(0o600)
    team.approve("grace@example.org", signed=True)
    assert reasons(team.standing()) == ["ada@example.org is not in `who` of this environment."]


def test_unsigned_tags_count_only_where_it_matters_to_nobody_who_it_was(team: Team) -> None:
    team.commit(policy())
    team.approve("grace@example.org")
    assert reasons(team.standing())[0].startswith("Nothing proves who wrote it")
    team.commit(policy(not_author="false"))
    team.approve("grace@example.org")
    assert team.standing().good


def test_any_change_of_the_release_voids_an_approval(team: Team) -> None:
    team.commit(policy(not_author="false"))
    team.approve("grace@example.org")
    assert team.standing().good
    changed = team.manifest(base="1.2.9")
    assert reasons(team.standing(changed))[0].endswith("what was agreed to has changed since.")


def test_an_approval_expires(team: Team) -> None:
    team.commit(policy(not_author="false", expires="14d"))
    team.approve("grace@example.org")
    made = ledger.read(team.project).models["delay"].events[0].tag.date
    assert team.standing(now=lambda: made + 14 * 86_400).good
    assert reasons(team.standing(now=lambda: made + 14 * 86_400 + 1))[0].startswith("It expired on ")


def test_a_policy_loosened_on_a_side_branch_does_not_count(team: Team) -> None:
    team.commit(policy(count=1, evidence=["gates"]))
    team.repo.git("checkout", "--quiet", "-b", "sneaky")
    team.commit(policy(count=0))
    free = Destination(
        environment="prod",
        target="local",
        url="",
        replaces="",
        approvals=ApprovalRule(count=0, who=(), not_author=False, evidence=(), expires=""),
    )
    made = team.manifest(destinations=(free,), outcome=Outcome.FAIL)
    assert team.standing(made).missing == (
        "The gates fail. Evidence `gates` wants a pass.",
        "prod needs 1 approval, not by an author of it; none so far.",
    )


def test_neither_a_tag_nor_a_guess_takes_the_place_of_the_default_branch(team: Team, tmp_path: Path) -> None:
    team.commit(policy())
    team.repo.git("branch", "--move", "trunk")
    run("git", "init", "--quiet", "--bare", "--initial-branch=trunk", tmp_path / "hub.git", cwd=tmp_path)
    team.repo.git("remote", "add", "origin", str(tmp_path / "hub.git"))
    team.repo.git("push", "--quiet", "origin", "trunk")
    team.repo.git("checkout", "--quiet", "-b", "main")
    team.commit(policy(count=0))
    # What whoever may push can add, and a job fetches.
    team.repo.git("tag", "origin/trunk")
    team.repo.git("push", "--quiet", "origin", "main", "origin/trunk")
    team.repo.git("fetch", "--quiet", "origin")
    assert team.standing().missing == ("prod needs 1 approval, not by an author of it; none so far.",)
    assert git.resolve(team.project, "origin/trunk") == team.repo.git("rev-parse", "refs/remotes/origin/trunk")


def test_signers_added_on_a_side_branch_do_not_count(team: Team) -> None:
    team.repo.write({"signers": team.key("grace@example.org")})
    team.commit(policy(signers="signers"))
    team.repo.git("checkout", "--quiet", "-b", "sneaky")
    team.repo.write({"signers": team.key("mallory@example.org")})
    team.commit(policy(signers="signers") + "\n")
    team.approve("mallory@example.org", signed=True)
    assert reasons(team.standing()) == ["It is not signed with a key of `[signing] allowed_signers`."]


def test_the_policy_of_the_commit_counts_where_it_is_stricter(team: Team) -> None:
    strict = Destination(
        environment="prod",
        target="local",
        url="",
        replaces="",
        approvals=ApprovalRule(count=2, who=(), not_author=False, evidence=("onnx",), expires=""),
    )
    assert team.standing(team.manifest(destinations=(strict,))).missing == (
        "The release has no ONNX model; evidence `onnx` wants one that predicts the same.",
        "prod needs 2 approvals; none so far.",
    )


def test_a_default_branch_that_is_unknown_is_said_and_not_passed_over(team: Team) -> None:
    team.repo.git("branch", "--move", "main", "trunk")
    with pytest.raises(UserError, match="The default branch is unknown here, and its policy of approvals counts"):
        team.standing()


def test_signers_that_the_default_branch_lacks_are_named(team: Team) -> None:
    team.commit(policy(signers="signers"))
    with pytest.raises(UserError, match="signers, which the default branch does not have"):
        team.standing()


@pytest.mark.parametrize(
    ("evidence", "changes", "said"),
    [
        ("gates", {"outcome": Outcome.UNDECIDED}, "The gates could not decide."),
        (
            "gates",
            {"outcome": Outcome.SKIP},
            "No gate judged a metric. Evidence `gates` wants a pass. Declare one in mltool.toml, or leave `gates` out",
        ),
        ("card", {"card": CARD | {"limits": " "}}, "The card lacks limits: fill in [models.delay.card]"),
        ("signature", {}, "No verified signature on the bundle is known"),
        ("replay", {}, "No replay of the golden predictions is known"),
    ],
)
def test_evidence_that_is_not_there_is_missing_whoever_agrees(
    team: Team, evidence: str, changes: dict[str, object], said: str
) -> None:
    team.commit(policy(count=0, evidence=[evidence]))
    (sentence,) = team.standing(team.manifest(**changes)).missing
    assert sentence.startswith(said)
    proofs = Proofs(signer="ada@example.org", replayed="here")
    assert team.standing(proofs=proofs).good


def test_a_co_author_and_those_of_a_merge_are_authors_and_who_merged_is_not(team: Team) -> None:
    team.repo.commit({"a": "1"}, "Work\n\nCo-authored-by: Grace <Grace@Example.org>")
    assert signatures.authors(team.project, team.head) == ("ada@example.org", "grace@example.org")
    team.repo.git("checkout", "--quiet", "-b", "topic", "HEAD~1")
    team.repo.write({"b": "1"})
    team.repo.git("add", "b")
    team.repo.git("commit", "--quiet", "--author=Linus <linus@example.org>", "-m", "b")
    team.repo.git("checkout", "--quiet", "main")
    team.repo.git("merge", "--quiet", "--no-ff", "-m", "Merge", "topic")
    assert signatures.authors(team.project, team.head) == ("linus@example.org",)


@pytest.fixture
def hub() -> Iterator[reviewed.Reviewed]:
    with reviewed.Reviewed(github.shared_emulator()) as proxy:
        yield proxy


class Hub:
    """The team's repository on GitHub, with a pull request whose head is the team's commit."""

    def __init__(self, proxy: reviewed.Reviewed, team: Team) -> None:
        self.proxy, self.team = proxy, team
        self.api = github.repository(proxy.upstream)
        self.api.call("PUT", f"/repos/{self.api.repository}/collaborators/{github.HUMAN_LOGIN}", {"permission": "push"})
        self.number = self.api.open_pull()["number"]
        self.proxy.aliases[self.api.get(f"/pulls/{self.number}")["head"]["sha"]] = team.head
        self.proxy.more |= {
            f"/commits/{team.head}/pulls": [{"number": self.number}],
            f"/commits/{team.head}": reviewed.written("ada@example.org", "ada"),
            f"/pulls/{self.number}/commits": [reviewed.written("ada@example.org", "ada")],
        }

    def review(self, event: str, token: str = github.HUMAN, **more: object) -> None:
        self.api.by(token).post(f"/pulls/{self.number}/reviews", {"event": event, "body": "…", **more})

    def forge(self, **more: str) -> Forge:
        session = Session(
            base=self.proxy.url,
            token=http.Secret(github.ADMIN),
            send=http.connect(self.proxy.url),
            sleep=lambda seconds: None,
        )
        return Forge(session=session, repository=self.api.repository, **more)


@pytest.fixture
def place(hub: reviewed.Reviewed, team: Team) -> Hub:
    team.commit(policy())
    return Hub(hub, team)


@pytest.mark.slow
def test_a_review_of_the_same_content_is_an_approval(place: Hub, team: Team) -> None:
    assert not team.standing(forge=place.forge()).good
    place.review("APPROVE")
    standing = team.standing(forge=place.forge())
    assert standing.good
    assert standing.unseen == ()
    assert [(given.person, given.source) for given in standing.given] == [(github.HUMAN_LOGIN, "review")]


@pytest.mark.slow
def test_a_squashed_merge_has_the_content_that_was_reviewed(place: Hub, team: Team) -> None:
    place.review("APPROVE")
    team.repo.git("commit", "--quiet", "--amend", "-m", "squashed")
    place.proxy.more |= {
        f"/commits/{team.head}/pulls": [{"number": place.number}],
        f"/commits/{team.head}": reviewed.written("ada@example.org", "ada"),
    }
    assert team.standing(forge=place.forge()).good


@pytest.mark.slow
def test_a_review_before_the_last_change_does_not_count(place: Hub, team: Team) -> None:
    place.review("APPROVE")
    reviewed_commit = team.head
    team.repo.commit({"more": "1"})
    place.proxy.more |= {f"/commits/{team.head}/pulls": [{"number": place.number}],
                         f"/commits/{team.head}": reviewed.written("ada@example.org", "ada")}  # fmt: skip
    assert reasons(team.standing(forge=place.forge())) == [
        f"It reviewed {reviewed_commit[:7]}, whose content is not this one."
    ]


@pytest.mark.slow
def test_a_review_that_was_dismissed_or_followed_by_a_request_does_not_count(place: Hub, team: Team) -> None:
    place.review("APPROVE")
    place.review("COMMENT")
    assert team.standing(forge=place.forge()).good
    place.review("REQUEST_CHANGES")
    assert reasons(team.standing(forge=place.forge())) == ["The reviewer has taken it back."]


@pytest.mark.slow
def test_the_author_on_github_is_told_by_login(place: Hub, team: Team) -> None:
    place.review("APPROVE")
    place.proxy.more[f"/commits/{team.head}"] = reviewed.written("ada@example.org", github.HUMAN_LOGIN)
    place.proxy.more[f"/pulls/{place.number}/commits"] = []
    assert reasons(team.standing(forge=place.forge())) == ["The author of a release cannot approve it."]


@pytest.mark.slow
def test_an_author_without_an_account_is_not_told_from_a_reviewer(place: Hub, team: Team) -> None:
    place.review("APPROVE")
    place.proxy.more[f"/commits/{team.head}"] = reviewed.written("ada@example.org")
    place.proxy.more[f"/pulls/{place.number}/commits"] = []
    assert reasons(team.standing(forge=place.forge()))[0].startswith("Nothing tells whether octocat is ada@example.org")


@pytest.mark.slow
def test_the_review_of_this_workflow_run_is_an_approval(place: Hub, team: Team) -> None:
    place.proxy.more |= {
        "/actions/runs/7": {"head_sha": team.head, "html_url": "https://github.com/o/r/actions/runs/7"},
        "/actions/runs/7/approvals": [reviewed.waited("prod", "grace"), reviewed.waited("staging", "linus")],
    }
    standing = team.standing(forge=place.forge(run="7"))
    assert standing.good
    assert [(given.person, given.source) for given in standing.given] == [("grace", "environment")]
    place.proxy.more["/actions/runs/7/approvals"] = [reviewed.waited("prod", "grace", "rejected")]
    assert not team.standing(forge=place.forge(run="7")).good


@pytest.mark.slow
def test_a_run_that_a_person_started_is_about_the_tag_that_they_gave(place: Hub, team: Team) -> None:
    team.repo.git("tag", "-m", "x", "delay@v1.3.0")
    place.proxy.more |= {
        "/actions/runs/7": {"head_sha": "f" * 40},
        "/actions/runs/7/approvals": [reviewed.waited("prod", "grace")],
    }
    assert reasons(team.standing(forge=place.forge(run="7"))) == [
        "This run started on fffffff, whose content is not this one."
    ]
    assert team.standing(forge=place.forge(run="7", tag="delay@v1.3.0")).good
    assert not team.standing(forge=place.forge(run="7", tag="delay@v9.9.9")).good


@pytest.mark.slow
@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_what_github_does_not_show_is_said_and_never_counts(place: Hub, team: Team, status: int) -> None:
    place.review("APPROVE")
    place.proxy.fail("GET", "/", status=status, body=github.refusal("no"))
    standing = team.standing(forge=place.forge(run="7"))
    assert not standing.good
    assert standing.unseen


def test_github_is_not_asked_where_nobody_is(team: Team) -> None:
    class Unreachable:
        def __getattr__(self, name: str) -> object:
            raise AssertionError("asked")

    team.commit(policy(count=0))
    assert team.standing(forge=Forge(session=Unreachable(), repository="o/r")).good  # type: ignore[arg-type]


def test_the_last_word_of_each_person_counts() -> None:
    def review(state: str, login: str | None) -> Review:
        return Review(state=state, user=RawUser(login=login) if login else None)

    def said(*states: str) -> list[str]:
        return [found.state for found in approval_sources.latest(review(state, "Ada") for state in states)]

    assert said("APPROVED", "COMMENTED", "PENDING") == ["APPROVED"]
    assert said("APPROVED", "CHANGES_REQUESTED") == ["CHANGES_REQUESTED"]
    assert said("CHANGES_REQUESTED", "APPROVED") == ["APPROVED"]
    assert said("APPROVED", "DISMISSED") == ["DISMISSED"]
    assert said("COMMENTED") == []
    assert approval_sources.latest((review("APPROVED", None),)) == ()
    both = itertools.chain((review("APPROVED", "ada"), review("APPROVED", "Grace"), review("DISMISSED", "ADA")))
    assert [found.state for found in approval_sources.latest(both)] == ["DISMISSED", "APPROVED"]
