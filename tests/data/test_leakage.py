"""Rows of a test table that training has seen, in tables as people have them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from mltool.data import leakage
from mltool.errors import UserError
from mltool.gates import test_set_leakage as gate
from support.said import mltool

FRAME = pd.DataFrame({
    "row_id": range(6),
    "age": [20.5, 30.0, np.nan, 40.0, 50.0, 50.0],
    "city": ["Rome", "Oslo", None, "Bonn", "Bern", "Bern"],
    "day": pd.to_datetime(["2026-01-01"] * 6),
    "late": [0, 1, 0, 1, 1, 1],
})  # fmt: skip


def put(folder: Path, name: str, frame: pd.DataFrame) -> Path:
    place = folder / name
    if name.endswith(".csv"):
        frame.to_csv(place, index=False)
    else:
        frame.to_parquet(place)
    return place


def test_rows_that_training_has_too_are_counted_by_value(tmp_path: Path) -> None:
    train = put(tmp_path, "train.parquet", FRAME)
    rows = FRAME.iloc[[0, 2, 4]].assign(
        row_id=[7, 8, 9],
        age=lambda frame: frame.age.astype("Float64"),
        city=lambda frame: frame.city.astype("category"),
        late=lambda frame: frame.late.astype("Int8"),
    )
    test = put(tmp_path, "test.parquet", pd.concat([rows, rows.assign(age=rows.age + 1e-9)]).iloc[[0, 1, 2, 3, 5, 5]])
    found = leakage.find(train, test, ignore=("row_id",))
    assert (found.leaked, found.repeated, found.test_rows) == (3, 1, 6)
    assert found.columns == ("age", "city", "day", "late")
    assert leakage.find(train, test).leaked == 0


def test_a_share_is_told_where_training_has_every_column_of_the_test_set(tmp_path: Path) -> None:
    test = put(tmp_path, "test.parquet", FRAME)
    wider = put(tmp_path, "wider.parquet", FRAME.iloc[:3].assign(more=1))
    assert leakage.share(wider, test) == pytest.approx(0.5)
    assert leakage.share(put(tmp_path, "narrow.parquet", FRAME.drop(columns="day")), test) is None
    assert leakage.share(put(tmp_path, "other.parquet", FRAME.assign(day="2026-01-01")), test) is None
    assert leakage.share(put(tmp_path, "empty.csv", FRAME.head(0)), test) is None
    listed = put(tmp_path, "listed.parquet", FRAME.assign(city=[[1], [2], None, [], [3], [3]]))
    assert leakage.share(listed, listed) == pytest.approx(1.0)


def test_the_same_features_with_another_label_are_counted_apart(tmp_path: Path) -> None:
    train = put(tmp_path, "train.csv", FRAME)
    test = put(tmp_path, "test.csv", FRAME.iloc[[0, 1, 3]].assign(late=[1, 1, 1]))
    found = leakage.find(train, test, ignore=("row_id",), label="late")
    assert (found.leaked, found.relabelled) == (2, 1)


def test_the_same_customer_is_found_by_a_key_and_nobody_is_nobody(tmp_path: Path) -> None:
    train = put(tmp_path, "train.parquet", FRAME)
    test = put(tmp_path, "test.parquet", FRAME.iloc[[0, 2, 5]].assign(age=1.0))
    found = leakage.find(train, test, key=("city",))
    assert (found.leaked, found.repeated, found.key) == (2, 0, ("city",))


def test_a_table_of_many_row_groups_gives_what_pandas_gives(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"a": random.integers(0, 400, 60_000), "b": random.choice(list("xyz"), 60_000),
                          "c": random.integers(0, 20, 60_000) / 7})  # fmt: skip
    train, test = frame[:50_000], frame[50_000:]
    for name, part, size in (("train.parquet", train, 777), ("test.parquet", test, 911)):
        parquet.write_table(pa.Table.from_pandas(part, preserve_index=False), tmp_path / name, row_group_size=size)
    found = leakage.find(tmp_path / "train.parquet", tmp_path / "test.parquet")
    known = set(train.itertuples(index=False, name=None))
    assert found.leaked == sum(row in known for row in test.itertuples(index=False, name=None))
    assert 0 < found.leaked < 10_000
    assert found.repeated == test.duplicated().sum()


def as_text(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(day=frame.day.astype(str))


def narrow(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(age=frame.age.astype("float32"))


def coarse(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(day=frame.day.astype("datetime64[s]"))


@pytest.mark.parametrize("spoil", [as_text, narrow, coarse])
def test_types_that_would_hide_equal_values_are_an_error_and_no_zero(tmp_path: Path, spoil: object) -> None:
    train = put(tmp_path, "train.parquet", FRAME)
    test = put(tmp_path, "test.parquet", spoil(FRAME))  # type: ignore[operator] # a function of a frame
    with pytest.raises(UserError, match="equal values would not look equal"):
        leakage.find(train, test)
    assert leakage.find(train, test, ignore=("day", "age")).leaked == 6


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"key": ("who",)}, "has no column `who`"),
        ({"label": "who"}, "has no column `who`"),
        ({"ignore": ("who",)}, "Neither table has a column `who`"),
        ({"ignore": tuple(FRAME)}, "share no column"),
        ({"ignore": tuple(FRAME)[:-1], "label": "late"}, "share no column"),
    ],
)
def test_columns_that_are_not_there_are_named(tmp_path: Path, options: dict[str, object], why: str) -> None:
    place = put(tmp_path, "train.parquet", FRAME)
    with pytest.raises(UserError, match=why):
        leakage.find(place, place, **options)  # type: ignore[arg-type] # the options of one case


def test_the_verb_writes_counts_and_no_row(tmp_path: Path) -> None:
    put(tmp_path, "train.csv", FRAME)
    put(tmp_path, "test.csv", FRAME[:2])
    said = mltool(tmp_path, "measure", "leakage", "train.csv", "test.csv", "--ignore", "row_id", "--label", "late")
    assert said.code == 0, said.err
    assert said.out.startswith("2 of 2 test rows (100 %) stand in the training table too (the same in 4 columns).")
    content = (tmp_path / "eval/leakage.json").read_bytes()
    assert isinstance(gate.read("x", content), gate.Leakage)
    assert b"Rome" not in content
    assert b"20.5" not in content


@pytest.mark.parametrize(
    "words", [("--key", "city", "--label", "late"), ("--ignore", "late", "--label", "late"), ("--key", "nobody")]
)
def test_what_the_verb_cannot_do_is_a_sentence(tmp_path: Path, words: tuple[str, ...]) -> None:
    put(tmp_path, "train.csv", FRAME)
    said = mltool(tmp_path, "measure", "leakage", "train.csv", "train.csv", *words)
    assert said.code == 2
    assert "mltool:" in said.err
    assert not (tmp_path / "eval").exists()
