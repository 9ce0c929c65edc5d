"""Where a model runs: one module a kind of target."""

from collections.abc import Mapping
from typing import Any, Final

from mltool.targets import compose, exec, kubernetes, local, sagemaker  # noqa: A004 - a module of this name
from mltool.targets.target import (
    NOTHING,
    Connects,
    Delivery,
    Measures,
    NotReadyError,
    Place,
    Running,
    Target,
    settings,
)

TARGETS: Final[Mapping[str, Target[Any]]] = {
    "local": local,
    "exec": exec,
    "compose": compose,
    "kubernetes": kubernetes,
    "sagemaker": sagemaker,
}
MEASURES: Final[Mapping[str, Measures[Any]]] = {"local": local}
CONNECTS: Final[Mapping[str, Connects[Any]]] = {"sagemaker": sagemaker}

__all__ = [
    "CONNECTS",
    "MEASURES",
    "NOTHING",
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
