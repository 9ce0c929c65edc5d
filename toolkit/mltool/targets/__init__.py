"""Where a model runs: one module a kind of target."""

from collections.abc import Mapping
from typing import Any, Final

from mltool.targets import local
from mltool.targets.target import (
    Connects,
    Delivery,
    Measures,
    NotReadyError,
    Place,
    Running,
    Target,
    settings,
)

TARGETS: Final[Mapping[str, Target[Any]]] = {"local": local}
MEASURES: Final[Mapping[str, Measures[Any]]] = {"local": local}
CONNECTS: Final[Mapping[str, Connects[Any]]] = {}

__all__ = [
    "CONNECTS",
    "MEASURES",
    "TARGETS",
    "Connects",
    "Delivery",
    "Measures",
    "NotReadyError",
    "Place",
    "Running",
    "Target",
    "settings",
]
