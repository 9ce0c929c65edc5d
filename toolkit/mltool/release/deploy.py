"""What a deployment or a rollback would do, as data, and whether the ledger lets it."""

from dataclasses import dataclass
from typing import Literal

from mltool.errors import RefusedError, UserError
from mltool.registry import semver
from mltool.registry.model import Event, ModelState, NewEvent, Stage

PREVIOUS = "previous-good"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One version into one environment, and what follows from it.

    `intent` is the environment's newest event in the ledger (its tag object), which asks for this, or which a rollback
    follows; empty where this plan promotes first. `back` is the release that was live before, to go back to; None where
    there was none. `bad` is the version that a rollback puts on hold.
    """

    kind: Literal["deploy", "rollback"]
    model: str
    environment: str
    release: Event
    intent: str = ""
    back: Event | None = None
    bad: Event | None = None
    reason: str = ""

    @property
    def version(self) -> str:
        """Return the version that is to run."""
        return self.release.version

    @property
    def digest(self) -> str:
        """Return the digest of its manifest."""
        return self.release.manifest


def deploy(state: ModelState, environment: str, *, version: str = "", reason: str = "") -> Plan:
    """Return the plan that carries out the newest promotion, or with `version` promotes and deploys that one.

    Raises UserError where nothing was promoted or registered, RefusedError for a version that is on hold and for one
    that goes back without a rollback in the ledger.
    """
    stage = state.stages.get(environment)
    wanted = version.removeprefix("v") or (stage.version if stage else "")
    if not wanted:
        raise UserError(
            f"Nothing of {state.name} was promoted into {environment}.",
            f"Run `mltool promote {state.name} VERSION {environment} --reason …`, or give --version.",
        )
    release = registered(state, wanted)
    refuse_held(state, wanted)
    current = live(state, environment)
    asked = stage is not None and stage.version == wanted
    if current is not None and not (asked and stage is not None and stage.event.kind == "rollback"):
        _refuse_back(state.name, environment, current.version, wanted)
    intent = stage.event.tag.object if asked and stage is not None else ""
    return Plan(
        kind="deploy",
        model=state.name,
        environment=environment,
        release=release,
        intent=intent,
        back=good_before(state, environment, wanted),
        reason=reason,
    )


def rollback(state: ModelState, environment: str, *, to: str, reason: str) -> Plan:
    """Return the plan that takes `environment` back to a version, or to the one that was live and good before.

    Raises UserError without a reason and where there is nothing to go back from or to, RefusedError for a held one.
    """
    if not reason.strip():
        raise UserError("A rollback without a reason helps nobody who reads the ledger.", "Give --reason.")
    stage = state.stages.get(environment)
    if stage is None or not stage.version:
        raise UserError(f"Nothing of {state.name} is in {environment}, so nothing can be rolled back.")
    release = _target(state, stage, to)
    refuse_held(state, release.version)
    bad = state.registered(stage.version)
    return Plan(
        kind="rollback",
        model=state.name,
        environment=environment,
        release=release,
        intent=stage.event.tag.object,
        bad=bad,
        reason=reason,
    )


def steps(plan: Plan, *, target: str, budgets: int) -> tuple[str, ...]:
    """Return what carrying out the plan does, one sentence a step."""
    what, where = f"{plan.model} {plan.version} ({plan.digest[:19]}…)", plan.environment
    if plan.kind == "rollback":
        hold = f", put {plan.bad.version} on hold" if plan.bad else ""
        first = [f"Record the rollback of {where} to {plan.version}{hold}, because: {plan.reason}"]
    else:
        checks = f"Measure {budgets} budget{'s' * (budgets != 1)} of {where} before it takes over." if budgets else ""
        promote = "" if plan.intent else f"Record the promotion of {plan.version} into {where}."
        first = [sentence for sentence in ("Check approvals and evidence.", checks, promote) if sentence]
    after = f", else go back to {plan.back.version} and record that" if plan.back else ""
    return (
        f"Take the published bundle of {what}.",
        *first,
        f"Have the target {target} run it.",
        f"Replay its golden rows through the address of {where}{after}.",
        "Record what came of it.",
    )


def begins(plan: Plan) -> tuple[NewEvent, ...]:
    """Return what the ledger must say before anything is changed."""
    if plan.kind == "rollback":
        held = (event(plan, "hold", of=plan.bad, stage=""),) if plan.bad else ()
        return (event(plan, "rollback"), *held)
    return () if plan.intent else (event(plan, "promote"),)


def ends(plan: Plan) -> tuple[NewEvent, ...]:
    """Return what the ledger says once the version answers as it should."""
    return (event(plan, "deploy", outcome="live"),)


def failed(plan: Plan, *, why: str, gone_back: bool, hold: bool = True) -> tuple[NewEvent, ...]:
    """Return what the ledger says of a version that did not do: that it failed, is out again, and on hold.

    `gone_back` says that the target runs again what it ran before; where it does not, the ledger does not claim so.
    """
    found = [event(plan, "deploy", outcome="failed", reason=why)]
    if gone_back and plan.kind == "deploy":
        found.append(
            event(plan, "rollback", of=plan.back, reason=why) if plan.back else event(plan, "demote", reason=why)
        )
    return (*found, *((event(plan, "hold", stage="", reason=why),) if hold and plan.kind == "deploy" else ()))


def event(
    plan: Plan,
    kind: Literal["promote", "rollback", "demote", "hold", "deploy"],
    *,
    of: Event | None = None,
    stage: str | None = None,
    reason: str = "",
    outcome: Literal["", "live", "failed"] = "",
) -> NewEvent:
    """Return an event about the plan's release, or about another one."""
    about = of or plan.release
    return NewEvent(
        kind=kind,
        model=plan.model,
        commit=about.tag.commit,
        version=about.version,
        stage=plan.environment if stage is None else stage,
        manifest=about.manifest,
        reason=reason or plan.reason,
        outcome=outcome,
    )


