"""Whether groups of people are treated alike, with intervals: two groups of thirty differ by chance.

Demographic parity: groups get a positive decision equally often. Equalised odds: they do so among those whose truth is
positive, and among those whose truth is not (Hardt, Price and Srebro 2016, arXiv:1610.02413).
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import pandas as pd
from scipy import special

from mltool.gates.model_tests import Claim
from mltool.testing import record
from mltool.testing.undecided import UndecidedError

RATES = {"positive": "positive decisions", "tpr": "true positives", "fpr": "false positives"}


@dataclass(frozen=True, kw_only=True)
class Gap:
    """How far the rates of two groups are apart: what is seen, and what it is at least and at most."""

    rate: str
    groups: tuple[str, str]
    seen: float
    least: float
    most: float


def demographic_parity(
    decision: Sequence[Any],
    group: Sequence[Any],
    *,
    max_gap: float,
    positive: Any = 1,
    alpha: float = 0.05,
) -> None:
    """Assert that no two groups are shown, or may be, further apart than `max_gap` in their rate of positive decisions.

    It passes where every pair's interval lies within ±`max_gap`, each bound at confidence 1 − `alpha` (all have to, so
    none needs a correction), and is shown to fail where a pair's lies outside, with Bonferroni's correction. Raises
    AssertionError, UndecidedError where a group has too few rows, ValueError for fewer than two groups.
    """
    __tracebackhide__ = True
    frame = _frame(group, decision=pd.Series(list(decision)) == positive)
    _judge({"positive": frame}, max_gap=max_gap, alpha=alpha, what="Demographic parity")


def equalised_odds(
    truth: Sequence[Any],
    decision: Sequence[Any],
    group: Sequence[Any],
    *,
    max_gap: float,
    positive: Any = 1,
    alpha: float = 0.05,
) -> None:
    """Assert the same of the rates of true positives and of false positives. Raises as `demographic_parity`; ValueError
    also where a group has no row of a truth.
    """
    __tracebackhide__ = True
    frame = _frame(group, decision=pd.Series(list(decision)) == positive, truth=pd.Series(list(truth)) == positive)
    parts = {"tpr": frame[frame["truth"]], "fpr": frame[~frame["truth"]]}
    every = set(frame["group"])
    for name, part in parts.items():
        if lost := sorted(every - set(part["group"])):
            raise ValueError(f"group {lost[0]} has no row for its rate of {RATES[name]}: leave it out, or add rows")
    _judge(parts, max_gap=max_gap, alpha=alpha, what="Equalised odds")


def difference(first: tuple[int, int], second: tuple[int, int], *, alpha: float) -> tuple[float, float]:
    """Return bounds, at 1 − `alpha` each, of the difference of two independent rates, each as (hits, rows).

    Newcombe 1998, method 10, doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I.
    """
    (one, other), z = (first[0] / first[1], second[0] / second[1]), -float(special.ndtri(alpha))
    (low_one, high_one), (low_other, high_other) = (_wilson(hits, rows, z) for hits, rows in (first, second))
    down = math.hypot(one - low_one, high_other - other)
    up = math.hypot(high_one - one, other - low_other)
    return one - other - down, one - other + up


def _wilson(hits: int, rows: int, z: float) -> tuple[float, float]:
    share, scale = hits / rows, 1 + z * z / rows
    middle = (share + z * z / (2 * rows)) / scale
    reach = z * math.sqrt(share * (1 - share) / rows + z * z / (4 * rows * rows)) / scale
    return middle - reach, middle + reach


def _frame(group: Sequence[Any], **columns: "pd.Series[Any]") -> pd.DataFrame:
    labels = pd.Series(list(group), dtype=object)
    lengths = {len(labels), *(len(column) for column in columns.values())}
    if len(lengths) != 1:
        raise ValueError("groups, decisions and truths must be equally many")
    frame = pd.DataFrame({"group": labels.astype(str).where(labels.notna(), "missing"), **columns})
    if frame["group"].nunique() < 2:
        raise ValueError(f"there are {frame['group'].nunique()} groups: two are needed to compare")
    return frame


def _judge(parts: Mapping[str, pd.DataFrame], *, max_gap: float, alpha: float, what: str) -> None:
    __tracebackhide__ = True
    counts = {name: part.groupby("group")["decision"].agg(["sum", "count"]) for name, part in parts.items()}
    pairs = sum(math.comb(len(table), 2) for table in counts.values())
    gaps = list(_gaps(counts, alpha))
    strict = list(_gaps(counts, alpha / pairs))
    shown = "\n".join(_table(name, table) for name, table in counts.items())
    beyond = [gap for gap in strict if gap.least > max_gap]
    unsure = [gap for gap in gaps if gap.most > max_gap]
    worst = max(beyond, key=lambda gap: gap.least) if beyond else max(unsure or gaps, key=lambda gap: gap.most)
    record.claimed(
        Claim(
            statement=f"{what}: {RATES[worst.rate]}",
            answer="fail" if beyond else "undecided" if unsure else "pass",
            unit="share",
            measured=worst.seen,
            low=worst.least,
            high=worst.most,
            allowed=max_gap,
            rows=sum(int(table["count"].sum()) for table in counts.values()),
        )
    )
    if beyond:
        raise AssertionError(f"{what}: {_words(worst, max_gap)}\n{shown}")
    if unsure:
        raise UndecidedError(f"undecided: {what}: {_words(worst, max_gap)}\n{shown}")


def _gaps(counts: Mapping[str, pd.DataFrame], alpha: float) -> Iterator[Gap]:
    for name, table in counts.items():
        each = {str(group): (int(row["sum"]), int(row["count"])) for group, row in table.iterrows()}
        for one, other in combinations(each, 2):
            low, high = difference(each[one], each[other], alpha=alpha)
            seen = each[one][0] / each[one][1] - each[other][0] / each[other][1]
            yield Gap(
                rate=name, groups=(one, other), seen=abs(seen),
                least=max(low, -high, 0.0), most=max(high, -low),
            )  # fmt: skip


def _words(gap: Gap, max_gap: float) -> str:
    return (
        f"{gap.groups[0]} and {gap.groups[1]} are {gap.seen:.3f} apart in their rate of {RATES[gap.rate]} "
        f"({gap.least:.3f} to {gap.most:.3f}), where {max_gap:g} may be."
    )


def _table(name: str, table: pd.DataFrame) -> str:
    shares = table.assign(rate=table["sum"] / table["count"]).rename(columns={"sum": RATES[name], "count": "of rows"})
    return shares.to_string(float_format=lambda value: f"{value:.3f}")
