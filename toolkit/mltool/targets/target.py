"""What every target has in common: where a model is to run, what is delivered, what runs, and how settings are read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Generic, Protocol, TypeVar

import msgspec

from mltool import http
from mltool.config import unknown
from mltool.errors import RefusedError, UserError
from mltool.release.preflight import Measured

S = TypeVar("S")


@dataclass(frozen=True, kw_only=True)
class Place(Generic[S]):
    """One model in one environment. `url` is where its users reach it, empty where the target knows.

    Relative paths in `settings` are relative to `project`. `models` are all models of the project, whose names may not
    become one where a target allows fewer letters.
    """

    environment: str
    model: str
    settings: S
    project: Path
    url: str = ""
    models: tuple[str, ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One release, unpacked and verified: `folder` holds the files of the bundle, `archive` is its tar where there is
    one. `digest` is `sha256:…` over its release.json.
    """

    model: str
    version: str
    digest: str
    folder: Path
    archive: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Running:
    """What the target says it runs. `trouble` is a sentence about what is wrong with it, empty where nothing is."""

    version: str
    digest: str
    trouble: str = ""


NOTHING: Final = Running(version="", digest="")
"""What runs where nothing does, as far as the target knows."""


class NotReadyError(RefusedError):
    """The version was started where it is to run and did not get ready: a verdict on the version."""


class Target(Protocol[S]):
    """A kind of place; a module is one.

    `apply` returns whether the place itself changed: False says that it wrote files which somebody else applies.
    All raise OutsideError where the place does not answer and UserError for settings that cannot be.
    """

    @property
    def Settings(self) -> type[S]: ...  # noqa: N802 - the name of a class

    def url(self, place: Place[S], /) -> str:
        """Return where the model answers; empty where only its users know."""

    def state(self, place: Place[S], /) -> Running | None:
        """Return what runs there, NOTHING where nothing does; None where only the address can say."""

    def apply(self, place: Place[S], release: Delivery, /) -> bool:
        """Make the place run this release. The same call again does nothing new and finishes what was cut short."""

    def undo(self, place: Place[S], to: Running | None, /) -> None:
        """Bring back what ran before the last `apply`; None takes the model away."""


def settings(cls: type[S], environment: str, table: Mapping[str, Any]) -> S:
    """Return the settings of an environment; raises UserError for an unknown key (with the nearest) or a wrong type."""
    where = f"[environments.{environment}.settings]"
    for found in unknown.keys(cls, table):
        raise UserError(f"{where}: unknown key `{found.name}`.", found.hint)
    try:
        return msgspec.convert(dict(table), cls)
    except msgspec.ValidationError as error:
        message, _, key = str(error).partition(" - at `$.")
        what = f"`{key.rstrip('`')}`: {message[:1].lower()}{message[1:]}" if key else message
        raise UserError(f"{where}: {what}.", "The page on deploying lists what this target wants to know.") from error


class Measures(Protocol[S]):
    """A target that can start a release beside what runs, before anything is switched."""

    def measure(self, place: Place[S], release: Delivery, /) -> Measured:
        """Return what the release cost there; raises NotReadyError where it did not get ready."""


class Connects(Protocol[S]):
    """A target whose models are not reached by plain HTTP."""

    def connect(self, place: Place[S], /) -> http.Send:
        """Return a function that sends one request to the model, as if it were served by HTTP."""
