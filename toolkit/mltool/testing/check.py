"""What a model test asserts. Each is a plain function that raises AssertionError with the rows against it."""

from mltool.testing.behaviour import directional, invariant, minimum, stable
from mltool.testing.calibration import calibrated
from mltool.testing.fairness import demographic_parity, equalised_odds
from mltool.testing.parity import served
from mltool.testing.processes import deterministic, memory
from mltool.testing.speed import latency
from mltool.testing.undecided import UndecidedError

__all__ = [
    "UndecidedError",
    "calibrated",
    "demographic_parity",
    "deterministic",
    "directional",
    "equalised_odds",
    "invariant",
    "latency",
    "memory",
    "minimum",
    "served",
    "stable",
]
