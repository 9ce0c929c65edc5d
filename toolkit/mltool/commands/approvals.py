"""Whether a release may go into an environment: the evidence and the approvals that two policies ask for.

The release's own commit says what it asks for. So does the default branch: a policy that only the tagged commit had
could be loosened on a side branch by whoever may push a tag.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from mltool import config, git
from mltool.commands import approval_sources as sources
from mltool.commands import blessings
from mltool.commands.approval_sources import Gathered, Question
from mltool.commands.forge import Forge
from mltool.config import Config
from mltool.errors import MltoolError, UserError
from mltool.registry.model import Ledger
from mltool.release import approval, blessing, evidence
from mltool.release import json as release_json
from mltool.release.approval import Standing
from mltool.release.evidence import Proofs
from mltool.release.model import ApprovalRule, Manifest

NONE: Final = ApprovalRule(count=0, who=(), not_author=False, evidence=(), expires="")
"""What an environment asks for that no mltool.toml has."""
NO_PROOFS: Final = Proofs()


def standing(
    project: git.Project,
    manifest: Manifest,
    environment: str,
    *,
    commit: str,
    ledger: Ledger,
    forge: Forge | None = None,
    proofs: Proofs = NO_PROOFS,
    blessed: blessing.Standing | None = None,
    now: Callable[[], float] = time.time,
) -> Standing:
    """Return how the release at `commit` (a SHA) stands before `environment`; it may go in where nothing is missing.

    `blessed` is what a version that is not registered yet would be blessed with; of others the ledger knows it.
    Without a `forge` only tags count. Raises UserError where a policy cannot be read or understood; a source that does
    not answer is `unseen`, and so never counts as a yes.
    """
    digest = release_json.digest(manifest)
    asked = Question(project=project, manifest=manifest, digest=digest, environment=environment, commit=commit)
    policy = _default_branch(project)
    rules = dict.fromkeys((_own_rule(manifest, environment), _rule(policy.config, environment)))
    asks_people = any(rule.count for rule in rules)
    found = _gather(asked, policy, ledger, forge) if asks_people else Gathered()
    authors = sources.authors(asked, found) if asks_people else ()
    judged = [
        approval.judge(rule, found.approvals, environment=environment, digest=digest, authors=authors, now=int(now()))
        for rule in rules
    ]
    if blessed is None:
        blessed = blessings.standing(project, ledger, manifest)
    lacking = [sentence for rule in rules for sentence in evidence.missing(rule.evidence, manifest, proofs, blessed)]
    lacking += [sentence for each in judged for sentence in each.missing]
    strictest = min(judged, key=lambda each: len(each.given) - each.needed)
    return replace(strictest, missing=tuple(dict.fromkeys(lacking)), unseen=found.unseen)


def evidence_asked(project: git.Project, manifest: Manifest, environment: str) -> frozenset[str]:
    """Return which evidence the two policies ask for together; raises as `standing` does."""
    rules = (_own_rule(manifest, environment), _rule(_default_branch(project).config, environment))
    return frozenset(kind for rule in rules for kind in rule.evidence)


def policy(project: git.Project) -> Config:
    """Return the default branch's configuration; raises as `standing` does."""
    return _default_branch(project).config


def allowed_signers(project: git.Project) -> bytes | None:
    """Return the default branch's file of allowed signers, None where it names none; raises as `standing` does."""
    return _default_branch(project).allowed


@dataclass(frozen=True, kw_only=True)
class _Policy:
    config: Config
    allowed: bytes | None


def _gather(asked: Question, policy: _Policy, ledger: Ledger, forge: Forge | None) -> Gathered:
    said = sources.tags(asked, ledger, allowed=policy.allowed)
    online = sources.github(asked, forge) if forge else Gathered(unseen=("GitHub was not asked: only tags count.",))
    return replace(online, approvals=(*said, *online.approvals))


def _own_rule(manifest: Manifest, environment: str) -> ApprovalRule:
    return next((place.approvals for place in manifest.destinations if place.environment == environment), NONE)


def _rule(policy: Config, environment: str) -> ApprovalRule:
    place = policy.environments.get(environment)
    return approval.rule(place.approvals) if place else NONE


def _default_branch(project: git.Project) -> _Policy:
    """Return the policy of the default branch as this clone knows it."""
    sha = _tip(project)
    tree = git.GitTree(project, sha)
    known = config.load(tree.read((config.FILE, config.PYPROJECT)))
    return _Policy(config=known, allowed=_allowed(tree, known.signing.allowed_signers))


def _tip(project: git.Project) -> str:
    try:
        return git.default_tip(project)
    except MltoolError as error:
        raise type(error)(
            f"The default branch is unknown here, and its policy of approvals counts. {error.what}",
            f"Run `git fetch {git.ORIGIN}` and `git remote set-head {git.ORIGIN} --auto`.",
        ) from error


def _allowed(tree: git.GitTree, path: str) -> bytes | None:
    """Return the file of allowed signers, from the default branch unless it lies outside of the repository."""
    if not path:
        return None
    place = Path(path).expanduser()
    if not place.is_absolute():
        found = tree.read((path,))
        if path in found:
            return found[path]
    elif place.is_file():
        return place.read_bytes()
    raise UserError(
        f"`[signing] allowed_signers` is {path}, which the default branch does not have.",
        "Commit the file there, or correct mltool.toml.",
    )
