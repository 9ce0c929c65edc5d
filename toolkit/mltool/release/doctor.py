"""What stands between anybody who may push and production: the settings of the forge → findings.

What could not be seen is never taken for good.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from mltool.config import Config, Environment
from mltool.release.protection import Finding, Forge, Level, Place, TagRule, Unseen

VERDICT: Final = "mltool verdict"
"""The check that a branch rule should require."""
APPROVE: Final = "approve a release"
PROMOTE: Final = "promote a version"


def judge(forge: Forge, config: Config) -> tuple[Finding, ...]:
    """Return what the settings of the forge leave open, for this configuration."""
    return (
        *_environments(forge, config),
        *_tags(forge, config),
        *_branch(forge),
        *_jobs(forge),
        *_immutable(forge, config),
    )


def applies(rule: TagRule, ref: str) -> bool:
    """Return whether a rule set covers the ref: `*` stops at a slash, `**/` does not, `~ALL` is everything."""
    return any(_matches(it, ref) for it in rule.include) and not any(_matches(it, ref) for it in rule.exclude)


def _environments(forge: Forge, config: Config) -> Iterator[Finding]:
    if isinstance(forge.places, Unseen):
        yield _unseen("environments", forge.places)
        return
    there = {place.name: place for place in forge.places}
    for name, wanted in config.environments.items():
        about = f"environment {name}"
        if name not in there:
            yield Finding(
                level="open" if wanted.approvals.count else "note",
                about=about,
                sentence=f"GitHub has no environment {name}: the first job that names it makes one without reviewers.",
                remedy=f"gh api -X PUT repos/{forge.repository}/environments/{name}",
            )
        else:
            yield from _environment(forge, about, wanted, there[name])


def _environment(forge: Forge, about: str, wanted: Environment, place: Place) -> Iterator[Finding]:
    settings = f"https://github.com/{forge.repository}/settings/environments"
    if wanted.approvals.count and not place.reviewers:
        yield Finding(
            level="open",
            about=about,
            sentence=f"Nobody has to review a job before it gets the secrets of {place.name}.",
            remedy=f"{settings} → {place.name} → Required reviewers (public repositories, or a paid plan).",
        )
    if wanted.approvals.count and wanted.approvals.not_author and place.reviewers and place.self_review:
        yield Finding(
            level="open",
            about=about,
            sentence=f"Who starts a deployment to {place.name} may approve it too, and mltool.toml says not_author.",
            remedy=f"{settings} → {place.name} → Prevent self-review.",
        )
    if place.any_ref:
        yield Finding(
            level="open",
            about=about,
            sentence=f"A job on any branch may use {place.name} and its secrets.",
            remedy=f"{settings} → {place.name} → Deployment branches and tags → Selected: tags `*@v*` and `*#*`.",
        )
    if place.reviewers and place.admins_bypass:
        yield Finding(
            level="note",
            about=about,
            sentence=f"Administrators may go past the reviewers of {place.name}.",
            remedy=f"{settings} → {place.name} → Allow administrators to bypass: off.",
        )


def _tags(forge: Forge, config: Config) -> Iterator[Finding]:
    if isinstance(forge.tags, Unseen):
        yield _unseen("tags", forge.tags)
        return
    for pattern, examples, what in _kinds(config):
        level = _weight(what, config)
        if level and not _covered(forge.tags, examples, "creation"):
            yield Finding(
                level=level,
                about=f"tags {pattern}",
                sentence=f"Whoever may push may {what}: nothing limits who creates tags like `{pattern}`.",
                remedy=_new_rule(forge, pattern, "creation"),
            )
        for rule, may in (("update", "move"), ("deletion", "delete")):
            if not _covered(forge.tags, examples, rule):
                yield Finding(
                    level="open",
                    about=f"tags {pattern}",
                    sentence=f"Whoever may push may {may} tags like `{pattern}`; mltool sees it only afterwards.",
                    remedy=_new_rule(forge, pattern, rule),
                )


def _weight(what: str, config: Config) -> Level | None:
    """Return how bad it is that anybody may do this: a promotion alone does nothing where people are asked."""
    if what == APPROVE:
        return None if config.signing.allowed_signers else "open"
    asked = [place.approvals.count for place in config.environments.values()]
    return "note" if what == PROMOTE and asked and all(asked) else "open"


def _kinds(config: Config) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Yield each kind of tag: a pattern that covers it, names of the kind, and what it does."""
    models = tuple(config.models) or ("model",)
    deep = "**/" if any("/" in model for model in models) else ""
    yield f"refs/tags/{deep}*@v*", tuple(f"refs/tags/{model}@v1.2.3" for model in models), "register a version"
    places = tuple(config.environments) or ("prod",)
    stages = tuple(f"refs/tags/{model}#{place}#7" for model in models for place in places)
    yield f"refs/tags/{deep}*#*", stages, PROMOTE
    yield "refs/tags/mltool/**/*", tuple(f"refs/tags/mltool/approve/{model}/7" for model in models), APPROVE


