"""What can decide better than the two values of a metric: the predictions of both sides, and the metric's past."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mltool.gates.difference import Difference
from mltool.gates.rules import Settings

SAME_ROWS = "Compare on the same rows."


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A gated metric to compare: its rule, and what the metrics files of both sides say."""

    rule: Settings
    base: float
    head: float


@dataclass(frozen=True, kw_only=True)
class Grounds:
    """What was found out beside the metrics files.

    `paired` maps the name of a gate and a slice (empty: all rows) to the difference of its metric, or to the reason why
    there is none. `unpaired` says why no metric could be compared row by row; `broken`, that the head's predictions are
    there and cannot be used, so that nothing less may decide; `unmoved`, that both sides have the very same; `anew`,
    that the base's are those of its model on the head's test set, so that its metrics files are of other rows. `past`
    has the values of each metric on the target branch, oldest first. `weakest` are the groups of rows that lost most,
    found and not declared. `gone` are the declared slices of which the base has rows and the head none, with how many.
    `unseen` is a sentence: what to do where the head lacks rows of the base, or why the base was not evaluated on the
    head's. `denied` has, by the name of a gate, why the head's metrics file cannot be of its predictions, where the
    base's is, or what is wrong with the function that computes its metric.
    Reasons are clauses: they begin small and end without a dot.
    """

    paired: Mapping[tuple[str, str], Difference | str] = field(default_factory=dict)
    unpaired: str = ""
    broken: bool = False
    unmoved: bool = False
    unseen: str = SAME_ROWS
    anew: bool = False
    past: Mapping[str, Sequence[float]] = field(default_factory=dict)
    weakest: tuple[Difference, ...] = ()
    gone: Mapping[str, int] = field(default_factory=dict)
    denied: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
