"""What may be written into the ledger: each wish becomes an event, or is refused in one sentence."""

from collections.abc import Iterable
from datetime import UTC, datetime

from mltool.errors import RefusedError, UserError, did_you_mean
from mltool.registry import semver, tag
from mltool.registry.model import Event, EventKind, Ledger, ModelState, NewEvent
from mltool.registry.semver import Part
from mltool.release.deploy import refuse_held, registered


def known_model(name: str, known: Iterable[str]) -> str:
    """Return the model's name as tags spell it, or raise UserError with the names that are near."""
    wanted = tag.spelled(name)
    names = sorted({tag.spelled(other) for other in known})
    if wanted not in names:
        hint = did_you_mean(wanted, names, most=3) or _what_there_is(names)
        raise UserError(f"There is no model `{name}`.", hint)
    if not tag.is_model(wanted):
        raise UserError(
            f"`{name}` cannot name a tag.", "Use letters, digits, `-`, `_` and `/`, with a letter or digit at each end."
        )
    return wanted


def state(ledger: Ledger, name: str) -> ModelState:
    """Return the model as the ledger has it; raises UserError for one that it does not know."""
    if not ledger.models:
        raise UserError("No model is registered in this repository.", "Begin with `mltool register MODEL VERSION`.")
    return ledger.models[known_model(name, ledger.models)]


def next_version(known: ModelState, *, version: str = "", part: Part | None = None, backport: bool = False) -> str:
    """Return the version that is to be registered; `part` counts on from the highest one that ever was.

    Raises UserError for one that is no version, that exists, or that goes back. A `backport` may be lower than the
    highest version, and not than those of its own minor version.
    """
    past = _ever(known)
    if part is not None:
        return semver.bump(max(past, key=semver.key, default="0.0.0"), part)
    wanted = version.removeprefix("v")
    if not semver.is_version(wanted):
        what = f"`{version}` is no version." if version else f"Which version of {known.name}?"
        raise UserError(what, f"Write `mltool register {known.name} 1.4.0`, or --bump minor.")
    if wanted in past:
        raise UserError(f"{known.name} {wanted} exists: {told(past[wanted])}.", "A version is never used twice.")
    line = [other for other in past if not backport or _minor(other) == _minor(wanted)]
    highest = max(line, key=semver.key, default="")
    if highest and semver.key(wanted) < semver.key(highest):
        raise UserError(
            f"{known.name} {wanted} goes back: {highest} is registered.",
            "Choose a higher one." if backport else "Choose a higher one, or give --backport for an older line.",
        )
    return wanted


def refuse_named(known: ModelState, commit: str, version: str) -> None:
    """Raise UserError where the commit has a version already that is not a candidate for the new one."""
    for event in known.versions:
        if event.tag.commit == commit and "-" not in event.version:
            raise UserError(
                f"{commit[:7]} is {known.name} {event.version} already: {told(event)}.",
                f"Commit what makes it {version}, or name another commit with --commit.",
            )


def promote(known: ModelState, version: str, environment: str, *, reason: str) -> tuple[NewEvent, ...]:
    """Return the promotion; nothing where the environment is meant to run the version already.

    Raises UserError where the version is unknown, RefusedError where it is held or older than what is there.
    """
    found = registered(known, version.removeprefix("v"))
    stage = known.stages.get(environment)
    if stage is not None and stage.version == found.version:
        return ()
    refuse_held(known, found.version)
    if stage is not None and stage.version and semver.key(found.version) < semver.key(stage.version):
        raise RefusedError(
            f"{environment} is meant to run {known.name} {stage.version}, and {found.version} is older.",
            f"Run `mltool rollback {known.name} {environment} --to {found.version} --reason …`.",
        )
    return (_about(found, "promote", stage=environment, reason=reason),)


def approve(known: ModelState, version: str, environment: str, *, reason: str, who: str) -> NewEvent:
    """Return the approval of a registered version for an environment."""
    event = registered(known, version.removeprefix("v"))
    return _about(event, "approve", stage=environment, reason=reason, approvers=(who,) if who else ())


def hold(known: ModelState, version: str, *, reason: str) -> tuple[NewEvent, ...]:
    """Return the hold; nothing where the version is held. Raises UserError without a reason."""
    event = registered(known, version.removeprefix("v"))
    _want_reason(reason)
    return () if event.version in known.held else (_about(event, "hold", reason=reason),)


def unhold(known: ModelState, version: str, *, reason: str) -> tuple[NewEvent, ...]:
    """Return what ends the hold; nothing where there is none. Raises UserError without a reason."""
    event = registered(known, version.removeprefix("v"))
    _want_reason(reason)
    return (_about(event, "unhold", reason=reason),) if event.version in known.held else ()


def known_environment(name: str, known: Iterable[str]) -> str:
    """Return the name, or raise UserError: it must be one of `known`, if there are any, and can be in a tag."""
    names = sorted(known)
    if names and name not in names:
        hint = did_you_mean(name, names) or f"Known are {', '.join(names)}."
        raise UserError(f"mltool.toml has no environment `{name}`.", hint)
    if not tag.is_stage(name):
        raise UserError(f"`{name}` cannot name an environment.", "Use letters, digits, `-`, `_` and `/`.")
    return name


def told(event: Event) -> str:
    """Return who did it, when and where, for a sentence."""
    day = datetime.fromtimestamp(event.tag.date, UTC).date()
    return f"{event.actor or 'somebody'} registered it on {day} at {event.tag.commit[:7]}"


def _about(
    event: Event, kind: EventKind, *, stage: str = "", reason: str = "", approvers: tuple[str, ...] = ()
) -> NewEvent:
    return NewEvent(
        kind=kind,
        model=event.model,
        commit=event.tag.commit,
        version=event.version,
        stage=stage,
        manifest=event.manifest,
        approvers=approvers,
        reason=reason,
    )


def _ever(known: ModelState) -> dict[str, Event]:
    """Return every version that was ever registered: one that was taken back is not free again."""
    return {event.version: event for event in known.events if event.kind == "register"}


def _minor(version: str) -> tuple[int, ...]:
    return semver.key(version)[0][:2]


def _want_reason(reason: str) -> None:
    if not reason.strip():
        raise UserError("A hold without a reason helps nobody who reads the ledger.", "Give --reason.")


def _what_there_is(names: list[str]) -> str:
    if not names:
        return "Name it under `artifacts:` in dvc.yaml, or as [models.NAME] in mltool.toml."
    return f"There are {', '.join(f'`{name}`' for name in names[:10])}."
