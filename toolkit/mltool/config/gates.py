"""What a pull request is judged by, and where its facts are."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Gate:
    """One rule: how far a metric may fall against the base, and how low it may ever be."""

    metric: str
    """`path:key`, for example `metrics.json:accuracy`."""
    direction: Literal["higher", "lower"] | None = None
    """Which way is better; unset: known from the metric's name, or an error."""
    tolerance: float | str = 0.0
    """How much worse than the base still passes: absolute (`0.005`), or of the base's value (`"1%"`)."""
    floor: float | None = None
    """Never below this, whatever the base says; alone where higher is better, with a ceiling a range."""
    ceiling: float | None = None
    """Never above this, whatever the base says; alone where lower is better, with a floor a range."""
    test: Literal["auto", "tolerance"] = "auto"
    """How to compare; `auto` takes the best test that the facts allow, which today is `tolerance`."""
    level: Literal["fail", "warn"] = "fail"
    """What a failing verdict does to the check."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Where the pipeline leaves small measured files that are no metrics."""

    slices: str = "eval/slices.json"
    """Scores by group: `{column: {value: {"rows": n, metric: score}}}`."""
    cost: str = "eval/cost.json"
    """What making and serving the model costs: `{name: number}`."""


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """Where `mltool measure evaluate` finds the predictions and their columns, unless its flags say otherwise."""

    path: str = "eval/predictions.parquet"
    id: str = "row_id"
    truth: str = "y_true"
    label: str = "y_pred"
    score: str = "y_score"
