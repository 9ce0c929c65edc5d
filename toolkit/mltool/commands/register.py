"""`mltool register`: the next version of a model, with the digest of what it consists of."""

from dataclasses import dataclass

from mltool import git
from mltool.commands import ledger, models, release_plan
from mltool.commands.evidence import load_config
from mltool.commands.ledger import Written
from mltool.errors import UserError
from mltool.gates.verdict import Outcome
from mltool.registry.model import Ledger, ModelState, NewEvent
from mltool.registry.semver import Part
from mltool.release import json, record


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is to be registered: `version`, or the one after the highest (`part`), at `revision`."""

    model: str
    version: str = ""
    part: Part | None = None
    revision: str = "HEAD"
    reason: str = ""
    backport: bool = False


def register(project: git.Project, wish: Wish, *, remote: str | None, dry_run: bool = False) -> Written:
    """Register a version; with `dry_run` only say what would be written.

    Raises UserError for an unknown model and a version that exists or goes back, and what the manifest raises.
    """
    if bool(wish.version) == (wish.part is not None):
        raise UserError(
            f"Which version of {wish.model}?", f"Write `mltool register {wish.model} 1.4.0`, or --bump minor."
        )
    sha = git.resolve(project, wish.revision)
    tree = git.GitTree(project, sha)
    model = record.known_model(wish.model, models.names(tree, load_config(tree)))
    notes: list[str] = []

    def plan(now: Ledger) -> tuple[NewEvent, ...]:
        known = now.models.get(model, ModelState(name=model))
        version = record.next_version(known, version=wish.version, part=wish.part, backport=wish.backport)
        record.refuse_named(known, sha, version)
        made = release_plan.manifest(project, model, version, revision=sha, ledger=now)
        if made.outcome in (Outcome.FAIL, Outcome.UNDECIDED):
            notes[:] = [f"The gates of {model} {version} do not pass: see `mltool release plan {model} {version}`."]
        return (
            NewEvent(
                kind="register",
                model=model,
                commit=sha,
                version=version,
                manifest=json.digest(made),
                reason=wish.reason,
            ),
        )

    return ledger.write(project, plan, remote=remote, dry_run=dry_run, notes=notes)
