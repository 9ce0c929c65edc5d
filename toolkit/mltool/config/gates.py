"""What a pull request is judged by, and where its facts are."""

from dataclasses import dataclass
from datetime import date
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
    group: str = ""
    """A column of the predictions: the metric is a gap between its groups, such as `equalized_odds_difference`."""
    function: str = ""
    """`path:name` of a function of this repository that computes the metric, such as `scoring.py:profit`: it is called
    with truth, label and score, and runs only where the change is checked out."""
    seconds: float = 60.0
    """How long the draws of `function` may take; of a slower one fewer are made, and the verdict says how many."""
    test: Literal["auto", "repeats", "paired", "history", "tolerance"] = "auto"
    """How to compare: several trainings of both sides seed by seed (and row by row, with predictions), the predictions
    of both sides row by row, the metric's usual moves from commit to commit, or the two values alone; `auto` takes the
    first that the facts allow, any other leaves it undecided where they do not."""
    alpha: float = 0.05
    """How often, at most, a model that is as good may be called worse."""
    slices: tuple[str, ...] = ()
    """Columns of the predictions: the rule holds for the rows of each of their values too."""
    secondary: bool = False
    """Whether this is one of many looks at the model, which together are wrong no more often than one primary gate."""
    fail_on: Literal["regression", "undecided"] = "regression"
    """What fails: a drop that is shown, or also one that cannot be ruled out."""
    level: Literal["fail", "warn"] = "fail"
    """What a failing verdict does to the check."""


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """A regression that people decided to live with for a time; `mltool accept` writes it."""

    metric: str
    """`path:key`, as the gate has it."""
    reason: str
    """Why; it stands in the report and in the release notes."""
    value: float
    """The metric when it was accepted: what is worse than this is not."""
    until: date
    """The last day on which it holds."""
    slice: str = ""
    """`column=value`; empty: all rows."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Where the pipeline leaves small measured files that are no metrics."""

    slices: str = "eval/slices.json"
    """Scores by group: `{column: {value: {"rows": n, metric: score}}}`."""
    cost: str = "eval/cost.json"
    """What making and serving the model costs: `{name: number}`."""
    leakage: str = "eval/leakage.json"
    """How many test rows stand in the training table too: what `mltool measure leakage` writes."""


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """The predictions on the test set, one row a line: where they are, and what their columns mean."""

    path: str = "eval/predictions.parquet"
    """A Parquet or CSV file that DVC or Git tracks; with a `*` several, one of each training."""
    repeat: str = ""
    """A column that says which training a row is of, where one file holds several, such as `seed`."""
    id: str = "row_id"
    truth: str = "y_true"
    label: str = "y_pred"
    score: str = "y_score"
    """The score of the positive class; of several classes, `y_score_<class>` each."""
    cluster: str = ""
    """A column whose equal values hang together, such as a customer: whole clusters are drawn, not rows."""
    time: str = ""
    """A column to put the rows in order by, where neighbours in time are alike: blocks are drawn, not rows."""
    slices: tuple[str, ...] = ()
    """Columns to look for the groups of rows that lost most; they are shown, not judged."""
