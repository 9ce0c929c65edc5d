"""`mltool deploy` and `mltool rollback`: plan, check, apply, replay, record; go back where a version does not do."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal

from mltool import git, targets
from mltool.commands import approvals, forge, ledger, verify
from mltool.commands.endpoint import Endpoint, arrived, before
from mltool.commands.verify import VerifiedBundle
from mltool.config import Config
from mltool.errors import Exit, MltoolError, OutsideError, RefusedError, UserError
from mltool.gates.verdict import Outcome, Verdict
from mltool.registry.model import Event, Ledger, ModelState, NewEvent
from mltool.release import deploy as deploying
from mltool.release import names, preflight
from mltool.release.deploy import Plan
from mltool.release.evidence import Proofs
from mltool.release.preflight import Measured
from mltool.targets import Delivery, NotReadyError, Running
from mltool.targets.alone import alone
from mltool.targets.replay import replay

Ending = Literal["planned", "live", "written", "failed", "refused", "undecided"]
EXITS: Final = {"failed": Exit.FAILED, "refused": Exit.FAILED, "undecided": Exit.UNDECIDED}
WAIT: Final = 60.0
"""Seconds that an address may take until it answers with the new version: a load balancer, a cluster."""


def _nowhere(_: str) -> None:
    """Say nothing."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One model and one environment, and the edges: where bundles come from, where words go.

    `remote` None writes the ledger of this clone only. `unmeasured` lets a version in whose budgets nobody can measure.
    """

    project: git.Project
    config: Config
    model: str
    endpoint: Endpoint
    fetch: Callable[[Event], Path]
    remote: str | None = None
    unmeasured: bool = False
    wait: float = WAIT
    say: Callable[[str], None] = field(default=_nowhere)

    @property
    def environment(self) -> str:
        """Return the name of the environment."""
        return self.endpoint.place.environment


@dataclass(frozen=True, kw_only=True)
class Done:
    """How it ended, in sentences, and what was written into the ledger."""

    ending: Ending
    plan: Plan
    sentences: tuple[str, ...]
    steps: tuple[str, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    events: tuple[Event, ...] = ()

    @property
    def exit(self) -> Exit:
        """Return the exit code."""
        return EXITS.get(self.ending, Exit.GOOD)


def deploy(job: Job, *, version: str = "", reason: str = "", dry_run: bool = False) -> Done:
    """Carry out the newest promotion into the environment, or with `version` promote that one and carry it out.

    Raises UserError and RefusedError before anything is changed; OutsideError where the target does not answer, with
    what ran before still running.
    """
    state = _state(job)
    plan = deploying.deploy(state, job.environment, version=version, reason=reason or f"Deploy {job.environment}")
    if dry_run:
        return _planned(job, plan)
    with _alone(job), _bundle(job, plan) as (found, delivery):
        lacking = _lacking(job, plan, found)
        if lacking:
            return _done("refused", plan, *lacking)
        running = before(job.endpoint)
        if running is None or running.digest != plan.digest:
            refused = _preflight(job, plan, delivery)
            if refused:
                return refused
        begun = _begin(job, plan)
        return _carry_out(job, _with_back(state, begun, running), delivery, running)


def rollback(job: Job, *, to: str, reason: str, dry_run: bool = False) -> Done:
    """Take the environment back to a version that was published, and put the one that is there on hold.

    No gate, approval or budget is asked again: the version passed them, and something is broken right now. Raises as
    `deploy` does.
    """
    plan = deploying.rollback(_state(job), job.environment, to=to, reason=reason)
    if dry_run:
        return _planned(job, plan)
    with _alone(job), _bundle(job, plan) as (_, delivery):
        running = before(job.endpoint)
        return _carry_out(job, _begin(job, plan), delivery, running)


def _planned(job: Job, plan: Plan) -> Done:
    budgets = sum(limit is not None for limit in vars(job.endpoint.budget).values())
    steps = deploying.steps(plan, target=job.endpoint.kind, budgets=budgets)
    return Done(ending="planned", plan=plan, sentences=(), steps=steps)


def _state(job: Job) -> ModelState:
    found = ledger.fetch(job.project, job.remote) if job.remote else ledger.read(job.project)
    return _model(found, job.model)


def _model(found: Ledger, model: str) -> ModelState:
    if model not in found.models:
        known = ", ".join(sorted(found.models)[:5]) or "none"
        raise UserError(f"The ledger knows no model `{model}`.", f"It knows: {known}. Register one: `mltool register`.")
    return found.models[model]


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
    archive = job.fetch(plan.release)
    policy = verify.policy(job.config, job.model, folder=job.project.folder, digest=plan.digest)
    with verify.opened(archive, policy) as found:
        manifest = found.manifest
        if (manifest.model, manifest.version) != (plan.model, plan.version):
            raise RefusedError(
                f"{archive} is {manifest.model} {manifest.version}, not {plan.model} {plan.version}.",
                "Name the bundle of that version.",
            )
        if plan.digest and found.digest != plan.digest:
            raise RefusedError(
                f"{archive} is another release of {plan.version}: {found.digest}, registered is {plan.digest}.",
                "Take the bundle that was published.",
            )
        job.say(f"{plan.model} {plan.version}: the bundle is what was registered ({found.digest[:19]}…).")
        yield found, Delivery(
            model=manifest.model, version=manifest.version, digest=found.digest, folder=found.folder,
            archive=archive if archive.is_file() else None, python=manifest.python,
        )  # fmt: skip


def _lacking(job: Job, plan: Plan, found: VerifiedBundle) -> tuple[str, ...]:
    """Return a sentence for each approval and piece of evidence that is missing."""
    known = ledger.read(job.project)
    proofs = Proofs(signer=", ".join(found.signers))
    standing = approvals.standing(
        job.project,
        found.manifest,
        job.environment,
        commit=plan.release.tag.commit,
        ledger=known,
        forge=forge.connect(job.project, job.endpoint.place.environ),
        proofs=proofs,
    )
    if standing.good and standing.needed:
        job.say(f"Approved for {job.environment} by {', '.join(given.person for given in standing.given)}.")
    return standing.missing


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
        return replace(_done("undecided", plan, said), verdicts=verdicts)
    return None


def _measured(job: Job, delivery: Delivery) -> Measured:
    measures = targets.MEASURES.get(job.endpoint.kind)
    return measures.measure(job.endpoint.place, delivery) if measures else Measured()


def _unfit(job: Job, plan: Plan, verdicts: tuple[Verdict, ...], why: str) -> Done:
    """End before the switch. Where the ledger asked for the version already, it must not go on saying so."""
    events: tuple[Event, ...] = ()
    if plan.intent:
        wanted = deploying.failed(plan, why=why, gone_back=True, hold=False)
        events = _append(job, plan, wanted)
    said = f"{plan.model} {plan.version} is not let into {job.environment}; nothing was switched. {why}"
    return replace(_done("refused", plan, said, events=events), verdicts=verdicts)


def _begin(job: Job, plan: Plan) -> Plan:
    """Write what is about to be done, after a last look at whether the ledger still asks for it."""
    deploying.unchanged(_state(job), plan)
    wanted = deploying.begins(plan)
    if not wanted:
        return plan
    intent = _append(job, plan, wanted)[0]
    job.say(f"Recorded: {intent.kind} of {plan.version} into {job.environment}.")
    return replace(plan, intent=intent.tag.object)


def _with_back(state: ModelState, plan: Plan, running: Running | None) -> Plan:
    """Go back to what really ran, where that is a registered version; to what the ledger had live, else."""
    if running is None or running.digest == plan.digest:
        return plan
    found = next((event for event in state.versions if event.version == running.version), None)
    return replace(plan, back=found or plan.back)


def _carry_out(job: Job, plan: Plan, delivery: Delivery, running: Running | None) -> Done:
    """Apply, replay, record."""
    there = running is not None and running.digest == plan.digest and not running.trouble
    if there:
        job.say(f"{job.environment} runs {plan.version} already; it is checked again.")
    else:
        try:
            changed = _apply(job, delivery, running)
        except NotReadyError as error:
            return _go_back(job, plan, running, str(error))
        if not changed:
            said = f"Written for {job.environment}, not applied: apply it, then run `mltool deploy` again to record it."
            return _done("written", plan, said)
    trouble = _replayed(job, delivery)
    if trouble:
        return _go_back(job, plan, running, trouble)
    events = _record(job, plan)
    said = f"{plan.model} {plan.version} is live in {job.environment} at {job.endpoint.url}."
    return _done("live", plan, said if events or not there else f"{said} Nothing was to be done.", events=events)


def _apply(job: Job, delivery: Delivery, running: Running | None) -> bool:
    """Have the target run the release; where the target itself fails half-way, bring back what ran before."""
    target, place = job.endpoint.target, job.endpoint.place
    job.say(f"The target {job.endpoint.kind} is to run {delivery.version}.")
    try:
        return target.apply(place, delivery)
    except NotReadyError:
        raise
    except MltoolError as error:
        now = before(job.endpoint)
        if now is not None and (running is None or now.digest != running.digest):
            _undo(job, running, error)
        raise


def _undo(job: Job, running: Running | None, error: MltoolError) -> None:
    try:
        job.endpoint.target.undo(job.endpoint.place, running)
    except MltoolError as another:
        raise OutsideError(f"{error} And going back failed too: {another}") from error


def _replayed(job: Job, delivery: Delivery) -> str:
    """Return what speaks against the version where its users reach it; empty where nothing does."""
    if not job.endpoint.url:
        raise UserError(
            f"Nobody said where {job.environment} answers, so its predictions cannot be checked.",
            f"Set `url` of [environments.{job.environment}].",
        )
    late = arrived(job.endpoint, delivery.digest, wait=job.wait)
    if late:
        return late
    found = replay(job.endpoint.send, job.endpoint.url, delivery)
    if found.good:
        job.say(f"{found.rows} golden rows through {job.endpoint.url}: as expected.")
    return found.trouble


def _go_back(job: Job, plan: Plan, running: Running | None, why: str) -> Done:
    """Take a version out again that does not do, and say so in the ledger. A rollback has nowhere to go back to."""
    job.say(f"{plan.version} does not do: {why}")
    said = f"{plan.model} {plan.version} failed in {job.environment}: {why}"
    gone_back, after = False, f"{job.environment} needs a look: see `mltool status --live`."
    if plan.kind == "deploy":
        to = _way_back(plan, running)
        trouble = _gone_back(job, to)
        gone_back = not trouble
        where = f"{job.environment} runs {to.version} again." if to else f"It was taken out of {job.environment}."
        after = f"{where} {plan.version} is on hold." if gone_back else f"Going back failed too: {trouble}"
    events = _append(job, plan, deploying.failed(plan, why=why, gone_back=gone_back))
    return _done("failed", plan, said, after, events=events)


def _way_back(plan: Plan, running: Running | None) -> Running | None:
    if running is not None and running.digest != plan.digest:
        return running
    return Running(version=plan.back.version, digest=plan.back.manifest) if plan.back else None


def _gone_back(job: Job, to: Running | None) -> str:
    """Bring back what ran before; return what speaks against it having worked."""
    try:
        job.endpoint.target.undo(job.endpoint.place, to)
    except MltoolError as error:
        return str(error)
    return arrived(job.endpoint, to.digest, wait=job.wait) if to else ""


def _record(job: Job, plan: Plan) -> tuple[Event, ...]:
    """Write that the version is live, unless the ledger says so already."""
    wanted = deploying.ends(plan)

    def unless_recorded(now: Ledger) -> tuple[NewEvent, ...]:
        return () if deploying.recorded(_model(now, job.model), plan) else wanted

    try:
        return ledger.append(job.project, wanted, remote=job.remote, replan=unless_recorded)
    except MltoolError as error:
        raise OutsideError(
            f"{plan.version} is live in {job.environment} and could not be recorded: {error.what}",
            "Deploy again: it records what is missing and changes nothing else.",
        ) from error


def _append(job: Job, plan: Plan, wanted: tuple[NewEvent, ...]) -> tuple[Event, ...]:
    """Write events that are true only while the ledger asks for what this plan carries out."""

    def unless_changed(now: Ledger) -> tuple[NewEvent, ...]:
        if plan.kind == "deploy":
            deploying.unchanged(_model(now, job.model), plan)
        return wanted

    return ledger.append(job.project, wanted, remote=job.remote, replan=unless_changed)


def _done(ending: Ending, plan: Plan, *sentences: str, events: tuple[Event, ...] = ()) -> Done:
    return Done(ending=ending, plan=plan, sentences=sentences, events=events)
