"""Areas under curves of a score: ROC, by placements that also say what each row contributes; precision and recall."""

import math

import numpy as np
from numpy.typing import NDArray

SOURCE = "DeLong et al. 1988, doi:10.2307/2531595, by midranks: Sun and Xu 2014, doi:10.1109/LSP.2014.2337313"

TURNED = "Venkatraman and Begg 1996, doi:10.1093/biomet/83.4.835"
RANKED = "infinitesimal jackknife"
RANKED_SOURCE = "Jaeckel 1972; Efron 1982, The Jackknife, the Bootstrap and Other Resampling Plans, chapter 6"

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Codes = NDArray[np.intp]


def influence(truth: Flags, scores: Floats, rising: Codes | None = None) -> tuple[float, Floats]:
    """Return the area under the ROC curve and the influence of each row on it, shape (n,), with mean zero; `rising` is
    the order of the scores, where it is known.

    The variance of the influences is DeLong's, in O(n log n) by midranks; of clusters, their sums give that of
    Obuchowski 1997 (doi:10.2307/2533958). Raises ValueError where only one class is there: no area is defined.
    """
    placed = _placements(truth, scores, rising)
    area = float(placed[truth].mean())
    return area, (placed - area) * _weights(truth)


def turns(truth: Flags, base: Floats, head: Floats) -> Floats:
    """Return what each row adds to the difference of two areas, shape (n,), whose mean it is; where rows change sides,
    each of theirs changes its sign, and nothing else moves.

    With the truth as it is the area is a mean over pairs of rows, so the difference is exactly a sum of such values:
    what a row's place among the scores of both models is in the head, less what it is in the base. Signs that a coin
    draws are then the permutation test of Venkatraman and Begg 1996 (doi:10.1093/biomet/83.4.835) on the area.
    """
    placed = _placements(np.tile(truth, 2), np.concatenate([base, head]))
    return (placed[len(truth) :] - placed[: len(truth)]) * _weights(truth)


def _placements(truth: Flags, scores: Floats, rising: Codes | None = None) -> Floats:
    """Return of a positive the share of negatives below it, of a negative that of positives above it; ties count half.

    Raises ValueError where only one class is there.
    """
    positives = int(truth.sum())
    negatives = len(truth) - positives
    if not positives or not negatives:
        raise ValueError("the truth has one class only")
    order, step, ends = _steps(scores, rising)
    hit = truth[order]
    hits = np.cumsum(hit)[ends]
    upto = np.stack([ends + 1 - hits, hits])  # negatives, positives at or below each step
    midway = upto - np.diff(upto, prepend=0) / 2
    placed = np.empty(len(truth))
    placed[order] = np.where(hit, midway[0][step] / negatives, 1.0 - midway[1][step] / positives)
    return placed


def _weights(truth: Flags) -> Floats:
    """Return by what a row's place is multiplied, so that means over a class are means over all rows."""
    rows, positives = len(truth), int(truth.sum())
    return np.where(truth, rows / positives, rows / (rows - positives))


def _steps(scores: Floats, rising: Codes | None = None) -> tuple[Codes, Codes, Codes]:
    """Return the order of rising scores, the step of each row in that order (equal scores are one), and the last row of
    each step.
    """
    order = np.argsort(scores) if rising is None else rising
    last = np.append(np.diff(scores[order]) != 0, True)
    return order, np.cumsum(last) - last, np.flatnonzero(last)


def difference_error(truth: Flags, moved: Floats) -> tuple[float, float]:
    """Return DeLong's standard error of the difference of two areas, from the difference of their influences, and its
    degrees of freedom.

    Equations 4 to 7 of DeLong 1988: each class has a variance of its own, with its rows less one. The degrees of
    freedom are those of Welch 1947 for two such variances: with a handful of positives the normal is too sure.
    """
    rows = len(truth)
    parts = [moved[flags] * (np.count_nonzero(flags) / rows) for flags in (truth, ~truth)]
    if min(map(len, parts)) < 2:
        return math.inf, 0
    shares = [(float(np.var(part, ddof=1)) / len(part), len(part) - 1) for part in parts]
    variance = sum(share for share, _ in shares)
    below = sum(share**2 / freedom for share, freedom in shares)
    return math.sqrt(variance), variance**2 / below if below else math.inf


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
    order, step, ends = _steps(-scores)
    hit = truth[order].astype(np.float64)
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
