"""`mltool register`: the next version of a model, with the digest of what it consists of."""

from dataclasses import dataclass

from mltool import git
from mltool.commands import ledger, models, release_plan
from mltool.commands.evidence import load_config
from mltool.commands.ledger import Written
from mltool.errors import RefusedError, UserError
from mltool.gates.verdict import Outcome
from mltool.registry.model import Ledger, ModelState, NewEvent
from mltool.registry.semver import Part
from mltool.release import json, record
from mltool.release.model import Manifest

_UNDECIDED = "The gates of {name} could not all be judged: see `mltool release plan {name}`."


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is to be registered: `version`, or the one after the highest (`part`), at `revision`.

    `failing` lets a version in whose gates fail, with a `reason`; the event names them.
    """

    model: str
    version: str = ""
    part: Part | None = None
    revision: str = "HEAD"
    reason: str = ""
    backport: bool = False
    failing: bool = False


def register(project: git.Project, wish: Wish, *, remote: str | None, dry_run: bool = False) -> Written:
    """Register a version; with `dry_run` only say what would be written.

    Raises UserError for an unknown model and a version that exists or goes back, RefusedError where its gates fail, and
    what the manifest raises.
    """
    if bool(wish.version) == (wish.part is not None):
        raise UserError(
            f"Which version of {wish.model}?", f"Write `mltool register {wish.model} 1.4.0`, or --bump minor."
        )
    if wish.failing and not wish.reason.strip():
        raise UserError("A version whose gates fail is registered for a reason.", "Give --reason.")
    sha = git.resolve(project, wish.revision)
    tree = git.GitTree(project, sha)
    config = load_config(tree)
    model = record.known_model(wish.model, models.names(tree, config))
    notes: list[str] = []

    def plan(now: Ledger) -> tuple[NewEvent, ...]:
        known = now.models.get(model, ModelState(name=model))
        version = record.next_version(known, version=wish.version, part=wish.part, backport=wish.backport)
        record.refuse_named(known, sha, version)
        made = release_plan.manifest(project, model, version, revision=sha, ledger=now)
        bad = _bad(made, undecided=config.ci.undecided == "fail")
        if bad and not wish.failing:
            raise _refused(made, bad)
        notes[:] = [_UNDECIDED.format(name=f"{model} {version}")] if made.outcome is Outcome.UNDECIDED else []
        return (
            NewEvent(
                kind="register",
                model=model,
                commit=sha,
                version=version,
                manifest=json.digest(made),
                reason=wish.reason,
                despite="; ".join(bad),
            ),
        )

    return ledger.write(project, plan, remote=remote, dry_run=dry_run, notes=notes)


def _bad(made: Manifest, *, undecided: bool) -> tuple[str, ...]:
    """Return each gate that stands in the way, and how; `undecided` ones too where CI fails on them."""
    stops = {Outcome.FAIL, Outcome.UNDECIDED} if undecided else {Outcome.FAIL}
    found = (verdict for verdict in made.verdicts if verdict.outcome in stops and verdict.level == "fail")
    return tuple(dict.fromkeys(f"{verdict.gate} {verdict.outcome}" for verdict in found))


def _refused(made: Manifest, bad: tuple[str, ...]) -> RefusedError:
    """Return the refusal: a version that is registered is used up for ever, and this one could go nowhere."""
    return RefusedError(
        f"{made.model} {made.version} does not pass its gates ({'; '.join(bad)}), and a version is never used twice.",
        f"See `mltool release plan {made.model} {made.version}`. To register it all the same: --allow-failing.",
    )
