"""Two versions of a table: which rows, cells, columns and categories are not the same."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from mltool.data import difference, difference_rows
from mltool.data.difference import Rows, TableDifference
from mltool.data.profile_source import opened
from mltool.errors import UserError

Compare = Callable[..., TableDifference]


@pytest.fixture
def compare(tmp_path: Path) -> Compare:
    def call(old: object, new: object, *key: str) -> TableDifference:
        for name, columns in (("old", old), ("new", new)):
            parquet.write_table(pa.table(columns), tmp_path / f"{name}.parquet")
        with opened(tmp_path / "old.parquet") as before, opened(tmp_path / "new.parquet") as after:
            return difference.compare(before, after, key=key)

    return call


def test_rows_are_told_apart_by_their_key(compare: Compare) -> None:
    found = compare(
        {"id": [1, 2, 3, 4], "town": ["a", "b", "c", "d"], "price": [1.0, 2.0, None, 4.0]},
        {"price": [2.5, 4.0, None, 9.0, 9.5], "id": [2, 4, 3, 5, 6], "town": ["b", "D", "c", "e", "f"]},
        "id",
    )
    assert found.rows == Rows(old=4, new=5, added=2, removed=1, changed=2, columns=("id", "town", "price"))
    assert {column.name: column.cells for column in found.columns} == {"id": None, "town": 1, "price": 1}


def test_a_key_can_be_several_columns(compare: Compare) -> None:
    old = {"shop": [1, 1, 2], "day": ["x", "y", "x"], "sold": [5, 6, 7]}
    new = {"shop": [1, 2, 2], "day": ["x", "x", "y"], "sold": [5, 8, 9]}
    rows = compare(old, new, "shop", "day").rows
    assert (rows.added, rows.removed, rows.changed) == (1, 1, 1)


def test_without_a_key_whole_rows_are_counted_in_any_order_and_as_often_as_they_stand(compare: Compare) -> None:
    found = compare({"a": [1, 1, 2, 3]}, {"a": [3, 1, 4, 2, 2]}).rows
    assert (found.added, found.removed, found.changed) == (2, 1, None)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (pa.array([1, None, 3]), pa.array([1.0, None, 3.0])),
        (pa.array([1.0, None, 0.0]), pa.array([1.0, float("nan"), -0.0])),
        (pa.array([1, None, 3], pa.int32()), pa.array([1, None, 3], pa.uint64())),
        (pa.array(["a", None, ""]), pa.array(["a", None, ""], pa.large_string())),
        (pa.array(["a", None, ""]), pa.array(["a", None, ""]).dictionary_encode()),
        (pa.array([True, None]), pa.array([True, None])),
        (pa.array([date(2026, 1, 2), None]), pa.array([date(2026, 1, 2), None])),
        (pa.array([datetime(2026, 1, 2)], pa.timestamp("us")), pa.array([datetime(2026, 1, 2)], pa.timestamp("us"))),
        (pa.array([[1, 2], None]), pa.array([[1, 2], None])),
        (pa.array(["1", "x"]), pa.array(["1", "x"])),
    ],
)
def test_equal_values_are_equal_however_they_are_stored(old: pa.Array, new: pa.Array, compare: Compare) -> None:
    rows = compare({"v": old}, {"v": new}).rows
    assert (rows.added, rows.removed) == (0, 0)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (pa.array([2**60]), pa.array([2**60 + 1])),
        (pa.array([0]), pa.array([None], pa.int64())),
        (pa.array([""]), pa.array([None], pa.string())),
        (pa.array([1.0]), pa.array([np.nextafter(1.0, 2)])),
        (pa.array([True]), pa.array([False])),
        (pa.array([[1, 2]]), pa.array([[2, 1]])),
        (pa.array([datetime(2026, 1, 2)]), pa.array([datetime(2026, 1, 3)])),
    ],
)
def test_values_that_differ_differ(old: pa.Array, new: pa.Array, compare: Compare) -> None:
    rows = compare({"v": old}, {"v": new}).rows
    assert (rows.added, rows.removed) == (1, 1)


def test_swapped_values_are_another_row(compare: Compare) -> None:
    rows = compare({"a": [1], "b": [2]}, {"a": [2], "b": [1]}).rows
    assert (rows.added, rows.removed) == (1, 1)


def test_a_random_edit_is_found_as_pandas_finds_it(compare: Compare) -> None:
    generator = np.random.default_rng(3)
    old = pd.DataFrame({"id": np.arange(5000), "x": generator.integers(0, 9, 5000), "y": generator.random(5000)})
    new = old.sample(4000, random_state=1).reset_index(drop=True)
    edited = generator.random(4000) < 0.1
    new.loc[edited, "x"] += 1
    new = pd.concat([new, pd.DataFrame({"id": [9001, 9002], "x": [1, 2], "y": [0.1, 0.2]})], ignore_index=True)
    found = compare(pa.Table.from_pandas(old), pa.Table.from_pandas(new), "id")
    assert (found.rows.added, found.rows.removed, found.rows.changed) == (2, 1000, edited.sum())
    merged = old.merge(new, how="outer", indicator=True)["_merge"].value_counts()
    whole = compare(pa.Table.from_pandas(old), pa.Table.from_pandas(new)).rows
    assert (whole.added, whole.removed) == (merged["right_only"], merged["left_only"])


def test_columns_say_type_range_nulls_and_categories_of_both_versions(compare: Compare) -> None:
    found = compare(
        {"n": [1, 2, 3, 4] * 3, "c": ["a", "b", "a", "b"] * 3, "gone": [1] * 12, "same": [1] * 12},
        {"n": [1.5, 2.0, None, 9.0] * 3, "c": ["a", "z", "a", "z"] * 3, "new": [1] * 12, "same": [1] * 12},
    )
    by_name = {column.name: column for column in found.columns}
    assert by_name["n"].old == difference.Facts(type="int64", nulls=0, low=1, high=4)
    assert by_name["n"].new == difference.Facts(type="double", nulls=3, low=1.5, high=9)
    assert (by_name["c"].came, by_name["c"].went) == (("z",), ("b",))
    assert by_name["gone"].new is None
    assert by_name["new"].old is None
    assert [column.name for column in found.columns if not column.differs] == ["same"]
    assert found.rows.columns == ("n", "c", "same")


def test_the_verdict_on_drift_is_part_of_it(compare: Compare) -> None:
    generator = np.random.default_rng(0)
    found = compare({"n": generator.normal(0, 1, 2000)}, {"n": generator.normal(2, 1, 2000)})
    assert found.drift.state == "drifted"


def test_a_key_that_is_absent_or_stands_twice_is_refused(compare: Compare) -> None:
    with pytest.raises(UserError, match="has no column `key`"):
        compare({"id": [1]}, {"id": [1]}, "key")
    with pytest.raises(UserError, match="`id` is no key, 2 of 4 rows"):
        compare({"id": [1, 2, 3, 4]}, {"id": [1, 1, 1, 2]}, "id")


def test_hashes_of_different_values_do_not_meet() -> None:
    values = pa.array(np.arange(-200_000, 200_000))
    texts = pa.array([str(value) for value in range(100_000)])
    for hashes, count in ((difference_rows._numbers(values), 400_000), (difference_rows._texts(texts), 100_000)):
        assert len(np.unique(hashes)) == count
