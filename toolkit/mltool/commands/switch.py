"""Carry out a plan: apply, replay, record; and go back where the version does not do."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from mltool import git
from mltool.commands import ledger
from mltool.commands.endpoint import Endpoint, arrived, before
from mltool.config import Config
from mltool.errors import Exit, MltoolError, OutsideError, UserError
from mltool.gates.verdict import Verdict
from mltool.registry.model import Event, Ledger, ModelState, NewEvent
from mltool.release import deploy as deploying
from mltool.release.deploy import Plan
from mltool.targets import Delivery, NotReadyError, Running
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


def carry_out(job: Job, plan: Plan, delivery: Delivery, running: Running | None) -> Done:
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
            return done("written", plan, said)
    trouble = _replayed(job, delivery)
    if trouble:
        return _go_back(job, plan, running, trouble)
    events = _record(job, plan)
    said = f"{plan.model} {plan.version} is live in {job.environment} at {job.endpoint.url}."
    return done("live", plan, said if events or not there else f"{said} Nothing was to be done.", events=events)


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
    events = append(job, plan, deploying.failed(plan, why=why, gone_back=gone_back))
    return done("failed", plan, said, after, events=events)


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
        return () if deploying.recorded(model(now, job.model), plan) else wanted

    try:
        return ledger.append(job.project, wanted, remote=job.remote, replan=unless_recorded)
    except MltoolError as error:
        raise OutsideError(
            f"{plan.version} is live in {job.environment} and could not be recorded: {error.what}",
            "Deploy again: it records what is missing and changes nothing else.",
        ) from error


def append(job: Job, plan: Plan, wanted: tuple[NewEvent, ...]) -> tuple[Event, ...]:
    """Write events that are true only while the ledger asks for what this plan carries out."""

    def unless_changed(now: Ledger) -> tuple[NewEvent, ...]:
        deploying.unchanged(model(now, job.model), plan)
        return wanted

    return ledger.append(job.project, wanted, remote=job.remote, replan=unless_changed)


def done(ending: Ending, plan: Plan, *sentences: str, events: tuple[Event, ...] = ()) -> Done:
    return Done(ending=ending, plan=plan, sentences=sentences, events=events)


def model(found: Ledger, name: str) -> ModelState:
    """Return the state of a model; raises UserError where the ledger does not know it."""
    if name not in found.models:
        known = ", ".join(sorted(found.models)[:5]) or "none"
        raise UserError(f"The ledger knows no model `{name}`.", f"It knows: {known}. Register one: `mltool register`.")
    return found.models[name]