def _covered(rules: tuple[TagRule, ...], refs: tuple[str, ...], kind: str) -> bool:
    good = [rule for rule in rules if kind in rule.rules and not rule.writers_bypass]
    return all(any(applies(rule, ref) for rule in good) for ref in refs)


def _new_rule(forge: Forge, pattern: str, rule: str) -> str:
    words = {"creation": "Restrict creations", "update": "Restrict updates", "deletion": "Restrict deletions"}
    # The job that deploys records it in tags of these kinds, and the token of a job can be no exception to a rule.
    job = ", and the GitHub App whose token the release job uses" if rule == "creation" and "@v" not in pattern else ""
    bypass = f", bypass: those who may{job}" if rule == "creation" else ""
    return (
        f"https://github.com/{forge.repository}/settings/rules → New tag ruleset → Active, target "
        f"`{pattern.removeprefix('refs/tags/')}`, {words[rule]}{bypass}."
    )


def _branch(forge: Forge) -> Iterator[Finding]:
    branch = forge.branch
    if isinstance(branch, Unseen):
        yield _unseen("default branch", branch)
        return
    about, rules = f"branch {branch.name}", f"https://github.com/{forge.repository}/settings/rules"
    if not branch.by_pull:
        yield Finding(
            level="open",
            about=about,
            sentence=f"Whoever may push may change {branch.name}, and with it the policy of approvals.",
            remedy=f"{rules} → New branch ruleset → Active, Default, Require a pull request before merging.",
        )
    elif not branch.reviews:
        yield Finding(
            level="open",
            about=about,
            sentence=f"A pull request into {branch.name} needs no review, so its author can change the policy alone.",
            remedy=f"{rules} → the branch ruleset → Require a pull request → Required approvals: 1.",
        )
    if VERDICT not in branch.checks:
        yield Finding(
            level="open",
            about=about,
            sentence=f"A pull request whose gates fail can be merged: the check `{VERDICT}` is not required.",
            remedy=f"{rules} → the branch ruleset → Require status checks to pass → add `{VERDICT}`.",
        )


def _jobs(forge: Forge) -> Iterator[Finding]:
    if isinstance(forge.jobs, Unseen):
        yield _unseen("permissions of Actions", forge.jobs)
        return
    call = f"gh api -X PUT repos/{forge.repository}/actions/permissions/workflow"
    if forge.jobs.token_writes:
        yield Finding(
            level="open",
            about="permissions of Actions",
            sentence="The token of every job may write to the repository, tags too, unless its workflow says less.",
            remedy=f"{call} -f default_workflow_permissions=read",
        )
    if forge.jobs.may_approve:
        yield Finding(
            level="open",
            about="permissions of Actions",
            sentence="A job may approve pull requests, so a workflow's author can have their own change approved.",
            remedy=f"{call} -F can_approve_pull_request_reviews=false",
        )


def _immutable(forge: Forge, config: Config) -> Iterator[Finding]:
    if config.release.store != "github":
        return
    if isinstance(forge.immutable, Unseen):
        yield _unseen("immutable releases", forge.immutable)
    elif not forge.immutable:
        yield Finding(
            level="open",
            about="immutable releases",
            sentence="Whoever may write can change the files of a release after it was published.",
            remedy=f"gh api -X PUT repos/{forge.repository}/immutable-releases",
        )


def _unseen(about: str, why: Unseen) -> Finding:
    return Finding(
        level="unseen",
        about=about,
        sentence=f"Could not see the settings: {why.said}.",
        remedy="Run it with the token of an administrator: GITHUB_TOKEN=$(gh auth token) mltool doctor.",
    )


def _matches(pattern: str, ref: str) -> bool:
    return pattern == "~ALL" or re.fullmatch(_regex(pattern), ref) is not None


def _regex(pattern: str) -> str:
    """Return the pattern as a regular expression: https://docs.github.com/repositories, fnmatch with FNM_PATHNAME."""
    parts: Mapping[str, str] = {"**/": "(?:[^/]+/)*", "*": "[^/]*", "?": "[^/]"}
    return "".join(parts.get(part, re.escape(part)) for part in re.split(r"(\*\*/|\*|\?)", pattern))
