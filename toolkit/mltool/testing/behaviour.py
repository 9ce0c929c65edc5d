"""How a model should behave, whatever its scores: minimum functionality, invariance, direction, noise.

The kinds of test are those of CheckList (Ribeiro et al. 2020, doi:10.18653/v1/2020.acl-main.442), for tables.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

from mltool.testing.predicting import Predict
from mltool.testing.rate import Failed, judge

Change = Callable[[pd.DataFrame], pd.DataFrame]
ALPHA = 0.05


def minimum(
    predict: Predict,
    rows: pd.DataFrame,
    expected: str | Sequence[Any],
    *,
    tolerance: float = 0.0,
    max_failures: float = 0.0,
    alpha: float = ALPHA,
) -> None:
    """Assert that the model says what is `expected` (a column of `rows`, or a value for each) of cases that anybody
    would get right: CheckList's minimum functionality test.

    A `value` may be off by `tolerance`. At most `max_failures` of such rows may fail, shown by an exact bound at
    confidence 1 − `alpha`; 0: none of these.
    """
    __tracebackhide__ = True
    if not isinstance(expected, str) and len(expected) != len(rows):
        raise ValueError(f"there are {len(rows)} rows and {len(expected)} expected values")
    wanted = rows[expected] if isinstance(expected, str) else pd.Series(list(expected), index=rows.index)
    said = _column(predict(rows), "")
    failed = _apart(said, wanted, tolerance=tolerance)
    judge(
        failed, rows.assign(expected=wanted, said=said), "The expected prediction",
        max_failures=max_failures, alpha=alpha,
    )  # fmt: skip


def invariant(
    predict: Predict,
    rows: pd.DataFrame,
    change: Change,
    *,
    output: str = "",
    tolerance: float = 0.0,
    max_failures: float = 0.0,
    alpha: float = ALPHA,
) -> None:
    """Assert that `change` (rows → the same rows, changed) does not change what the model says: CheckList's invariance.

    Compared is `output` of the predictions, by default the label or the value; numbers may move by `tolerance`. Rows
    that `change` leaves as they are count for nothing; raises ValueError where that is all of them.
    """
    __tracebackhide__ = True
    asked, changed = _pairs(rows, change)
    before, after = (_column(predict(each), output) for each in (asked, changed))
    failed = _apart(before, after, tolerance=tolerance)
    shown = _shown(asked, changed).assign(before=before, after=after)
    judge(failed, shown, "The same prediction after the change", max_failures=max_failures, alpha=alpha)


def directional(
    predict: Predict,
    rows: pd.DataFrame,
    change: Change,
    direction: Literal["up", "down"],
    *,
    output: str = "",
    tolerance: float = 0.0,
    max_failures: float = 0.0,
    alpha: float = ALPHA,
) -> None:
    """Assert that `change` moves what the model says up (or down), or not at all: CheckList's directional expectation.

    Compared is the number `output` of the predictions, by default the score or the value; it may move the wrong way by
    `tolerance`. Rows that `change` leaves as they are count for nothing; raises ValueError where that is all of them.
    """
    __tracebackhide__ = True
    if direction not in ("up", "down"):
        raise ValueError(f"direction is 'up' or 'down', and not {direction!r}")
    asked, changed = _pairs(rows, change)
    before, after = (_numbers(predict(each), output) for each in (asked, changed))
    moved = (after - before) if direction == "up" else (before - after)
    # Not `moved < −tolerance`: NaN is no move in the right direction.
    failed = ~(moved >= -tolerance).to_numpy()
    shown = _shown(asked, changed).assign(before=before, after=after)
    judge(failed, shown, f"A prediction that moves {direction}", max_failures=max_failures, alpha=alpha)


def stable(
    predict: Predict,
    rows: pd.DataFrame,
    columns: Sequence[str],
    *,
    noise: float = 0.01,
    draws: int = 5,
    seed: int = 0,
    output: str = "",
    tolerance: float = 0.0,
    max_failures: float = 0.0,
    alpha: float = ALPHA,
) -> None:
    """Assert that small noise in numeric `columns` does not change what the model says: a metamorphic relation
    (Chen, Cheung and Yiu 1998, arXiv:2002.12543).

    The noise is normal, its standard deviation `noise` times the column's. A row fails where any of `draws` differs.
    """
    __tracebackhide__ = True
    chance = np.random.default_rng(seed)
    before = _column(predict(rows), output)
    failed, worst = np.zeros(len(rows), dtype=bool), before.copy()
    for _ in range(draws):
        after = _column(predict(_noisy(rows, columns, noise, chance)), output)
        differs = _apart(before, after, tolerance=tolerance)
        worst = worst.where(failed | ~differs, after)
        failed |= differs
    shown = rows.assign(before=before, with_noise=worst)
    judge(failed, shown, f"The same prediction under noise of {noise:g} sd", max_failures=max_failures, alpha=alpha)


def _noisy(
    rows: pd.DataFrame, columns: Sequence[str], noise: float, chance: np.random.Generator
) -> pd.DataFrame:  # fmt: skip
    made = {}
    for name in columns:
        values = rows[name].astype(float)
        spread = float(values.std())
        if not spread > 0:
            raise ValueError(f"`{name}` has the same value in all rows, so there is no scale for its noise")
        made[name] = values + chance.normal(scale=noise * spread, size=len(rows))
    return rows.assign(**made)


def _pairs(rows: pd.DataFrame, change: Change) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows that `change` changes, before and after."""
    changed = change(rows.copy())
    if len(changed) != len(rows) or list(changed.columns) != list(rows.columns):
        raise ValueError("the change must return the same rows with the same columns")
    changed = changed.set_axis(rows.index, axis=0)
    moved = _moved(rows, changed).any(axis=1)
    if not moved.any():
        raise ValueError("the change leaves every row as it is, so it shows nothing")
    return rows[moved], changed[moved]


