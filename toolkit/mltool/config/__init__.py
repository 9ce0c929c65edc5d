"""`mltool.toml` → a frozen Config, every default written down."""

from mltool.config.ci import Ci
from mltool.config.data import Data
from mltool.config.gates import Accepted, Facts, Gate, Predictions
from mltool.config.load import FILE, PYPROJECT, Config, judging, load, parse, schema, toml
from mltool.config.release import Approvals, Budget, Card, Environment, Model, Release, Signing
from mltool.config.score import Attested
from mltool.config.test_set import Exam

__all__ = [
    "FILE",
    "PYPROJECT",
    "Accepted",
    "Approvals",
    "Attested",
    "Budget",
    "Card",
    "Ci",
    "Config",
    "Data",
    "Environment",
    "Exam",
    "Facts",
    "Gate",
    "Model",
    "Predictions",
    "Release",
    "Signing",
    "judging",
    "load",
    "parse",
    "schema",
    "toml",
]
