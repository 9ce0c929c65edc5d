"""Whether scores are probabilities."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from mltool.gates.model_tests import Claim
from mltool.testing import record
from mltool.testing.undecided import UndecidedError

Floats = NDArray[np.float64]
FEWEST = 20


def calibrated(
    truth: Sequence[Any],
    score: Sequence[float],
    *,
    max_error: float,
    positive: Any = 1,
    bins: int = 10,
    alpha: float = 0.05,
) -> None:
    """Assert that the calibration error is shown to be at most `max_error`: the root of the mean squared gap, over bins
    of equally many rows, between the mean score and the share of `positive` in `truth`.

    The estimate is free of the bias of counting noise as error (Kumar, Liang and Ma 2019, arXiv:1909.10155, section 4);
    its bounds are at confidence 1 − `alpha` each, for gaps that are about normal. Raises AssertionError where more is
    shown, UndecidedError where the rows cannot tell, ValueError for scores that are no probabilities or fewer than 20
    rows a bin.
    """
    __tracebackhide__ = True
    hits = np.asarray(pd.Series(list(truth)) == positive, dtype=float)
    scores = np.asarray(score, dtype=float)
    if len(hits) != len(scores) or not len(scores):
        raise ValueError(f"there are {len(hits)} truths and {len(scores)} scores")
    if not (np.isfinite(scores).all() and scores.min() >= 0 and scores.max() <= 1):
        raise ValueError("a score that is missing, below 0 or above 1 is no probability")
    if len(scores) < FEWEST * bins:
        raise ValueError(f"{len(scores)} rows are too few for {bins} bins: {FEWEST} for each are needed")
    binned = _bins(hits, scores, bins)
    gap, variance, rows = (binned[name].to_numpy(dtype=float) for name in ("gap", "variance", "rows"))
    low, error, high = bounds(gap, variance, rows, alpha=alpha)
    record.claimed(
        Claim(
            statement="The calibration error",
            answer="pass" if high <= max_error else "fail" if low > max_error else "undecided",
            measured=error,
            low=low,
            high=high,
            allowed=max_error,
            rows=len(scores),
        )
    )
    if high <= max_error:
        return
    said = f"{error:.4f} ({low:.4f} to {high:.4f} at {1 - alpha:.0%} confidence each), where {max_error:g} may be"
    shown = binned.drop(columns="variance").to_string(index=False, float_format=lambda value: f"{value:.3f}")
    if low > max_error:
        raise AssertionError(f"The calibration error is {said}.\n{shown}")
    raise UndecidedError(f"undecided: the calibration error is {said}: {len(scores):,} rows are too few.\n{shown}")


def bounds(gap: Floats, variance: Floats, rows: Floats, *, alpha: float) -> tuple[float, float, float]:
    """Return lower bound, estimate and upper bound of the root mean squared gap; all arrays have shape (bins,).

    The sum of squares is a multiple of a noncentral χ² variable, exactly where the variances are equal, else with the
    scale and the degrees of freedom of Satterthwaite 1946, doi:10.2307/3002019.
    """
    weight = rows / rows.sum()
    noise = float((weight * variance).sum())
    scale = float((weight**2 * variance**2).sum()) / noise
    freedom, seen = noise / scale, float((weight * gap**2).sum()) / scale
    low = scale * _noncentrality(seen, freedom, 1 - alpha)
    # Gaps smaller than their own noise are luck, and no proof of an error smaller than that.
    high = scale * _noncentrality(max(seen, freedom), freedom, alpha)
    return math.sqrt(low), math.sqrt(max(scale * seen - noise, 0.0)), math.sqrt(high)


def _noncentrality(seen: float, freedom: float, share: float) -> float:
    """Return how far off zero the mean is where `share` of the χ² variables lie below `seen`."""
    if float(special.chdtr(freedom, seen)) <= share:
        return 0.0
    return float(special.chndtrinc(seen, freedom, share))


def _bins(hits: Floats, scores: Floats, bins: int) -> pd.DataFrame:
    order = np.argsort(scores, kind="stable")
    made = []
    for part in np.array_split(order, bins):
        gaps = hits[part] - scores[part]
        # A bin in which all were right still has a chance of a miss: never a variance of nothing.
        spread = max(float(gaps.var(ddof=1)), 1 / (4 * len(part)))
        made.append(
            {
                "rows": len(part),
                "mean score": float(scores[part].mean()),
                "share": float(hits[part].mean()),
                "gap": float(gaps.mean()),
                "variance": spread / len(part),
            }
        )
    return pd.DataFrame(made)
