"""GitHub: how a repository is protected. Each question answers, or is `Unseen` with GitHub's reason."""

from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote

from mltool.errors import OutsideError
from mltool.forges.session import Session
from mltool.http import Answer
from mltool.release.protection import Branch, Forge, Jobs, Place, TagRule, Unseen

T = TypeVar("T")

WRITERS = 4
"""The number of the role `write` among the exceptions of a rule set."""


@dataclass(frozen=True, kw_only=True)
class _Repository:
    default_branch: str
    permissions: dict[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class _Protection:
    type: str
    reviewers: tuple[Any, ...] = ()
    prevent_self_review: bool = False


@dataclass(frozen=True, kw_only=True)
class _Environment:
    name: str
    protection_rules: tuple[_Protection, ...] = ()
    deployment_branch_policy: dict[str, Any] | None = None
    can_admins_bypass: bool = True


@dataclass(frozen=True, kw_only=True)
class _Environments:
    environments: tuple[_Environment, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Listed:
    id: int
    target: str = ""
    enforcement: str = ""


@dataclass(frozen=True, kw_only=True)
class _Rule:
    type: str
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class _Refs:
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Conditions:
    ref_name: _Refs = field(default_factory=_Refs)


@dataclass(frozen=True, kw_only=True)
class _Actor:
    actor_type: str
    actor_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class _Ruleset:
    conditions: _Conditions | None = None
    rules: tuple[_Rule, ...] = ()
    bypass_actors: tuple[_Actor, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class _Checks:
    contexts: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Classic:
    required_status_checks: _Checks | None = None
    required_pull_request_reviews: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class _Workflow:
    default_workflow_permissions: str
    can_approve_pull_request_reviews: bool = False


@dataclass(frozen=True, kw_only=True)
class _Immutable:
    enabled: bool


def look(session: Session, repository: str) -> Forge:
    """Return how the repository is protected, as far as this token shows it.

    Raises UserError for a token that GitHub does not accept, OutsideError where GitHub is out of reach.
    """
    found = _get(session, _Repository, f"/repos/{repository}")
    admin = not isinstance(found, Unseen) and found.permissions.get("admin", False)
    return Forge(
        repository=repository,
        places=_places(session, repository),
        tags=_tags(session, repository),
        branch=found if isinstance(found, Unseen) else _branch(session, repository, found.default_branch, admin=admin),
        jobs=_jobs(session, repository),
        immutable=_immutable(session, repository, admin=admin),
    )


def _places(session: Session, repository: str) -> tuple[Place, ...] | Unseen:
    found = _get(session, _Environments, f"/repos/{repository}/environments?per_page=100")
    return found if isinstance(found, Unseen) else tuple(_place(item) for item in found.environments)


def _place(it: _Environment) -> Place:
    reviews = [rule for rule in it.protection_rules if rule.type == "required_reviewers"]
    return Place(
        name=it.name,
        reviewers=sum(len(rule.reviewers) for rule in reviews),
        self_review=not any(rule.prevent_self_review for rule in reviews),
        any_ref=it.deployment_branch_policy is None,
        admins_bypass=it.can_admins_bypass,
    )


def _tags(session: Session, repository: str) -> tuple[TagRule, ...] | Unseen:
    found: list[TagRule] = []
    for page in session.pages(_Listed, f"/repos/{repository}/rulesets?includes_parents=true&per_page=100"):
        if isinstance(page, Answer):
            return Unseen(said=_said(session, page))
        for listed in page:
            if listed.target != "tag" or listed.enforcement != "active":
                continue
            whole = _get(session, _Ruleset, f"/repos/{repository}/rulesets/{listed.id}?includes_parents=true")
            if isinstance(whole, Unseen):
                return whole
            if whole.bypass_actors is None:
                return Unseen(said="whom the rule sets except is shown to administrators alone")
            found.append(_tag_rule(whole, whole.bypass_actors))
    return tuple(found)


def _tag_rule(it: _Ruleset, excepted: tuple[_Actor, ...]) -> TagRule:
    names = it.conditions.ref_name if it.conditions else _Refs()
    return TagRule(
        include=names.include,
        exclude=names.exclude,
        rules=frozenset(rule.type for rule in it.rules),
        writers_bypass=any(actor.actor_type == "RepositoryRole" and actor.actor_id == WRITERS for actor in excepted),
    )


def _branch(session: Session, repository: str, name: str, *, admin: bool) -> Branch | Unseen:
    """Return what rule sets and the older branch protection ask together; only administrators are shown the older."""
    rules: list[_Rule] = []
    for page in session.pages(_Rule, f"/repos/{repository}/rules/branches/{quote(name)}?per_page=100"):
        if isinstance(page, Answer):
            return Unseen(said=_said(session, page))
        rules.extend(page)
    classic = _classic(session, repository, name, admin=admin)
    by_rules = _from_rules(name, rules)
    if isinstance(classic, Unseen):
        return by_rules if by_rules.by_pull and by_rules.reviews and by_rules.checks else classic
    return Branch(
        name=name,
        by_pull=by_rules.by_pull or classic.by_pull,
        reviews=max(by_rules.reviews, classic.reviews),
        checks=by_rules.checks | classic.checks,
    )


def _from_rules(name: str, rules: list[_Rule]) -> Branch:
    pulls = [rule.parameters for rule in rules if rule.type == "pull_request"]
    checks = [rule.parameters for rule in rules if rule.type == "required_status_checks"]
    return Branch(
        name=name,
        by_pull=bool(pulls),
        reviews=max((int(each.get("required_approving_review_count") or 0) for each in pulls), default=0),
        checks=frozenset(str(it.get("context")) for each in checks for it in each.get("required_status_checks", ())),
    )


def _classic(session: Session, repository: str, name: str, *, admin: bool) -> Branch | Unseen:
    answer = session.call("GET", f"/repos/{repository}/branches/{quote(name)}/protection")
    if answer.status == 404 and admin:
        return Branch(name=name)
    if not answer.good:
        return Unseen(said=_said(session, answer))
    found = session.read(_Classic, answer)
    pulls = found.required_pull_request_reviews
    return Branch(
        name=name,
        by_pull=pulls is not None,
        reviews=int((pulls or {}).get("required_approving_review_count") or 0),
        checks=frozenset(found.required_status_checks.contexts if found.required_status_checks else ()),
    )


def _jobs(session: Session, repository: str) -> Jobs | Unseen:
    found = _get(session, _Workflow, f"/repos/{repository}/actions/permissions/workflow")
    if isinstance(found, Unseen):
        return found
    return Jobs(
        token_writes=found.default_workflow_permissions != "read", may_approve=found.can_approve_pull_request_reviews
    )


def _immutable(session: Session, repository: str, *, admin: bool) -> bool | Unseen:
    answer = session.call("GET", f"/repos/{repository}/immutable-releases")
    if answer.status == 404 and admin:
        # To an administrator GitHub says so where they are off; to others it shows nothing.
        return False
    return session.read(_Immutable, answer).enabled if answer.good else Unseen(said=_said(session, answer))


def _get(session: Session, kind: type[T], path: str) -> T | Unseen:
    answer = session.call("GET", path)
    if not answer.good:
        return Unseen(said=_said(session, answer))
    try:
        return session.read(kind, answer)
    except OutsideError as error:
        return Unseen(said=error.what.rstrip("."))


def _said(session: Session, answer: Answer) -> str:
    return f"{session.said(answer)} (HTTP {answer.status})"
