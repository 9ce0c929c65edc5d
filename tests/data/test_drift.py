"""Drift is called where there is some, and nowhere else: scenarios in which other tools are wrong."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet
from scipy.stats import ks_2samp, norm

from mltool.data import drift, drift_bounds, profile
from mltool.data.drift import Drift, Margins
from mltool.data.profile import Numbers, Pair, Words
from mltool.data.profile_source import opened
from mltool.errors import UserError

Judge = Callable[..., Drift]


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    def call(old: dict[str, object], new: dict[str, object], **more: object) -> Drift:
        for name, columns in (("old", old), ("new", new)):
            parquet.write_table(pa.table(columns), tmp_path / f"{name}.parquet")
        with opened(tmp_path / "old.parquet") as source:
            known = profile.make(source)
        with opened(tmp_path / "new.parquet") as source:
            return drift.judge(known, source, **more)  # type: ignore[arg-type]

    return call


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(20260102)


def alarms(found: Drift) -> set[tuple[str, ...]]:
    return {(finding.effect, *finding.columns) for finding in found.findings if finding.state == "drifted"}


def normals(generator: np.random.Generator, rows: int, columns: int) -> dict[str, object]:
    return {f"n{i}": generator.standard_normal(rows) for i in range(columns)}


@pytest.mark.parametrize("rows", [200, 5000], ids=["s1_few_rows", "s2_many_rows"])
def test_no_change_is_quiet(rows: int, judge: Judge, generator: np.random.Generator) -> None:
    found = judge(normals(generator, 5000, 30), normals(generator, rows, 30))
    assert alarms(found) == set()
    assert {item.state for item in found.findings if item.effect == "shape"} == {
        "undecided" if rows == 200 else "steady"
    }


def test_s3_a_shift_of_one_standard_deviation_is_called(judge: Judge, generator: np.random.Generator) -> None:
    found = judge(normals(generator, 5000, 2), {"n0": generator.normal(1, 1, 2000), "n1": generator.normal(0, 1, 2000)})
    assert alarms(found) == {("shape", "n0")}


@pytest.mark.parametrize(("shift", "expected"), [(1, {("shape", "n0")}), (0, set())], ids=["s4_shift", "s4b_no_shift"])
def test_one_outlier_hides_no_shift_and_makes_none(
    shift: float, expected: set[tuple[str, ...]], judge: Judge, generator: np.random.Generator
) -> None:
    old = np.append(generator.standard_normal(5000), 1e6)
    assert alarms(judge({"n0": old}, {"n0": generator.normal(shift, 1, 5000)})) == expected


def test_s5_values_that_go_missing_are_called(judge: Judge, generator: np.random.Generator) -> None:
    new = generator.standard_normal(5000)
    new[generator.random(5000) < 0.3] = np.nan
    assert alarms(judge(normals(generator, 5000, 1), {"n0": new})) == {("nulls", "n0")}


def test_s6_ten_thousand_categories_that_do_not_change_are_quiet(judge: Judge, generator: np.random.Generator) -> None:
    old, new = (generator.integers(0, 10_000, 50_000).astype(str) for _ in range(2))
    assert alarms(judge({"c": old}, {"c": new})) == set()


def test_s7_a_correlation_that_turns_is_called(judge: Judge, generator: np.random.Generator) -> None:
    sides = []
    for rho in (0.9, -0.9):
        first, noise = generator.standard_normal((2, 5000))
        sides.append({"a": first, "b": rho * first + np.sqrt(1 - rho**2) * noise})
    assert alarms(judge(*sides)) == {("correlation", "a", "b")}


def test_s8_a_new_category_of_two_percent_is_called(judge: Judge, generator: np.random.Generator) -> None:
    old = generator.choice(list("abcde"), 5000)
    new = np.where(generator.random(5000) < 0.02, "z", generator.choice(list("abcde"), 5000))
    assert alarms(judge({"c": old}, {"c": new})) == {("unseen", "c")}


def test_s9_a_shift_that_does_not_matter_is_quiet_in_a_million_rows(
    judge: Judge, generator: np.random.Generator
) -> None:
    found = judge(normals(generator, 1_000_000, 1), {"n0": generator.normal(0.01, 1, 1_000_000)})
    assert found.state == "steady"


def test_categories_that_a_small_profile_missed_are_expected(judge: Judge, generator: np.random.Generator) -> None:
    old, new = (generator.geometric(0.02, rows).astype(str) for rows in (500, 20_000))
    found = judge({"c": old}, {"c": new})
    assert ("unseen", "c") not in alarms(found)


def test_half_of_ten_thousand_categories_that_go_are_called(judge: Judge, generator: np.random.Generator) -> None:
    old, new = (generator.integers(0, top, 200_000).astype(str) for top in (10_000, 5_000))
    assert alarms(judge({"c": old}, {"c": new})) == {("categories", "c")}


def test_the_distance_is_that_of_scipy(generator: np.random.Generator) -> None:
    for before, after in (
        (generator.standard_normal(800), generator.normal(0.3, 2, 500)),
        (generator.integers(0, 5, 800).astype(float), generator.integers(0, 7, 500) - 0.5),
    ):
        ordered = np.sort(before)
        values, equal = np.unique(ordered, return_counts=True)
        known = Numbers(
            count=800, low=0, high=0, values=tuple(values), equal=tuple(equal), upto=tuple(np.cumsum(equal))
        )
        found = drift_bounds.shape(known, np.array_split(after, 3), 0.05)
        assert found.value == pytest.approx(ks_2samp(before, after).statistic)
        assert found.low < found.value < found.high


def _called(generator: np.random.Generator, shift: float, *, times: int, level: float) -> float:
    """Return how often a shift of one of thirty columns is called in 500 rows."""
    called = 0
    for _ in range(times):
        ordered = np.sort(generator.standard_normal(5000))
        values = ordered[np.linspace(0, 4999, profile.POINTS).round().astype(int)]
        upto = np.searchsorted(ordered, values, "right")
        known = Numbers(count=5000, low=0, high=0, values=tuple(values), upto=tuple(upto), equal=(1,) * len(values))
        new = generator.normal(shift, 1, 500)
        called += drift_bounds.shape(known, [new], level).low > Margins().distance
    return called / times


def test_a_shift_of_half_a_standard_deviation_is_seen_in_five_hundred_rows(generator: np.random.Generator) -> None:
    # The level that each of thirty columns of numbers gets at an alpha of 0.05.
    assert _called(generator, 0.5, times=300, level=0.05 * 0.7 / 30) > 0.75


def test_a_shift_as_large_as_the_margin_is_called_no_oftener_than_the_level(generator: np.random.Generator) -> None:
    at_the_margin = 2 * norm.ppf(0.5 + Margins().distance / 2)
    assert _called(generator, at_the_margin, times=1000, level=0.05) <= 0.05


def test_the_width_of_the_distance_keeps_its_level_where_the_sign_changes_once(generator: np.random.Generator) -> None:
    rows, times, level = 2000, 4000, 0.05
    share = np.linspace(0, 1, rows + 1)
    # A Brownian bridge, upward on one half and downward on the other: the worst case of the bound.
    walk = np.concatenate([np.zeros((times, 1)), generator.standard_normal((times, rows)).cumsum(axis=1)], axis=1)
    bridge = (walk - share * walk[:, -1:]) / np.sqrt(rows)
    highest = np.maximum(bridge[:, : rows // 2].max(axis=1), -bridge[:, rows // 2 :].min(axis=1))
    passed = float((highest > drift_bounds._width(level)).mean())
    assert 0.6 * level < passed <= 1.1 * level


def test_no_change_is_called_in_no_more_tables_than_alpha(generator: np.random.Generator) -> None:
    wrong, level = 0, 0.05
    listed = dict.fromkeys("abcdefghij", 500)
    words = Words(count=5000, distinct=10, once=0, twice=0, listed=listed)
    for _ in range(400):
        new = dict(zip("abcdefghij", generator.multinomial(300, [0.1] * 10).tolist(), strict=True))
        wrong += drift_bounds.categories(words, new, level).low > 0
        wrong += drift_bounds.nulls((500, 5000), (int(generator.binomial(300, 0.1)), 300), level).low > 0.0
    assert wrong <= 1.3 * level * 400


def test_intervals_of_shares_and_correlations_hold_the_truth(generator: np.random.Generator) -> None:
    held = 0
    for _ in range(500):
        counts = generator.binomial((2000, 400), (0.05, 0.2))
        found = drift_bounds.nulls((int(counts[0]), 2000), (int(counts[1]), 400), 0.05)
        held += found.low <= 0.15 <= found.high
    assert held / 500 >= 0.93
    before = Pair(left="a", right="b", rho=0.5, rows=1000)
    found = drift_bounds.correlation(before, Pair(left="a", right="b", rho=-0.2, rows=300), 0.05)
    assert found.low < 0.7 < found.high
    assert found.value == pytest.approx(0.7)
    assert drift_bounds.correlation(before, before, 0.05).low == 0


def test_columns_that_went_came_or_became_something_else_are_named(judge: Judge) -> None:
    found = judge(
        {"gone": [1.0, 2.0], "age": [30, 40], "void": [None, None]},
        {"age": ["thirty", "forty"], "void": ["a", "b"], "extra": [1, 2]},
    )
    assert [(item.column, item.sentence) for item in found.changed] == [
        ("gone", "is gone"),
        ("age", "held numbers, and now holds text or truth values"),
    ]
    assert found.new == ("extra",)
    assert found.state == "drifted"


def test_a_column_that_lost_all_values_is_called_and_not_measured(judge: Judge, generator: np.random.Generator) -> None:
    found = judge({"n": generator.standard_normal(1000)}, {"n": pa.nulls(1000, pa.float64())})
    assert alarms(found) == {("nulls", "n")}


def test_nothing_missing_and_nothing_unseen_is_no_doubt_however_few_the_rows(judge: Judge) -> None:
    found = judge({"c": ["a", "b"] * 9}, {"c": ["a", "b"]})
    assert {item.effect: item.state for item in found.findings} == {
        "nulls": "steady",
        "unseen": "steady",
        "categories": "undecided",
    }


def test_dates_move_and_that_is_no_drift(judge: Judge) -> None:
    days = pd.date_range("2026-01-01", periods=5000)
    assert judge({"day": days[:2500]}, {"day": days[2500:]}).state == "steady"


def test_an_empty_table_is_refused(judge: Judge) -> None:
    with pytest.raises(UserError, match="has no rows"):
        judge({"n": [1.0, 2.0]}, {"n": pa.array([], pa.float64())})


def test_where_a_column_has_few_values_the_doubt_is_no_larger_than_its_rows_make_it(
    judge: Judge, generator: np.random.Generator
) -> None:
    def drawn(rows: int) -> dict[str, object]:
        return {"flag": generator.integers(0, 2, rows), "age": generator.choice([17.5, 22.0, 27.0, 42.0], rows)}

    shapes = [item for item in judge(drawn(4_000), drawn(2_500)).findings if item.effect == "shape"]
    assert [(*item.columns, item.state) for item in shapes] == [("flag", "steady"), ("age", "steady")]


def test_rows_that_lie_between_two_quantiles_of_a_profile_are_in_doubt() -> None:
    new = (np.array([0.0] * 40 + [9.0] * 60),)
    atoms = Numbers(count=100, low=0, high=9, values=(0.0, 9.0), upto=(40, 100), equal=(40, 60))
    hidden = Numbers(count=100, low=0, high=9, values=(0.0, 9.0), upto=(40, 100), equal=(40, 30))
    known, unknown = (drift_bounds.shape(before, new, 0.05) for before in (atoms, hidden))
    assert (known.value, unknown.value) == pytest.approx((0.0, 0.3))
    assert unknown.high - unknown.value == pytest.approx(known.high - known.value + 0.3)
