"""How many rows may fail: decided by exact bounds on the rate, not by "all pass"."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from mltool.gates.model_tests import Answer, Claim
from mltool.testing import record
from mltool.testing.undecided import UndecidedError

MOST_SHOWN = 10
MOST_ROWS = 10**9
Failed = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Rate:
    """Rows that failed, and one-sided bounds of the rate at which they do."""

    failed: int
    rows: int
    low: float
    high: float


def rate(failed: int, rows: int, *, alpha: float) -> Rate:
    """Return the rate with its bounds, each at confidence 1 − `alpha`.

    Clopper and Pearson 1934, doi:10.1093/biomet/26.4.404: exact, so never less sure than it says.
    """
    low = 0.0 if failed == 0 else float(special.betaincinv(failed, rows - failed + 1, alpha))
    high = 1.0 if failed == rows else float(special.betaincinv(failed + 1, rows - failed, 1 - alpha))
    return Rate(failed=failed, rows=rows, low=low, high=high)


def rows_needed(share: float, most: float, *, alpha: float) -> int | None:
    """Return about how many rows would show a rate below `most` where `share` of them fail; None where none would."""
    if not 0 < most < 1 or share >= most:
        return None
    low, high = 0, math.ceil(math.log(alpha) / math.log1p(-most))
    while _high(share, high, alpha) > most:
        low, high = high, 2 * high
        if high > MOST_ROWS:
            return None
    while high - low > max(1, high // 1000):
        middle = (low + high) // 2
        if _high(share, middle, alpha) > most:
            low = middle
        else:
            high = middle
    return high


def _high(share: float, rows: int, alpha: float) -> float:
    # Rounded up: a part of a row that fails is a row that fails, else fewer rows than there are would seem to do.
    return rate(math.ceil(share * rows - 1e-9), rows, alpha=alpha).high


def judge(failed: Failed, shown: pd.DataFrame, what: str, *, max_failures: float, alpha: float) -> None:
    """Raise unless the rate of `failed` (one a row) is shown to be at most `max_failures`; 0: none of these rows.

    `shown` are the rows as the message shows them, `what` says what should have held. Raises AssertionError where more
    are shown to fail, UndecidedError where the rows cannot tell, ValueError for no rows.
    """
    __tracebackhide__ = True
    if not 0 <= max_failures < 1:
        raise ValueError(f"max_failures is a share of the rows, from 0 to less than 1, and not {max_failures}")
    if not len(failed):
        raise ValueError("there are no rows to check, so nothing can be shown")
    found = rate(int(failed.sum()), len(failed), alpha=alpha)
    answer = _answer(found, max_failures)
    needed = rows_needed(found.failed / found.rows, max_failures, alpha=alpha) if answer == "undecided" else None
    record.claimed(_claim(found, what, answer, max_failures=max_failures, needed=needed))
    rows = table(shown[failed]) if answer != "pass" else ""
    if answer == "fail" and max_failures == 0:
        raise AssertionError(f"{what}: not so in {_of(found)}.{rows}")
    if answer == "fail":
        raise AssertionError(
            f"{what}: not so in {_of(found)}, at least {found.low:.2%} at {1 - alpha:.0%} confidence, where "
            f"{max_failures:.2%} may.{rows}"
        )
    if answer == "undecided":
        raise UndecidedError(
            f"undecided: {what}: not so in {_of(found)}, which may be up to {found.high:.2%} at {1 - alpha:.0%} "
            f"confidence, where {max_failures:.2%} may. {_needed(needed)}{rows}"
        )


def _answer(found: Rate, most: float) -> Answer:
    if most == 0:
        return "fail" if found.failed else "pass"
    return "fail" if found.low > most else "undecided" if found.high > most else "pass"


def _claim(
    found: Rate, what: str, answer: Answer, *, max_failures: float, needed: int | None
) -> Claim:  # fmt: skip
    """Return what is recorded; where none of these rows may fail, nothing is said about others."""
    bounded = max_failures > 0
    return Claim(
        statement=what,
        answer=answer,
        unit="share",
        measured=found.failed / found.rows,
        low=found.low if bounded else None,
        high=found.high if bounded else None,
        allowed=max_failures,
        rows=found.rows,
        failed=found.failed,
        needed=needed,
    )


def table(rows: pd.DataFrame) -> str:
    """Return the first rows as text, on lines of their own; nothing for none."""
    if rows.empty:
        return ""
    more = f"\n… and {len(rows) - MOST_SHOWN} more" if len(rows) > MOST_SHOWN else ""
    return f"\n{rows.head(MOST_SHOWN).to_string(max_cols=20, line_width=160, max_colwidth=40)}{more}"


def _of(found: Rate) -> str:
    return f"{found.failed:,} of {found.rows:,} rows ({found.failed / found.rows:.2%})"


def _needed(needed: int | None) -> str:
    return f"About {needed:,} rows with such a rate would show it." if needed else "More rows would tell."
