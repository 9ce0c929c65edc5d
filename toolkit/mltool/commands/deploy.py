"""`mltool deploy` and `mltool rollback`: plan, check, apply, replay, record; go back where a version does not do."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec

from mltool import git, targets
from mltool.commands import approvals, endpoint, forge, ledger, parcel, proofs, publish, switch, verify
from mltool.commands.evidence import load_config
from mltool.commands.switch import WAIT, Done, Job, done
from mltool.commands.verify import VerifiedBundle
from mltool.errors import RefusedError, UserError
from mltool.gates.verdict import Outcome, Verdict
from mltool.registry import tag
from mltool.registry.model import Event, ModelState
from mltool.release import deploy as deploying
from mltool.release import names, preflight
from mltool.release.deploy import Plan
from mltool.release.preflight import Measured
from mltool.targets import Delivery, NotReadyError, Running
from mltool.targets.alone import alone

SCHEMA: Final = "mltool.deploy/1"


def job(
    folder: Path,
    model: str,
    environment: str | None,
    *,
    bundle: Path | None,
    remote: str | None,
    unmeasured: bool = False,
    wait: float = WAIT,
    say: Callable[[str], None] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Job:
    """Return what is to be done where: `folder` is in the project, `bundle` stands in for the store."""
    model = tag.spelled(model)
    project, environ = git.find(folder), os.environ if environ is None else environ
    config = load_config(git.WorkTree(project))
    environment = environment or config.release.environment

    def fetch(release: Event) -> Path:
        return bundle or publish.fetch(project, config, model, release.version, release.manifest, environ=environ)

    found = endpoint.endpoint(project, config, model, environment, environ=environ)
    return Job(
        project=project, config=config, model=model, endpoint=found, fetch=fetch, remote=remote,
        unmeasured=unmeasured, wait=wait, say=say or (lambda _: None),
    )  # fmt: skip


def deploy(job: Job, *, version: str = "", reason: str = "", dry_run: bool = False) -> Done:
    """Carry out the newest promotion into the environment, or with `version` promote that one and carry it out.

    A dry run looks at the bundle and asks who approved, too: it says whether the version would be let in. Raises
    UserError and RefusedError before anything is changed; OutsideError where the target does not answer, with what ran
    before still running.
    """
    state = _state(job)
    plan = deploying.deploy(state, job.environment, version=version, reason=reason)
    returns = deploying.returns(state, plan)
    if dry_run:
        with _bundle(job, plan) as (found, _):
            return _planned(job, plan, *(() if returns else _lacking(job, plan, found)))
    with _alone(job), _bundle(job, plan) as (found, delivery):
        lacking = () if returns else _lacking(job, plan, found)
        if lacking:
            return done("refused", plan, *lacking)
        running = endpoint.before(job.endpoint)
        if not returns and (running is None or running.digest != plan.digest):
            refused = _preflight(job, plan, delivery)
            if refused:
                return refused
        begun = _begin(job, plan)
        return switch.carry_out(job, _with_back(state, begun, running), delivery, running)


def rollback(job: Job, *, to: str, reason: str, dry_run: bool = False) -> Done:
    """Take the environment back to a version that was published, and put the one that is there on hold.

    No gate, approval or budget is asked again: the version passed them, and something is broken right now. Raises as
    `deploy` does.
    """
    plan = deploying.rollback(_state(job), job.environment, to=to, reason=reason)
    if dry_run:
        return _planned(job, plan)
    with _alone(job), _bundle(job, plan) as (_, delivery):
        running = endpoint.before(job.endpoint)
        return switch.carry_out(job, _begin(job, plan), delivery, running)


def _planned(job: Job, plan: Plan, *lacking: str) -> Done:
    budgets = sum(limit is not None for limit in vars(job.endpoint.budget).values())
    steps = deploying.steps(plan, target=job.endpoint.kind, budgets=budgets)
    return Done(ending="refused" if lacking else "planned", plan=plan, sentences=lacking, steps=steps)


def _state(job: Job) -> ModelState:
    return switch.model(ledger.whole(job.project, job.model, job.remote), job.model)


@contextmanager
def _alone(job: Job) -> Iterator[None]:
    """Let one deployment at a time into an environment from this machine."""
    environ = job.endpoint.place.environ
    base = Path(environ.get("XDG_STATE_HOME") or Path(environ.get("HOME") or Path.home()) / ".local" / "state")
    lock = base / "mltool" / "locks" / f"{names.escaped(job.environment)}-{names.escaped(job.model)}"
    with alone(lock, f"Another deployment of {job.model} to {job.environment} is running on this machine"):
        yield


@contextmanager
def _bundle(job: Job, plan: Plan) -> Iterator[tuple[VerifiedBundle, Delivery]]:
    """Give the published bundle, verified and unpacked for as long as it is needed."""
    if not plan.digest:
        raise UserError(
            f"{plan.release.tag.name} names no release: mltool did not write it, so no bundle can be compared with it.",
            f"Register a new version: `mltool register {plan.model} --bump patch`.",
        )
    archive = job.fetch(plan.release)
    policy = verify.policy(job.config, job.model, folder=job.project.folder, digest=plan.digest)
    with verify.opened(archive, policy) as found:
        manifest = found.manifest
        if (manifest.model, manifest.version) != (plan.model, plan.version):
            raise RefusedError(
                f"{archive} is {manifest.model} {manifest.version}, not {plan.model} {plan.version}.",
                "Name the bundle of that version.",
            )
        job.say(f"{plan.model} {plan.version}: the bundle is what was registered ({found.digest[:19]}…).")
        if plan.digest and archive.is_file():
            # A bundle that came by --bundle may be in no store, and must be here when it is gone back to.
            parcel.keep(archive, digest=found.digest, home=publish.cache(job.endpoint.place.environ))
        yield found, Delivery(
            model=manifest.model, version=manifest.version, digest=found.digest, folder=found.folder,
            archive=archive if archive.is_file() else None,
        )  # fmt: skip


def _lacking(job: Job, plan: Plan, found: VerifiedBundle) -> tuple[str, ...]:
    """Return a sentence for each approval and piece of evidence that is missing."""
    known = ledger.read(job.project)
    asked = approvals.evidence_asked(job.project, found.manifest, job.environment)
    standing = approvals.standing(
        job.project,
        found.manifest,
        job.environment,
        commit=plan.release.tag.commit,
        ledger=known,
        forge=forge.connect(job.project, job.endpoint.place.environ),
        proofs=proofs.of(job.project, found, asked, say=job.say),
    )
    if standing.good and standing.needed:
        job.say(f"Approved for {job.environment} by {', '.join(given.person for given in standing.given)}.")
    return standing.objections


def _preflight(job: Job, plan: Plan, delivery: Delivery) -> Done | None:
    """Measure the budgets where the version is to run; return how it ended where it may not go in."""
    budget = job.endpoint.budget
    if not any(limit is not None for limit in vars(budget).values()):
        return None
    try:
        measured = _measured(job, delivery)
    except NotReadyError as error:
        return _unfit(job, plan, (), str(error))
    verdicts = preflight.judge(budget, measured, target=job.endpoint.kind)
    for verdict in verdicts:
        job.say(f"{verdict.outcome.value}: {verdict.sentence}")
    outcome = preflight.outcome(verdicts)
    if outcome is Outcome.FAIL:
        over = " ".join(verdict.sentence for verdict in verdicts if verdict.outcome is Outcome.FAIL)
        return _unfit(job, plan, verdicts, over)
    if outcome is Outcome.UNDECIDED and not job.unmeasured:
        said = f"A budget of {job.environment} could not be measured. Let it in with --allow-unmeasured, or drop it."
        return replace(done("undecided", plan, said), verdicts=verdicts)
    return None


def _measured(job: Job, delivery: Delivery) -> Measured:
    measures = targets.MEASURES.get(job.endpoint.kind)
    return measures.measure(job.endpoint.place, delivery) if measures else Measured()


def _unfit(job: Job, plan: Plan, verdicts: tuple[Verdict, ...], why: str) -> Done:
    """End before the switch. Where the ledger asked for the version already, it must not go on saying so."""
    events: tuple[Event, ...] = ()
    if plan.intent:
        wanted = deploying.failed(plan, why=why, gone_back=True, hold=False)
        events = switch.append(job, plan, wanted)
    said = f"{plan.model} {plan.version} is not let into {job.environment}; nothing was switched. {why}"
    return replace(done("refused", plan, said, events=events), verdicts=verdicts)


def _begin(job: Job, plan: Plan) -> Plan:
    """Write what is about to be done, after a last look at whether the ledger still asks for it."""
    deploying.unchanged(_state(job), plan)
    wanted = deploying.begins(plan)
    if not wanted:
        return plan
    intent = switch.append(job, plan, wanted)[0]
    job.say(f"Recorded: {intent.kind} of {plan.version} into {job.environment}.")
    return replace(plan, intent=intent.tag.object)


def _with_back(state: ModelState, plan: Plan, running: Running | None) -> Plan:
    """Go back to what really ran, where that is a registered version; to what the ledger had live, else."""
    if running is None or running.digest == plan.digest:
        return plan
    found = state.registered(running.version)
    return replace(plan, back=found or plan.back)


def words(found: Done) -> str:
    """Return how it ended, for people."""
    plan = found.plan
    lines = [f"{plan.kind} {plan.model} {plan.version} → {plan.environment}, as planned:"] if found.steps else []
    lines += [f"  {number}. {step}" for number, step in enumerate(found.steps, start=1)]
    return "".join(f"{line}\n" for line in (*lines, *found.sentences))


def document(found: Done) -> str:
    """Return how it ended, as one JSON object."""
    plan = found.plan
    return (
        json.dumps(
            {
                "schema": SCHEMA,
                "kind": plan.kind,
                "model": plan.model,
                "environment": plan.environment,
                "version": plan.version,
                "digest": plan.digest,
                "replaces": plan.bad.version if plan.bad else plan.back.version if plan.back else "",
                "outcome": found.ending,
                "sentences": found.sentences,
                "steps": found.steps,
                "verdicts": msgspec.to_builtins(found.verdicts),
                "events": [event.tag.name for event in found.events],
            },
            indent=2,
        )
        + "\n"
    )
