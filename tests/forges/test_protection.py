"""GitHub's settings become our words; what it does not show is unseen."""

from collections.abc import Iterator
from typing import Any

import pytest

from mltool import http
from mltool.forges import github_protection
from mltool.forges.session import Session
from mltool.release.protection import Branch, Forge, Jobs, Place, TagRule, Unseen
from support import github, reviewed

pytestmark = pytest.mark.slow

ADMIN = {"default_branch": "main", "permissions": {"admin": True}}
ANSWERS: dict[str, Any] = {
    "": ADMIN,
    "/environments": {
        "total_count": 2,
        "environments": [
            {
                "name": "prod",
                "can_admins_bypass": False,
                "deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True},
                "protection_rules": [
                    {"type": "required_reviewers", "prevent_self_review": True, "reviewers": [{"type": "User"}]},
                    {"type": "branch_policy"},
                ],
            },
            {"name": "staging", "deployment_branch_policy": None, "protection_rules": []},
        ],
    },
    "/rulesets": [
        {"id": 1, "target": "tag", "enforcement": "active"},
        {"id": 2, "target": "tag", "enforcement": "evaluate"},
        {"id": 3, "target": "branch", "enforcement": "active"},
    ],
    "/rulesets/1": {
        "conditions": {"ref_name": {"include": ["refs/tags/*@v*"], "exclude": []}},
        "rules": [{"type": "creation"}, {"type": "update", "parameters": {"update_allows_fetch_and_merge": False}}],
        "bypass_actors": [{"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"}],
    },
    "/rules/branches/main": [
        {"type": "pull_request", "parameters": {"required_approving_review_count": 2}},
        {"type": "required_status_checks", "parameters": {"required_status_checks": [{"context": "mltool verdict"}]}},
    ],
    "/actions/permissions/workflow": {
        "default_workflow_permissions": "read",
        "can_approve_pull_request_reviews": False,
    },
    "/immutable-releases": {"enabled": True, "enforced_by_owner": False},
}


@pytest.fixture
def hub() -> Iterator[reviewed.Reviewed]:
    with reviewed.Reviewed(github.shared_emulator()) as proxy:
        yield proxy


def look(hub: reviewed.Reviewed, answers: dict[str, Any]) -> Forge:
    api = github.repository(hub.upstream)
    hub.more = answers
    session = Session(
        base=hub.url, token=http.Secret(github.ADMIN), send=http.connect(hub.url), sleep=lambda seconds: None
    )
    return github_protection.look(session, api.repository)


def test_what_github_shows_is_read(hub: reviewed.Reviewed) -> None:
    found = look(hub, ANSWERS)
    assert found.places == (
        Place(name="prod", reviewers=1, self_review=False, any_ref=False, admins_bypass=False),
        Place(name="staging"),
    )
    assert found.tags == (TagRule(include=("refs/tags/*@v*",), rules=frozenset({"creation", "update"})),)
    assert found.branch == Branch(name="main", by_pull=True, reviews=2, checks=frozenset({"mltool verdict"}))
    assert found.jobs == Jobs(token_writes=False, may_approve=False)
    assert found.immutable is True


def test_an_administrator_is_told_that_a_thing_is_off_by_not_found(hub: reviewed.Reviewed) -> None:
    found = look(hub, {"": ADMIN, "/rules/branches/main": []})
    assert found.branch == Branch(name="main")
    assert found.immutable is False


@pytest.mark.parametrize("repository", [{"default_branch": "main", "permissions": {"push": True}}, {"id": 1}])
def test_to_anybody_else_not_found_is_not_seen(hub: reviewed.Reviewed, repository: dict[str, Any]) -> None:
    found = look(hub, {"": repository})
    for answer in (found.places, found.tags, found.branch, found.jobs, found.immutable):
        assert isinstance(answer, Unseen)
        assert answer.said


def test_rule_sets_whose_exceptions_are_hidden_are_not_trusted(hub: reviewed.Reviewed) -> None:
    hidden = {key: value for key, value in ANSWERS["/rulesets/1"].items() if key != "bypass_actors"}
    assert isinstance(look(hub, ANSWERS | {"/rulesets/1": hidden}).tags, Unseen)


def test_a_rule_that_everybody_with_write_access_may_pass_is_known_as_such(hub: reviewed.Reviewed) -> None:
    writers = ANSWERS["/rulesets/1"] | {"bypass_actors": [{"actor_id": 4, "actor_type": "RepositoryRole"}]}
    tags = look(hub, ANSWERS | {"/rulesets/1": writers}).tags
    assert not isinstance(tags, Unseen)
    assert tags[0].writers_bypass


def test_the_older_protection_of_branches_counts_too(hub: reviewed.Reviewed) -> None:
    api = github.repository(hub.upstream)
    api.call(
        "PUT",
        f"/repos/{api.repository}/branches/main/protection",
        {
            "required_status_checks": {"strict": True, "contexts": ["mltool verdict"]},
            "required_pull_request_reviews": {"required_approving_review_count": 1},
            "enforce_admins": True,
            "restrictions": None,
        },
    )
    hub.more = {"": ADMIN, "/rules/branches/main": []}
    session = Session(base=hub.url, token=http.Secret(github.ADMIN), send=http.connect(hub.url))
    found = github_protection.look(session, api.repository)
    assert found.branch == Branch(name="main", by_pull=True, reviews=1, checks=frozenset({"mltool verdict"}))
