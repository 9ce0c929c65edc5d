"""A profile says what the whole table holds: the same one each time, in bounded size, and nothing private."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet
from scipy.stats import spearmanr

from mltool.data import profile, profile_ranks, profile_sample
from mltool.data.profile import Profile
from mltool.data.profile_sample import Seen
from mltool.data.profile_source import opened
from mltool.errors import UserError


def of(frame: pd.DataFrame | pa.Table, folder: Path, *, suffix: str = ".parquet", **more: list[str]) -> Profile:
    place = folder / f"table{suffix}"
    if isinstance(frame, pa.Table):
        parquet.write_table(frame, place, row_group_size=7)
    elif suffix == ".csv":
        frame.to_csv(place, index=False)
    else:
        frame.to_parquet(place)
    with opened(place) as source:
        return profile.make(source, **more)


@pytest.fixture
def frame() -> pd.DataFrame:
    generator = np.random.default_rng(0)
    size = generator.normal(50, 10, 3000)
    return pd.DataFrame({
        "size": size,
        "rooms": generator.integers(1, 6, 3000),
        "town": generator.choice(["Bern", "Chur", "Genf"], 3000),
        "new": generator.random(3000) < 0.2,
        "price": size * 3 + generator.normal(0, 20, 3000),
    })  # fmt: skip


def test_counts_at_the_quantiles_are_exact(frame: pd.DataFrame, tmp_path: Path) -> None:
    numbers = of(frame, tmp_path).columns[0].numbers
    assert numbers is not None
    assert len(numbers.values) == profile.POINTS
    assert (numbers.low, numbers.high) == (frame["size"].min(), frame["size"].max())
    assert numbers.upto == tuple((frame["size"].to_numpy() <= value).sum() for value in numbers.values)


def test_every_value_of_a_column_with_few_stands_once(frame: pd.DataFrame, tmp_path: Path) -> None:
    numbers = of(frame, tmp_path).columns[1].numbers
    assert numbers is not None
    assert numbers.values == (1, 2, 3, 4, 5)
    assert numbers.equal == tuple(frame["rooms"].value_counts().sort_index())


def test_texts_and_truth_values_are_counted(frame: pd.DataFrame, tmp_path: Path) -> None:
    town, new = of(frame, tmp_path).columns[2:4]
    assert town.words is not None
    assert town.words.listed == frame["town"].value_counts().to_dict()
    assert new.words is not None
    assert set(new.words.listed) == {"true", "false"}


def test_parquet_and_csv_have_the_same_profile(frame: pd.DataFrame, tmp_path: Path) -> None:
    assert of(frame, tmp_path, suffix=".csv") == of(frame, tmp_path)


def test_a_profile_survives_being_written_and_is_the_same_each_time(frame: pd.DataFrame, tmp_path: Path) -> None:
    found = of(frame, tmp_path)
    place = tmp_path / "profile.json"
    place.write_bytes(profile.write(found))
    assert profile.read(place) == found
    assert profile.write(of(frame, tmp_path)) == place.read_bytes()


def test_missing_values_are_counted_where_and_however_they_are_missing(tmp_path: Path) -> None:
    table = pa.table({
        "number": pa.array([1.0, None, float("nan"), 4.0] * 5),
        "text": pa.array(["a", None, "b", "a"] * 5),
        "list": pa.array([[1], None, [2], []] * 5),
        "all": pa.nulls(20),
        "far": pa.array([float("inf"), 0.0, 1.0, -float("inf")] * 5),
        "day": pa.array([None, 1, 2, 3] * 5, pa.date32()),
    })  # fmt: skip
    found = of(table, tmp_path)
    assert {column.name: column.nulls for column in found.columns} == {
        "number": 10, "text": 5, "list": 5, "all": 20, "far": 0, "day": 5,
    }  # fmt: skip
    assert [column.kind for column in found.columns] == ["numbers", "words", "other", "other", "numbers", "times"]
    place = tmp_path / "profile.json"
    place.write_bytes(profile.write(found))
    far = profile.read(place).columns[4].numbers
    assert far is not None
    assert far.low < -1e300
    assert far.high > 1e300


def test_rank_correlations_are_those_of_scipy(frame: pd.DataFrame, tmp_path: Path) -> None:
    for pair in of(frame, tmp_path).pairs:
        truth = spearmanr(frame[pair.left], frame[pair.right]).statistic
        assert pair.rho == pytest.approx(truth, abs=1e-6)
        assert pair.rows == 3000


def test_a_correlation_counts_the_rows_that_have_both_values() -> None:
    values = np.arange(100.0)
    holes = np.where(values % 4 == 0, np.nan, -values)
    columns = [
        Seen(name=name, kind="numbers", rows=100, nulls=0, values=np.ones(1), paired=paired)
        for name, paired in (("a", values), ("b", holes), ("same", np.ones(100)))
    ]
    assert list(profile_ranks.correlations(columns)) == [("a", "b", pytest.approx(-1, abs=1e-3), 75)]


def test_what_stands_once_is_not_listed(tmp_path: Path) -> None:
    found = of(pd.DataFrame({"mail": [f"{i}@example.org" for i in range(99)]}), tmp_path)
    assert b"example.org" not in profile.write(found)


def test_a_large_table_is_known_by_a_sample_and_its_counts_by_all_rows(tmp_path: Path) -> None:
    rows = 3 * profile_sample.MOST
    values = np.arange(rows, dtype=float)
    values[:1000] = np.nan
    parquet.write_table(pa.table({"n": values}), tmp_path / "table.parquet")
    with opened(tmp_path / "table.parquet") as source:
        (column,) = profile.make(source).columns
    assert (column.nulls, column.numbers.low, column.numbers.high) == (1000, 1000, rows - 1)  # type: ignore[union-attr]
    assert column.numbers.count == pytest.approx(profile_sample.MOST, rel=0.01)  # type: ignore[union-attr]
    shares = np.array(column.numbers.upto) / column.numbers.count  # type: ignore[union-attr]
    assert np.abs(shares - np.array(column.numbers.values) / rows).max() < 0.003  # type: ignore[union-attr]


def test_columns_can_be_left_out(frame: pd.DataFrame, tmp_path: Path) -> None:
    assert [column.name for column in of(frame, tmp_path, without=["size", "new"]).columns] == [
        "rooms",
        "town",
        "price",
    ]
    with pytest.raises(UserError, match="has no column `siez`"):
        of(frame, tmp_path, without=["siez"])


def test_numbers_that_become_fractions_late_in_a_large_csv_are_read(tmp_path: Path) -> None:
    place = tmp_path / "long.csv"
    place.write_text("n,t\n" + f"{'1' * 15},x\n" * 5_000_000 + "0.5,y\n")
    with opened(place) as source:
        column = profile.make(source).columns[0]
    assert column.numbers is not None
    assert column.numbers.low == 0.5


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "no table that can be read"),
        (b"PAR1 and no more", "no table that can be read"),
        (b"a,b\n", "has no rows"),
        (b"a,a\n1,2\n", "more than one column of a name: 1 and 2"),
        (b"a,b\n1,2\n3\n", "cannot be read"),
    ],
)
def test_what_is_no_table_is_named(content: bytes, sentence: str, tmp_path: Path) -> None:
    place = tmp_path / "bad.csv"
    place.write_bytes(content)
    with pytest.raises(UserError, match=sentence), opened(place):
        pass


def test_a_file_that_is_no_profile_is_named(tmp_path: Path) -> None:
    place = tmp_path / "profile.json"
    with pytest.raises(UserError, match="cannot be read"):
        profile.read(place)
    place.write_text('{"rows": 1}')
    with pytest.raises(UserError, match="is no profile"):
        profile.read(place)
    place.write_text('{"rows": 1, "columns": [], "schema": "mltool.profile/9"}')
    with pytest.raises(UserError, match=r"schema mltool\.profile/9"):
        profile.read(place)
