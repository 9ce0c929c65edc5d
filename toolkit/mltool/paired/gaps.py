"""Gaps between groups of rows: how differently a model treats them, from the confusion matrix of each group."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mltool.gates import gaps as names
from mltool.gates.gaps import Spread
from mltool.paired import cells, metrics
from mltool.paired.cells import Score
from mltool.paired.join import Pairs

Floats = NDArray[np.float64]

FEWEST = 30
"""So many rows a group needs to be counted, where the smaller ones are left out."""


@dataclass(frozen=True, kw_only=True)
class Rate:
    """What is taken in each group: a function of its confusion matrix, and how many of its rows that stands on."""

    name: str
    of: Score
    rows: Score


@dataclass(frozen=True, kw_only=True)
class Gap:
    """How far the groups of the column `group` lie apart in `rates`; of several rates the widest, or their mean.

    Groups of fewer than `least` rows are not counted, nor those in which a rate is not defined. `to_overall` takes the
    group farthest from all rows together, not the two farthest from each other.
    """

    name: str
    group: str
    rates: tuple[Rate, ...]
    spread: Spread
    to_overall: bool = False
    mean: bool = False
    least: int = 0

    def of(self, matrix: Floats) -> Floats:
        """Return the gap of matrices (…, groups, truth, label), shape (…); NaN where it is not defined."""
        each = np.stack([self._spread(rate, matrix) for rate in self.rates])
        if self.mean:
            return np.asarray(each.mean(0))
        return np.asarray(each.max(0) if self.spread in ("difference", "largest") else each.min(0))

    def _spread(self, rate: Rate, matrix: Floats) -> Floats:
        values = rate.of(matrix)
        there = np.isfinite(values)
        low, high = (np.where(there, values, end) for end in (np.inf, -np.inf))
        least, most = low.min(-1), high.max(-1)
        if self.to_overall:
            overall = rate.of(matrix.sum(-3))
            found = _from_overall(self.spread, np.where(there, values, overall[..., None]), overall[..., None])
        else:
            found = _between(self.spread, least, most)
        return np.asarray(np.where(there.sum(-1) > 1, found, np.nan))


def candidates(key: str, pairs: Pairs, group: str) -> Iterator[Gap]:
    """Yield what a key of a metrics file may mean as a gap between the groups of a column, the likeliest first: of all
    groups, or of those large enough; between two of them, or to all rows together; the widest of two rates, or their
    mean.
    """
    name = names.parse(key)
    for rates in _rates(name.of, pairs) if name else ():
        for least in (0, FEWEST):
            for mean in (False, True)[: len(rates)]:
                for overall in (False, True) if name and name.spread in ("difference", "ratio") else (False,):
                    yield Gap(
                        name=f"{name.of} {name.spread}" if name else "",
                        group=group,
                        rates=rates,
                        spread=name.spread if name else "difference",
                        to_overall=overall,
                        mean=mean,
                        least=least,
                    )


def _rates(of: str, pairs: Pairs) -> Iterator[tuple[Rate, ...]]:
    known = _ANY if len(pairs.classes) != 2 else {**_ANY, **_BINARY}
    for pattern, rates in known.items() if pairs.classes else ():
        if re.fullmatch(rf"(?:(?:test|val|valid|validation|eval|holdout|dev)_)?(?:{pattern})", of):
            yield rates
            return
    for metric in metrics.candidates(of, pairs):
        if isinstance(metric, metrics.Cells):
            yield (Rate(name=metric.name, of=metric.of, rows=_all),)


def _between(spread: Spread, least: Floats, most: Floats) -> Floats:
    if spread == "difference":
        return np.asarray(most - least)
    return cells.ratio(least, most) if spread == "ratio" else least if spread == "smallest" else most


def _from_overall(spread: Spread, values: Floats, overall: Floats) -> Floats:
    if spread == "difference":
        return np.asarray(np.abs(values - overall).max(-1))
    apart = cells.ratio(np.minimum(values, overall), np.maximum(values, overall))
    return np.asarray(apart.min(-1))


def _all(matrix: Floats) -> Floats:
    return np.asarray(matrix.sum((-2, -1)))


def _positives(matrix: Floats) -> Floats:
    return np.asarray(matrix[..., 1, :].sum(-1))


def _negatives(matrix: Floats) -> Floats:
    return np.asarray(matrix[..., 0, :].sum(-1))


def _chosen(matrix: Floats) -> Floats:
    return np.asarray(matrix[..., :, 1].sum(-1))


def _accuracy(matrix: Floats) -> Floats:
    return cells.ratio(np.trace(matrix, axis1=-2, axis2=-1), _all(matrix))


def _errors(matrix: Floats) -> Floats:
    return np.asarray(1.0 - _accuracy(matrix))


def _selected(matrix: Floats) -> Floats:
    return cells.ratio(_chosen(matrix), _all(matrix))


def _false_alarms(matrix: Floats) -> Floats:
    return cells.ratio(matrix[..., 0, 1], _negatives(matrix))


def _misses(matrix: Floats) -> Floats:
    return cells.ratio(matrix[..., 1, 0], _positives(matrix))


def _precision(matrix: Floats) -> Floats:
    return cells.ratio(matrix[..., 1, 1], _chosen(matrix))


_TRUE = Rate(name="true positive rate", of=cells.recall, rows=_positives)
_FALSE = Rate(name="false positive rate", of=_false_alarms, rows=_negatives)
_ANY: dict[str, tuple[Rate, ...]] = {
    r"acc(uracy)?(_score)?|overall_accuracy_equality": (Rate(name="accuracy", of=_accuracy, rows=_all),),
    r"err(or)?(_rate)?|zero_one_loss|misclassification(_rate)?": (Rate(name="error rate", of=_errors, rows=_all),),
}
_BINARY: dict[str, tuple[Rate, ...]] = {
    r"demographic_parity|statistical_parity|selection_rate": (Rate(name="selection rate", of=_selected, rows=_all),),
    r"equali[sz]ed_odds|average_odds": (_TRUE, _FALSE),
    r"equal_opportunity|true_positive_rate|tpr|recall(_score)?|sensitivity": (_TRUE,),
    r"predictive_equality|false_positive_rate|fpr": (_FALSE,),
    r"false_negative_rate|fnr": (Rate(name="false negative rate", of=_misses, rows=_positives),),
    r"true_negative_rate|tnr|specificity": (Rate(name="specificity", of=cells.specificity, rows=_negatives),),
    r"predictive_parity|precision(_score)?|ppv": (Rate(name="precision", of=_precision, rows=_chosen),),
}
