"""What passes between mltool and the process in which a function of the repository runs, beside the arrays."""

from dataclasses import dataclass

SWAPS = 1_000
DRAWS = 500


@dataclass(frozen=True, kw_only=True)
class PartPlan:
    """Rows to compute the metric on. `scores` are the classes that base and head have scores of (`""`: of the positive
    one). Rows of one unit change sides together; `block` neighbours are drawn together (None: whole units are).
    `drawn` says whether chance is asked for, which comes from `seed`.
    """

    seed: int
    scores: tuple[tuple[str, ...], tuple[str, ...]]
    block: int | None = None
    drawn: bool = True


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to call, on which rows, and for how many seconds in all."""

    folder: str
    file: str
    name: str
    seconds: float
    parts: tuple[PartPlan, ...]


@dataclass(frozen=True, kw_only=True)
class PartAnswer:
    """The metric of base and head; head less base where sides were swapped and where rows were drawn (None: the
    function gave no number); or `why` there is nothing.
    """

    base: float = 0.0
    head: float = 0.0
    swaps: tuple[float | None, ...] = ()
    draws: tuple[float | None, ...] = ()
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The answer for each part, or why there is none for any."""

    parts: tuple[PartAnswer, ...] = ()
    why: str = ""
