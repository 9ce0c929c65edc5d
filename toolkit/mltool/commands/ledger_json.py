"""The ledger as JSON, in shapes that stay (docs/ledger.md has them)."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from mltool.commands.ledger import Written
from mltool.commands.registry import Then
from mltool.registry.model import Event, Finding, Ledger, ModelState, NewEvent, Stage

WRITTEN: Final = "mltool.written/1"
LOG: Final = "mltool.log/1"
STATUS: Final = "mltool.status/1"
FINDINGS: Final = "mltool.findings/1"


def written(done: Written) -> str:
    """Return what a verb wrote, or would write."""
    events = [
        {"tag": name} | (event(item) if isinstance(item, Event) else _said(item))
        for name, item in zip(done.tags, done.events, strict=True)
    ]
    return _document(WRITTEN, dry_run=done.dry_run, remote=done.remote, events=events, notes=list(done.notes))


def log(events: Iterable[Event], foreign: Iterable[Finding]) -> str:
    """Return events in the order given, and what was passed over."""
    return _document(LOG, events=[event(item) for item in events], findings=[finding(item) for item in foreign])


def status(ledger: Ledger) -> str:
    """Return the state of every model."""
    return _document(STATUS, **_state(ledger))


def then(found: Then) -> str:
    """Return the state of every model at a moment, and what was said about the commit that it was asked for."""
    return _document(
        STATUS,
        at=when(found.moment),
        commit=found.commit or None,
        events=[event(item) for item in found.events],
        **_state(found.ledger),
    )


def findings(found: Iterable[Finding], *, events: int) -> str:
    """Return what verification found in a ledger of so many events."""
    return _document(FINDINGS, events=events, findings=[finding(item) for item in found])


def event(item: Event) -> dict[str, Any]:
    """Return one event."""
    tag = item.tag
    return _said(item) | {
        "tag": tag.name,
        "object": tag.object,
        "date": when(tag.date),
        "tagger": {"name": tag.tagger, "email": tag.email},
        "sequence": item.sequence if item.sequence >= 0 else None,
        "previous": item.previous or None,
        "chained": item.chained,
        "signed": tag.signed,
    }


def finding(item: Finding) -> dict[str, Any]:
    """Return one finding."""
    return {"kind": item.kind, "tag": item.tag, "model": item.model, "sentence": item.sentence}


def when(seconds: int) -> str:
    """Return a moment as ISO 8601 in UTC; one that no calendar has is the last one of ours."""
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        moment = datetime.max.replace(tzinfo=UTC, microsecond=0)
    return moment.isoformat().replace("+00:00", "Z")


def _said(item: NewEvent | Event) -> dict[str, Any]:
    return {
        "kind": item.kind,
        "model": item.model,
        "version": item.version,
        "stage": item.stage,
        "commit": item.tag.commit if isinstance(item, Event) else item.commit,
        "manifest": item.manifest,
        "actor": item.actor,
        "approvers": list(item.approvers),
        "reason": item.reason,
        "outcome": item.outcome,
        "despite": item.despite,
        "blessing": _blessing(item.blessing),
    }


def _blessing(text: str) -> Any:
    """Return the judgement in an event as it stands there; null without one, and for a text that is none."""
    try:
        return msgspec.json.decode(text) if text else None
    except msgspec.MsgspecError:
        return None


def _state(ledger: Ledger) -> dict[str, Any]:
    return {
        "models": [_model(item) for item in ledger.models.values()],
        "findings": [finding(item) for item in ledger.foreign],
    }


def _model(item: ModelState) -> dict[str, Any]:
    return {
        "name": item.name,
        "events": len(item.events),
        "head": item.head or None,
        "versions": [
            {
                "version": known.version,
                "commit": known.tag.commit,
                "manifest": known.manifest,
                "date": when(known.tag.date),
                "held": event(item.held[known.version]) if known.version in item.held else None,
            }
            for known in item.versions
        ],
        "stages": [_stage(stage) for stage in item.stages.values()],
    }


def _stage(stage: Stage) -> dict[str, Any]:
    deployed = event(stage.deployed) if stage.deployed else None
    return {"name": stage.name, "version": stage.version, "event": event(stage.event), "deployed": deployed}


def _document(schema: str, **parts: Any) -> str:
    return msgspec.json.format(msgspec.json.encode({"schema": schema} | parts), indent=2).decode() + "\n"
