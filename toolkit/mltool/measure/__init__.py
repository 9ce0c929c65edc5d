"""Heavy work that leaves small facts: the one room that may load pandas and scikit-learn.

from mltool import measure

parts = measure.by_time(frame, time="sold_at")
with measure.cost() as cost:
    model.fit(parts.train[features], parts.train["y_true"])
measured = measure.evaluate(predictions, slices=["country"])
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mltool.measure.costs import Cost, command, cost, latency, size
from mltool.measure.evaluation import Evaluation, evaluate
from mltool.measure.evaluation import write as write_evaluation
from mltool.measure.facts import number
from mltool.measure.facts import write as write_fact
from mltool.measure.predicted import Predicted, Task
from mltool.measure.predictions import check
from mltool.measure.splits import Parts, Shares, at_random, by_group, by_time
from mltool.measure.table import read, require, write

if TYPE_CHECKING:
    from mltool.measure.model_file import load_model, save_model

__all__ = [
    "Cost",
    "Evaluation",
    "Parts",
    "Predicted",
    "Shares",
    "Task",
    "at_random",
    "by_group",
    "by_time",
    "check",
    "command",
    "cost",
    "evaluate",
    "latency",
    "load_model",
    "number",
    "read",
    "require",
    "save_model",
    "size",
    "write",
    "write_evaluation",
    "write_fact",
]


def __getattr__(name: str) -> Any:
    """Return what reads and writes models when it is first asked for: skops takes 0.7 s to import."""
    if name in ("load_model", "save_model"):
        return getattr(import_module("mltool.measure.model_file"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
