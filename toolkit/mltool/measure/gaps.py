"""Gaps between groups, named as fairlearn names them: how far apart the groups of a column are treated.

A rate that no row of a group tells (of true positives, where none is positive) does not count there: to call it 0, as
is usual, makes the widest gap of what nobody knows.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from mltool.errors import UserError
from mltool.measure.facts import number
from mltool.measure.predicted import Predicted

Rates = Mapping[str, Mapping[str, float]]
"""Rate → group → its value, of the groups in which it is defined."""


def gaps(
    predicted: Predicted, values: Sequence[str], *, column: str, min_rows: int
) -> tuple[Mapping[str, float], tuple[str, ...]]:
    """Return the gaps between the groups that `values` (n,) name, and what does not count in them.

    Groups below `min_rows` rows do not count: their gap would be one of chance. Raises UserError for a regression, and
    where fewer than two groups are left.
    """
    if predicted.task == "regression":
        raise UserError(f"--group {column}: gaps are of labels, and this is a regression.", "Use --slice.")
    names, codes, counts = np.unique(np.asarray(values), return_inverse=True, return_counts=True)
    large = [code for code, count in enumerate(counts) if count >= min_rows]
    if len(large) < 2:
        raise UserError(
            f"--group {column}: {len(large)} of {len(names)} groups have {min_rows} rows or more, and a gap needs two.",
            "Use larger groups, or --min-rows.",
        )
    rates = _rates(predicted, {str(names[code]): codes == code for code in large})
    small = [f"{name} ({count})" for name, count in zip(names, counts, strict=True) if count < min_rows]
    notes = [f"{column}: not counted in gaps, with fewer than {min_rows} rows: {', '.join(small)}."] if small else []
    return {name: number(value) for name, value in _gaps(rates)}, (*notes, *_unknown(rates, column))


def _rates(predicted: Predicted, groups: Mapping[str, np.ndarray]) -> Rates:
    truth, label = predicted.truth, predicted.label
    of: dict[str, tuple[Callable[[np.ndarray], np.ndarray], np.ndarray]] = {
        "accuracy": (lambda rows: label[rows] == truth[rows], np.ones(len(truth), dtype=bool)),
    }
    if predicted.task == "binary":
        of["selection rate"] = (lambda rows: label[rows] == 1, np.ones(len(truth), dtype=bool))
        of["true positive rate"] = (lambda rows: label[rows] == 1, truth == 1)
        of["false positive rate"] = (lambda rows: label[rows] == 1, truth == 0)
    return {
        rate: {
            name: float(hit(rows & among).mean()) if (rows & among).any() else np.nan for name, rows in groups.items()
        }
        for rate, (hit, among) in of.items()
    }


def _gaps(rates: Rates) -> Iterator[tuple[str, float]]:
    known = {rate: [value for value in by_group.values() if np.isfinite(value)] for rate, by_group in rates.items()}
    spread = {rate: max(values) - min(values) for rate, values in known.items() if len(values) > 1}
    yield "accuracy_difference", spread["accuracy"]
    if "selection rate" not in spread:
        return
    selected = known["selection rate"]
    yield "demographic_parity_difference", spread["selection rate"]
    if max(selected) > 0:
        yield "demographic_parity_ratio", min(selected) / max(selected)
    if "true positive rate" in spread:
        yield "equal_opportunity_difference", spread["true positive rate"]
        if "false positive rate" in spread:
            yield "equalized_odds_difference", max(spread["true positive rate"], spread["false positive rate"])


def _unknown(rates: Rates, column: str) -> Iterator[str]:
    for rate, by_group in rates.items():
        lost = [name for name, value in by_group.items() if not np.isfinite(value)]
        if lost:
            yield f"{column}: not counted in the {rate}, for no row tells it: {', '.join(lost)}."