def _shown(asked: pd.DataFrame, changed: pd.DataFrame) -> pd.DataFrame:
    """Return the rows, with the columns that were changed as `old → new`."""
    shown, moved = asked.astype(object).copy(), _moved(asked, changed)
    for name in asked.columns:
        pairs = zip(asked.loc[moved[name], name], changed.loc[moved[name], name], strict=True)
        shown.loc[moved[name], name] = [f"{old} → {new}" for old, new in pairs]
    return shown


def _moved(asked: pd.DataFrame, changed: pd.DataFrame) -> pd.DataFrame:
    """Return which cells differ. As plain objects: categories and nullable types compare in ways of their own."""
    one, other = (rows.astype(object).where(rows.notna(), None) for rows in (asked, changed))
    return ~((one == other) | (asked.isna() & changed.isna()))


def _column(said: pd.DataFrame, output: str) -> "pd.Series[Any]":
    name = output or ("label" if "label" in said.columns else "value")
    if name not in said.columns:
        raise ValueError(f"the predictions have no `{name}`, but {', '.join(map(str, said.columns))}")
    return said[name]


def _numbers(said: pd.DataFrame, output: str) -> "pd.Series[Any]":
    found = _column(said, output or ("score" if "score" in said.columns else "value"))
    if not pd.api.types.is_numeric_dtype(found.dtype):
        raise ValueError(f"`{found.name}` holds no numbers, which alone have a direction")
    return found


def _apart(one: "pd.Series[Any]", other: "pd.Series[Any]", *, tolerance: float) -> Failed:
    """Return where two predictions differ; what is missing differs from everything."""
    if tolerance and pd.api.types.is_numeric_dtype(one.dtype) and pd.api.types.is_numeric_dtype(other.dtype):
        return ~np.asarray((one - other).abs() <= tolerance, dtype=bool)
    return ~np.asarray((one == other) & one.notna(), dtype=bool)
