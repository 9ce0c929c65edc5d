"""`mltool register`: the next version of a model, with the digest of what it consists of."""

from dataclasses import dataclass

from mltool import git
from mltool.commands import ledger, models, release_asked, release_manifest
from mltool.commands.evidence import load_config
from mltool.commands.ledger import Written
from mltool.errors import RefusedError, UserError
from mltool.gates.verdict import Outcome
from mltool.registry.model import Ledger, ModelState, NewEvent
from mltool.registry.semver import Part
from mltool.release import blessing, json, record
from mltool.release.blessing import Blessing
from mltool.release.model import Manifest

BAD = (Outcome.FAIL, Outcome.UNDECIDED)
NAMED = 5
"""Answers that a refusal names."""


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

    def plan(now: Ledger) -> tuple[NewEvent, ...]:
        known = now.models.get(model, ModelState(name=model))
        version = record.next_version(known, version=wish.version, part=wish.part, backport=wish.backport)
        record.refuse_named(known, sha, version)
        asked = release_asked.ask(project, model, version=version, revision=sha, ledger=now)
        looked = release_asked.look(asked)
        made, judged = release_manifest.describe(asked, looked), release_manifest.bless(asked, looked)
        bad = _bad(judged)
        if bad and not wish.failing:
            raise _refused(made, judged, bad)
        return (
            NewEvent(
                kind="register",
                model=model,
                commit=sha,
                version=version,
                manifest=json.digest(made),
                reason=wish.reason,
                despite="; ".join(bad),
                blessing=blessing.dumps(judged),
            ),
        )

    return ledger.write(project, plan, remote=remote, dry_run=dry_run)


def _bad(judged: Blessing) -> tuple[str, ...]:
    """Return each gate that stands in the way, and how: what is undecided is no pass. Empty where nothing does."""
    if judged.outcome not in BAD:
        return ()
    stops = [item for item in judged.gates if item.level == "fail" and item.outcome in BAD]
    told = (f"{item.gate}{f' where {item.slice}' if item.slice else ''} {item.outcome}" for item in stops)
    return tuple(dict.fromkeys(told)) or (str(judged.outcome),)


def _refused(made: Manifest, judged: Blessing, bad: tuple[str, ...]) -> RefusedError:
    """Return the refusal: a version that is registered is used up for ever, and this one could go nowhere."""
    why = next((f" {item.sentence}" for item in judged.gates if item.outcome is judged.outcome), "")
    told = "; ".join((*bad[:NAMED], *((f"and {len(bad) - NAMED} more",) if len(bad) > NAMED else ())))
    failed = (item for item in judged.gates if item.outcome is Outcome.FAIL and item.limit is None)
    fallen = any(None not in (item.allowed, item.base, item.head) for item in failed)
    base = f"--base {made.model}@v{made.base}"
    accept = f" To live with a regression for a time: `mltool accept`, with {base}." if fallen else ""
    return RefusedError(
        f"{made.model} {made.version} does not pass its gates ({told}), and a version is never used twice.{why}",
        f"See `mltool release plan {made.model} {made.version}`.{accept} To register it all the same: --allow-failing.",
    )
