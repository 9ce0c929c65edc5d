"""Whether another form of a model says the same as scikit-learn does."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from mltool.measure.export.outputs import Outputs


@dataclass(frozen=True, kw_only=True)
class Parity:
    """Over `rows` rows: what no difference exceeds, in how many rows one is above the tolerance, how many labels flip.

    The bound is a power of ten, because the digits are those of one processor and would differ on the next.
    """

    max_difference: float
    label_flips: int
    rows: int
    worse: int

    def holds(self) -> bool:
        """Return whether every row is within the tolerance and every label the same."""
        return not self.worse and not self.label_flips

    def document(self) -> dict[str, Any]:
        """Return what `export.json` says."""
        return {"max_difference": self.max_difference, "label_flips": self.label_flips, "rows": self.rows}

    def sentence(self) -> str:
        """Return how far the two are apart, in words."""
        return (
            f"differs from scikit-learn by up to {self.max_difference:g} and is too far off in {self.worse:,} of "
            f"{self.rows:,} rows; {self.label_flips:,} labels flip"
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Attempt:
    """What became of the wish for another form: its bytes and how near it is, or the reason why there is none."""

    content: bytes | None = None
    parity: Parity | None = None
    reason: str = ""


def compare(expected: Outputs, got: Outputs, *, tolerance: float) -> Parity:
    """Return how far two outputs of the same rows are apart.

    A probability differs by its distance; an amount by its distance as a share of the amount where that is above 1.
    """
    distance = np.where(np.isnan(found := _distance(expected, got)), np.inf, found)
    flips = 0 if expected.labels is None or got.labels is None else int(np.sum(expected.labels != got.labels))
    return Parity(
        max_difference=_power_of_ten_above(distance.max()),
        label_flips=flips,
        rows=len(distance),
        worse=int(np.sum(distance > tolerance)),
    )


def _power_of_ten_above(value: float) -> float:
    return float(10.0 ** np.ceil(np.log10(value))) if 0 < value < np.inf else float(value)


def _distance(expected: Outputs, got: Outputs) -> np.ndarray:
    if expected.values is not None and got.values is not None:
        return np.asarray(np.abs(expected.values - got.values) / np.maximum(1, np.abs(expected.values)))
    return np.asarray(np.abs(np.subtract(expected.scores, got.scores)).max(axis=1))  # type: ignore[arg-type] # both are classifiers
