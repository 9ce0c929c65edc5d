"""What reading a snapshot asks of the world: stored objects by hash, and templates resolved."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True)
class Template:
    """One `dvc.yaml` with `${…}`, `foreach` or `matrix`, and every file it may take values from.

    `files` are (path, content), the `dvc.yaml` itself among them; equal keys mean equal templates.
    """

    file: str
    files: tuple[tuple[str, bytes], ...]
    key: str


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """One `dvc.yaml` with its templates filled in. `document` is as if it had been written without any.

    `used` maps each file of `vars` to the values that stages took from it; `problem` says why DVC could not.
    """

    document: Mapping[str, Any] = field(default_factory=dict)
    used: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    problem: str = ""


class Resolve(Protocol):
    """Fill templates in."""

    def __call__(self, templates: Iterable[Template]) -> Mapping[str, Resolved]:
        """Return each template by its key, filled in."""


class Objects(Protocol):
    """Read what DVC stored."""

    def __call__(self, hashes: Iterable[str], *, download: bool = True) -> Mapping[str, bytes]:
        """Return the objects with these hashes (`md5:…`) that can be had; without `download`, from this machine."""
