"""Ranks are those of sorted numbers, whatever the numbers are."""

import numpy as np
import pytest
from scipy.special import betaincinv

from mltool.data import drift_binomial, profile_order

ROWS = 60_000


def made(name: str) -> np.ndarray:
    random = np.random.default_rng(3)
    normal = random.standard_normal(ROWS)
    return {
        "normal": normal,
        "lognormal": random.lognormal(0, 2, ROWS),
        "cauchy": random.standard_cauchy(ROWS),
        "few integers": random.integers(0, 9, ROWS).astype(float),
        "mostly zero": np.where(random.random(ROWS) < 0.97, 0, normal),
        "one outlier": np.append(normal[1:], 1e6),
        "constant": np.ones(ROWS),
        "as far apart as floats go": np.where(normal < 0, -1.7e308, 1.7e308),
        "as near as floats go": 1 + random.integers(0, 5, ROWS) * np.finfo(float).eps,
        "in order": np.sort(normal),
        "few": normal[:100],
    }[name]


NAMES = ("normal", "lognormal", "cauchy", "few integers", "mostly zero", "one outlier", "constant",
         "as far apart as floats go", "as near as floats go", "in order", "few")  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_counts_and_ranks_are_those_of_the_sorted_numbers(name: str) -> None:
    values = made(name)
    ordered, parts = np.sort(values), np.array_split(values, 3)
    ranks = np.linspace(0, len(values) - 1, min(len(values), 1025)).round().astype(int)

    found = profile_order.at(parts, ranks)
    points = np.unique(np.concatenate([found, [-1e308, -0.5, 0.25, 3.0, 1e308]]))
    upto, below = profile_order.counts(parts, points)

    assert np.array_equal(found, ordered[ranks])
    assert np.array_equal(upto, np.searchsorted(ordered, points, "right"))
    assert np.array_equal(below, np.searchsorted(ordered, points, "left"))


@pytest.mark.parametrize("rows", [1, 7, 200, 5000, 1_048_576])
@pytest.mark.parametrize("level", [0.05, 1e-4, 1e-9])
def test_intervals_of_shares_are_those_of_scipy(rows: int, level: float) -> None:
    for count in sorted({0, 1, rows // 50, rows // 2, rows - 1, rows}):
        low, high = drift_binomial.interval(count, rows, level)

        assert low == pytest.approx(betaincinv(count, rows - count + 1, level / 2) if count else 0, rel=1e-7)
        assert high == pytest.approx(betaincinv(count + 1, rows - count, 1 - level / 2) if count < rows else 1)
