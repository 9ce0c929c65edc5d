"""What the ledger says is live."""

from collections.abc import Iterable
from dataclasses import dataclass

from mltool.registry.model import Event, Ledger, ModelState, Stage

PRODUCTION = ("prod", "production")


@dataclass(frozen=True, kw_only=True)
class Live:
    """A model that is live: its version as people say it (`v1.3.0`, or a tag's name without one), and its commit."""

    model: str
    version: str
    commit: str


def live(ledger: Ledger, environments: Iterable[str] = PRODUCTION) -> tuple[Live, ...]:
    """Return what is live, one entry a model: what was last put into the first of `environments` that the model was
    ever in, else its highest version. A model that was taken out is not live.
    """
    wanted = tuple(environments)
    return tuple(found for model in ledger.models.values() if (found := _live(model, wanted)))


def _live(model: ModelState, environments: tuple[str, ...]) -> Live | None:
    stage = next((model.stages[name] for name in environments if name in model.stages), None)
    if stage is not None:
        return _in(model, stage)
    return _registered(model.versions[-1]) if model.versions else None


def _in(model: ModelState, stage: Stage) -> Live | None:
    if stage.event.kind == "demote":
        return None
    known = model.registered(stage.version)
    tag = stage.event.tag
    return _registered(known) if known else Live(model=model.name, version=tag.name, commit=tag.commit)


def _registered(event: Event) -> Live:
    return Live(model=event.model, version=f"v{event.version}", commit=event.tag.commit)
