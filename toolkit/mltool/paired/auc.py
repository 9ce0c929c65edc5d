"""Areas under curves of a score: ROC, by placements that also say what each row contributes; precision and recall."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

SOURCE = "DeLong et al. 1988, doi:10.2307/2531595, by midranks: Sun and Xu 2014, doi:10.1109/LSP.2014.2337313"

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def influence(truth: Flags, scores: Floats) -> tuple[float, Floats]:
    """Return the area under the ROC curve and the influence of each row on it, shape (n,), with mean zero.

    The variance of the influences is DeLong's, in O(n log n) by midranks; of clusters, their sums give that of
    Obuchowski 1997 (doi:10.2307/2533958). Raises ValueError where only one class is there: no area is defined.
    """
    positives, negatives = int(truth.sum()), int((~truth).sum())
    if not positives or not negatives:
        raise ValueError("the truth has one class only")
    above, below = _placements(scores[truth], scores[~truth])
    area, rows = float(above.mean()), len(truth)
    values = np.empty(rows)
    values[truth] = (above - area) * (rows / positives)
    values[~truth] = (below - area) * (rows / negatives)
    return area, values


def difference_error(truth: Flags, moved: Floats) -> float:
    """Return DeLong's standard error of the difference of two areas, from the difference of their influences.

    Equations 4 to 7 of DeLong 1988: each class has a variance of its own, with its rows less one.
    """
    rows = len(truth)
    parts = [moved[flags] * (np.count_nonzero(flags) / rows) for flags in (truth, ~truth)]
    return float(np.sqrt(sum(_variance(part) / len(part) for part in parts)))


def _placements(positive: Floats, negative: Floats) -> tuple[Floats, Floats]:
    """Return, for each positive, the share of negatives it is above, and for each negative the share of positives above
    it; ties count half.
    """
    m, n = len(positive), len(negative)
    together = rankdata(np.concatenate([positive, negative]))
    return (together[:m] - rankdata(positive)) / n, 1.0 - (together[m:] - rankdata(negative)) / m


def _variance(values: Floats) -> float:
    return float(np.var(values, ddof=1)) if len(values) > 1 else 0.0


def average_precision(truth: Flags, scores: Floats) -> Callable[[Floats], float]:
    """Return a function from row weights, shape (n,), to the area under the precision-recall curve; it sorts once.

    Equal scores count as one step, as in scikit-learn; NaN where no positive has a weight.
    """
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    hit = truth[order]

    def area(weights: Floats) -> float:
        found = weights[order]
        hits, taken = np.cumsum(found * hit)[ends], np.cumsum(found)[ends]
        precision = np.divide(hits, taken, out=np.zeros_like(hits), where=taken > 0)
        return float(np.sum(np.diff(hits, prepend=0.0) * precision) / hits[-1]) if hits[-1] else float("nan")

    return area