def recorded(state: ModelState, plan: Plan) -> bool:
    """Return whether the ledger says already that this plan ended well: nothing is to be recorded twice."""
    stage = state.stages.get(plan.environment)
    if stage is None or stage.deployed is None or stage.event.tag.object != plan.intent:
        return False
    deployed = stage.deployed
    order = [event.tag.object for event in state.events]
    return (
        deployed.outcome == "live"
        and deployed.version == plan.version
        and order.index(deployed.tag.object) > order.index(plan.intent)
    )


def unchanged(state: ModelState, plan: Plan) -> None:
    """Raise RefusedError where the ledger moved on since the plan was made: a newer event, or a hold."""
    stage = state.stages.get(plan.environment)
    newest = stage.event if stage else None
    if plan.intent and (newest is None or newest.tag.object != plan.intent):
        said = f"{newest.kind} of {newest.version or 'nothing'} by {newest.actor}" if newest else "nothing"
        raise RefusedError(
            f"Meanwhile the ledger asks for something else in {plan.environment}: {said}.",
            "See `mltool log`.",
        )
    registered(state, plan.version)
    refuse_held(state, plan.version)


def returns(state: ModelState, plan: Plan) -> bool:
    """Return whether the plan carries out a rollback to what was live here before: that passed everything then."""
    stage = state.stages.get(plan.environment)
    return (
        stage is not None
        and stage.event.tag.object == plan.intent
        and stage.event.kind == "rollback"
        and any(found.version == plan.version for found in _deployed(state, plan.environment))
    )


def live(state: ModelState, environment: str) -> Event | None:
    """Return the newest deployment that ended well there, unless the model was taken out since."""
    stage = state.stages.get(environment)
    if stage is None or not stage.version:
        return None
    return next((event for event in _deployed(state, environment)), None)


def good_before(state: ModelState, environment: str, version: str) -> Event | None:
    """Return the registered release that was last live there, is not this version, and is not on hold."""
    known = {event.version: event for event in state.versions}
    for found in _deployed(state, environment) or _promoted(state, environment):
        if found.version != version and found.version in known and found.version not in state.held:
            return known[found.version]
    return None


def registered(state: ModelState, version: str) -> Event:
    """Return the event that registered the version; raises UserError where none did."""
    found = state.registered(version)
    if found is None:
        known = ", ".join(event.version for event in state.versions[-5:]) or "none"
        raise UserError(
            f"{state.name} has no registered version {version}.", f"Registered are: {known}. See `mltool status`."
        )
    return found


def refuse_held(state: ModelState, version: str) -> None:
    """Raise RefusedError for a version that somebody put on hold."""
    hold = state.held.get(version)
    if hold is not None:
        raise RefusedError(
            f"{state.name} {version} is on hold, by {hold.actor}: {hold.reason}",
            f"Once that is mended: `mltool unhold {state.name} {version} --reason …`.",
        )


def _refuse_back(model: str, environment: str, current: str, wanted: str) -> None:
    if semver.key(wanted) < semver.key(current):
        raise RefusedError(
            f"{environment} runs {current}, and {wanted} is older: a deployment does not go back.",
            f"Run `mltool rollback {model} {environment} --to {wanted} --reason …`.",
        )


def _target(state: ModelState, stage: Stage, to: str) -> Event:
    if to != PREVIOUS:
        wanted = to.removeprefix("v")
        if wanted == stage.version:
            raise UserError(
                f"{stage.name} is meant to run {wanted} already.", "Run `mltool deploy` to see that it does."
            )
        if wanted not in {event.version for event in _deployed(state, stage.name) or _promoted(state, stage.name)}:
            raise RefusedError(
                f"{wanted} was never live in {stage.name}, and a rollback only goes back.",
                f"Promote and deploy it: `mltool deploy {state.name} {stage.name} --version {wanted}`.",
            )
        return registered(state, wanted)
    found = good_before(state, stage.name, stage.version)
    if found is None:
        raise UserError(
            f"No version of {state.name} was live in {stage.name} before {stage.version} that is not on hold.",
            "Name one with --to VERSION.",
        )
    return found


def _deployed(state: ModelState, environment: str) -> list[Event]:
    """Return the deployments that ended well, newest first."""
    events = (event for event in reversed(state.events) if event.kind == "deploy" and event.stage == environment)
    return [event for event in events if event.outcome == "live"]


def _promoted(state: ModelState, environment: str) -> list[Event]:
    """Return what was put there, newest first, where nobody ever recorded a deployment."""
    events = reversed(state.events)
    return [event for event in events if event.kind in ("promote", "rollback") and event.stage == environment]
