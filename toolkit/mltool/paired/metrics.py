"""What each metric is a function of, which decides how its difference is judged.

A name may mean several things (`f1` of two classes, or the macro mean): the one that gives the value that stands in the
metrics file is meant.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mltool.paired import auc, cells
from mltool.paired.join import Pairs
from mltool.paired.sides import Floats

Which = Literal["base", "head"]


@dataclass(frozen=True, kw_only=True)
class Rows:
    """A metric with one influence value a row: the metric moves by their weighted mean when rows are weighted anew.

    `of` returns the value and the influences, shape (n,), or raises ValueError where the metric is not defined.
    `kind` chooses the method: each row `right` (1) or wrong (0); the plain `mean` of a number a row; the `area` under
    one ROC curve; the square `root` of a mean; a `smooth` function of means, or of what is `ranked` above each row.
    `turns` returns what each row adds to the difference, shape (n,), so that a row that changes sides changes the sign
    of its own and moves no other; without it influences do, which is exact for a mean.
    """

    name: str
    of: Callable[[Pairs, Which], tuple[float, Floats]]
    kind: Literal["right", "mean", "area", "ranked", "root", "smooth"] = "smooth"
    turns: Callable[[Pairs], Floats] | None = None

    def both(self, pairs: Pairs) -> tuple[tuple[float, Floats], tuple[float, Floats]]:
        """Return value and influences of base and of head, computed once a metric and its rows."""
        return pairs.once(self.name, lambda: (self.of(pairs, "base"), self.of(pairs, "head")))


@dataclass(frozen=True, kw_only=True)
class Cells:
    """A metric that is a function of the confusion matrix."""

    name: str
    of: cells.Score


@dataclass(frozen=True, kw_only=True)
class Weighted:
    """A metric that only its value under new row weights is known of."""

    name: str
    of: Callable[[Pairs, Which], Callable[[Floats], float]]


Metric = Rows | Cells | Weighted


def candidates(key: str, pairs: Pairs) -> Iterator[Metric]:
    """Yield what `key` of a metrics file may mean for these predictions, the likeliest first."""
    name = _name(key)
    known = _REGRESSION if not pairs.classes else _BINARY if len(pairs.classes) == 2 else _MULTICLASS
    for pattern, metrics in known:
        if re.fullmatch(pattern, name):
            yield from metrics


def _name(key: str) -> str:
    """Return the last part of a dotted key as words joined by `_`, without the name of the data it was taken on."""
    last = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key.rpartition(".")[2]).lower()
    words = [word for word in re.split(r"[^a-z0-9]+", last) if word]
    while len(words) > 1 and words[0] in ("test", "val", "valid", "validation", "eval", "holdout", "dev", "mean"):
        words = words[1:]
    return "_".join(words)


def _values(pairs: Pairs, which: Which) -> NDArray[Any]:
    return pairs.base if which == "base" else pairs.head


def _mean(values: Floats) -> tuple[float, Floats]:
    return float(values.mean()), values


def _right(pairs: Pairs, which: Which) -> tuple[float, Floats]:
    return _mean((_values(pairs, which) == pairs.truth).astype(np.float64))


def _wrong(pairs: Pairs, which: Which) -> tuple[float, Floats]:
    return _mean((_values(pairs, which) != pairs.truth).astype(np.float64))


def _positive(pairs: Pairs, which: Which) -> Floats:
    """Return the score of the positive class; raises ValueError where there is none."""
    return _score(pairs, which, "" if "" in pairs.base_scores else pairs.classes[-1])


def _score(pairs: Pairs, which: Which, name: str) -> Floats:
    scores = pairs.base_scores if which == "base" else pairs.head_scores
    if name not in scores:
        raise ValueError("the predictions hold no scores")
    return scores[name]


def _probabilities(pairs: Pairs, which: Which) -> Floats:
    """Return the probability of the class that is true, shape (n,)."""
    if len(pairs.classes) == 2:
        up = _positive(pairs, which)
        found = np.where(pairs.truth == 1, up, 1.0 - up)
    else:
        every = np.column_stack([_score(pairs, which, name) for name in pairs.classes])
        found = np.take_along_axis(every, pairs.truth[:, None].astype(np.intp), axis=1)[:, 0]
    if found.min() < 0 or found.max() > 1:
        raise ValueError("the scores are no probabilities")
    return found


def _log_loss(pairs: Pairs, which: Which) -> tuple[float, Floats]:
    # Clipped as scikit-learn does: a certain miss costs much, not everything.
    return _mean(-np.log(np.clip(_probabilities(pairs, which), np.finfo(np.float64).eps, 1.0)))


def _brier(pairs: Pairs, which: Which) -> tuple[float, Floats]:
    return _mean((1.0 - _probabilities(pairs, which)) ** 2)


def _roc_auc(pairs: Pairs, which: Which) -> tuple[float, Floats]:
    scores = _positive(pairs, which)
    return auc.influence(pairs.truth == 1, scores, pairs.rising(scores, which))


def _roc_auc_turns(pairs: Pairs) -> Floats:
    return auc.turns(pairs.truth == 1, _positive(pairs, "base"), _positive(pairs, "head"))


def _roc_auc_macro(pairs: Pairs, which: Which) -> tuple[float, Floats]:
    found = [auc.influence(pairs.truth == code, _score(pairs, which, name)) for code, name in enumerate(pairs.classes)]
    return float(np.mean([area for area, _ in found])), np.mean([values for _, values in found], axis=0)


def _roc_auc_macro_turns(pairs: Pairs) -> Floats:
    scores = ((_score(pairs, "base", name), _score(pairs, "head", name)) for name in pairs.classes)
    found = [auc.turns(pairs.truth == code, base, head) for code, (base, head) in enumerate(scores)]
    return np.asarray(np.mean(found, axis=0))


def _average_precision(pairs: Pairs, which: Which) -> tuple[float, Floats]:
    return auc.average_precision(pairs.truth == 1, _positive(pairs, which))


def _errors(pairs: Pairs, which: Which) -> Floats:
    return np.asarray(_values(pairs, which) - pairs.truth, dtype=np.float64)


def _mae(pairs: Pairs, which: Which) -> tuple[float, Floats]:
    return _mean(np.abs(_errors(pairs, which)))


def _mse(pairs: Pairs, which: Which) -> tuple[float, Floats]:
    return _mean(_errors(pairs, which) ** 2)


def _bias(pairs: Pairs, which: Which) -> tuple[float, Floats]:
    return _mean(_errors(pairs, which))


def _mape(pairs: Pairs, which: Which) -> tuple[float, Floats]:
    return _mean(np.abs(_errors(pairs, which)) / np.maximum(np.abs(pairs.truth), np.finfo(np.float64).eps))


def _rmse(pairs: Pairs, which: Which) -> tuple[float, Floats]:
    squares = _errors(pairs, which) ** 2
    root = float(np.sqrt(squares.mean()))
    return root, squares / (2.0 * root) if root else np.zeros_like(squares)


def _r2(pairs: Pairs, which: Which) -> tuple[float, Floats]:
    squares = _errors(pairs, which) ** 2
    spread = (pairs.truth - pairs.truth.mean()) ** 2
    total = float(spread.mean())
    if total == 0.0:
        raise ValueError("the truth is the same in all rows")
    share = float(squares.mean()) / total
    return 1.0 - share, (share * spread - squares) / total


def _r2_turns(pairs: Pairs) -> Floats:
    before, after = (_errors(pairs, which) ** 2 for which in ("base", "head"))
    return np.asarray((before - after) / pairs.truth.var())


def _median_error(pairs: Pairs, which: Which) -> Callable[[Floats], float]:
    errors = np.abs(_errors(pairs, which))
    order = np.argsort(errors, kind="stable")
    ranked = errors[order]

    def median(weights: Floats) -> float:
        below = np.cumsum(weights[order])
        half = below[-1] / 2.0
        first, after = np.searchsorted(below, half, side="left"), np.searchsorted(below, half, side="right")
        return float(ranked[first] + ranked[min(after, len(ranked) - 1)]) / 2.0

    return median


_RIGHT = Rows(name="accuracy", of=_right, kind="right")
_WRONG = Rows(name="error rate", of=_wrong, kind="right")
_SHARED: tuple[tuple[str, tuple[Metric, ...]], ...] = (
    (r"acc(uracy)?(_score)?|exact_match|top_?1(_acc(uracy)?)?", (_RIGHT,)),
    (r"err(or)?(_rate)?|misclassification(_rate)?|zero_one_loss", (_WRONG,)),
    (r"balanced_acc(uracy)?(_score)?", (Cells(name="balanced accuracy", of=cells.balanced_accuracy),)),
    (r"mcc|matthews(_corrcoef)?", (Cells(name="Matthews' correlation", of=cells.matthews),)),
    (r"(cohen_?s?_?)?kappa(_score)?", (Cells(name="Cohen's kappa", of=cells.kappa),)),
    (
        r"log_?loss|nll|cross_?entropy(_loss)?|negative_log_likelihood",
        (Rows(name="log loss", of=_log_loss, kind="mean"),),
    ),
)
_AVERAGED = {
    name: tuple(Cells(name=f"{name}, {how}", of=averaged) for how, averaged in cells.averages(one).items())
    for name, one in (("precision", cells.precisions), ("recall", cells.recalls), ("F1", cells.f1s))
}
_BINARY: tuple[tuple[str, tuple[Metric, ...]], ...] = (
    *_SHARED,
    (r"(roc_?)?auc(_?roc)?(_score)?|auroc", (Rows(name="ROC AUC", of=_roc_auc, kind="area", turns=_roc_auc_turns),)),
    (
        r"average_precision(_score)?|ap|pr_?auc|auc_?pr|auprc",
        (Rows(name="average precision", of=_average_precision, kind="ranked"),),
    ),
    (r"brier(_score)?(_loss)?", (Rows(name="Brier score", of=_brier, kind="mean"),)),
    (r"precision(_score)?|ppv", (Cells(name="precision", of=cells.precision), *_AVERAGED["precision"])),
    (r"recall(_score)?|sensitivity|tpr", (Cells(name="recall", of=cells.recall), *_AVERAGED["recall"])),
    (r"specificity|tnr", (Cells(name="specificity", of=cells.specificity),)),
    (r"f1(_score)?", (Cells(name="F1", of=cells.f1), *_AVERAGED["F1"])),
    (r"(f1_(score_)?(macro|weighted)|(macro|weighted)_f1(_score)?)", _AVERAGED["F1"]),
)
_MULTICLASS: tuple[tuple[str, tuple[Metric, ...]], ...] = (
    *_SHARED,
    (
        r"(roc_?)?auc(_?roc)?(_score)?(_macro)?(_ovr)?|auroc",
        (Rows(name="ROC AUC, macro", of=_roc_auc_macro, turns=_roc_auc_macro_turns),),
    ),
    (r"precision(_score)?(_macro|_weighted)?", _AVERAGED["precision"]),
    (r"recall(_score)?(_macro|_weighted)?", _AVERAGED["recall"]),
    (r"f1(_score)?(_macro|_weighted)?|(macro|weighted)_f1(_score)?", _AVERAGED["F1"]),
)
_REGRESSION: tuple[tuple[str, tuple[Metric, ...]], ...] = (
    (r"mae|(mean_)?absolute_error", (Rows(name="mean absolute error", of=_mae, kind="mean"),)),
    (r"mse|(mean_)?squared_error", (Rows(name="mean squared error", of=_mse, kind="mean"),)),
    (r"rmse|root_mean_squared_error", (Rows(name="RMSE", of=_rmse, kind="root"),)),
    (r"r2(_score)?|r_squared", (Rows(name="R²", of=_r2, turns=_r2_turns),)),
    (r"mape|(mean_)?absolute_percentage_error", (Rows(name="mean absolute percentage error", of=_mape, kind="mean"),)),
    (r"median_absolute_error|medae", (Weighted(name="median absolute error", of=_median_error),)),
    (r"bias|(mean_)?error", (Rows(name="bias", of=_bias, kind="mean"),)),
)
