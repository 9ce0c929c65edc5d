"""Areas under curves of a score: ROC, by placements that also say what each row contributes; precision and recall."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

SOURCE = "DeLong et al. 1988, doi:10.2307/2531595, by midranks: Sun and Xu 2014, doi:10.1109/LSP.2014.2337313"

RANKED = "infinitesimal jackknife"
RANKED_SOURCE = "Jaeckel 1972; Efron 1982, The Jackknife, the Bootstrap and Other Resampling Plans, chapter 6"

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


def average_precision(truth: Flags, scores: Floats) -> tuple[float, Floats]:
    """Return the area under the precision-recall curve and the influence of each row on it, shape (n,), mean zero.

    Equal scores are one step, as in scikit-learn. An influence is the derivative by the row's weight, with which the
    bootstrap's variance is that of their mean (the infinitesimal jackknife, Jaeckel 1972; Efron 1982, chapter 6): with
    T and H the rows and the positives at or above a step, the positive i adds H/T of its step, a row j takes part in
    T and H of every step at or below its own. Raises ValueError where no row is positive.
    """
    positives = int(truth.sum())
    if not positives:
        raise ValueError("the truth has one class only")
    order = np.argsort(-scores, kind="stable")
    hit = truth[order].astype(np.float64)
    first = np.concatenate([[True], np.diff(scores[order]) != 0])
    step = np.cumsum(first) - 1
    ends = np.append(np.flatnonzero(first)[1:], len(scores)) - 1
    hits, taken = np.cumsum(hit)[ends], ends + 1.0
    found = np.diff(hits, prepend=0.0)  # positives that stand at each step
    precision = hits / taken
    area = float(np.sum(found * precision) / positives)
    below_hit = np.cumsum((found / taken)[::-1])[::-1]
    below_all = np.cumsum((found * hits / taken**2)[::-1])[::-1]
    ranked = hit * (precision[step] - area) + hit * below_hit[step] - below_all[step]
    values = np.empty(len(scores))
    values[order] = ranked * (len(scores) / positives)
    return area, values
