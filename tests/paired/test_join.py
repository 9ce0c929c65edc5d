"""Predictions out of files, and base and head row by row: what is wrong with them is named."""

import io

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from mltool.config import Predictions
from mltool.errors import UserError
from mltool.paired import ids
from mltool.paired.join import Pairs, join
from mltool.paired.sides import Side, read

COLUMNS = Predictions()
KEYS = [16294208416658607535, 17360999193197444373, 9568035320272053094]


def table(**columns: object) -> bytes:
    made = {"row_id": ["a", "b", "c"], "y_true": [0, 1, 1], "y_pred": [0, 1, 0], "y_score": [0.1, 0.8, 0.4]}
    out = io.BytesIO()
    parquet.write_table(pa.table(made | columns), out)
    return out.getvalue()


def side(**columns: object) -> Side:
    return read(table(**columns), COLUMNS, source="p.parquet")


def both(base: Side, head: Side) -> Pairs:
    return join(base, head, regression=False)


def test_rows_are_paired_by_id_in_the_order_of_the_head() -> None:
    base = side()
    head = side(row_id=["c", "d", "a"], y_true=[1, 1, 0], y_pred=[1, 1, 1], y_score=[0.9, 0.7, 0.6])

    pairs = both(base, head)

    assert pairs.classes == ("0", "1")
    assert pairs.truth.tolist() == [1, 0]
    assert pairs.base.tolist() == [0, 0]
    assert pairs.head.tolist() == [1, 1]
    assert pairs.base_scores[""].tolist() == [0.4, 0.1]
    assert (pairs.only_base, pairs.only_head, pairs.moved) == (1, 1, 0)


def test_rows_whose_truth_differs_are_counted_and_left_out() -> None:
    pairs = both(side(), side(y_true=[0, 0, 1]))

    assert len(pairs) == 2
    assert (pairs.only_base, pairs.only_head, pairs.moved) == (0, 0, 1)


@pytest.mark.parametrize("order", [["a", "b", "b"], ["b", "c", "b"]])
def test_an_id_that_occurs_twice_is_named_on_either_side(order: list[str]) -> None:
    twice = side(row_id=order)
    for sides in ((side(), twice), (twice, side()), (twice, twice)):
        with pytest.raises(UserError, match="1 rows have an id that another row has too"):
            both(*sides)


def test_ids_that_share_nothing_are_named() -> None:
    with pytest.raises(UserError, match="shares no row id"):
        both(side(), side(row_id=["x", "y", "z"]))


def test_numbers_and_text_are_the_same_ids() -> None:
    pairs = both(side(row_id=[1, 2, 3]), side(row_id=["3", "2", "1"], y_true=[1, 1, 0]))

    assert pairs.base.tolist() == [0, 1, 0]


@pytest.mark.parametrize("column", ["row_id", "y_true", "y_pred", "y_score"])
def test_a_missing_value_is_named_with_its_column(column: str) -> None:
    kept = {"row_id": ["a", "b", None]}.get(column, [0, None, 1])

    with pytest.raises(UserError, match=f"`{column}` is missing in 1 of 3 rows"):
        side(**{column: kept})


def test_a_missing_prediction_in_csv_is_missing_also_where_it_is_text() -> None:
    content = b"row_id,y_true,y_pred\n1,NA,NA\n2,FR,\n"

    with pytest.raises(UserError, match="`y_pred` is missing in 1 of 2 rows"):
        read(content, COLUMNS, source="p.csv")


@pytest.mark.parametrize(("value", "said"), [(float("nan"), "missing in 1"), (float("inf"), "infinite")])
def test_a_score_that_is_no_number_is_named(value: float, said: str) -> None:
    with pytest.raises(UserError, match=said):
        side(y_score=[0.1, value, 0.2])


def test_scores_that_are_text_are_named() -> None:
    with pytest.raises(UserError, match="holds string, not numbers"):
        side(y_score=["high", "low", "low"])


def test_a_column_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(UserError, match="no column `prediction`"):
        read(table(), Predictions(label="prediction"), source="p.parquet")


@pytest.mark.parametrize("name", ["row_id", "y_true", "y_pred", "y_score", "place"])
@pytest.mark.parametrize("value", [[[1], [2], [3]], [{"a": 1}, {"a": 2}, {"a": 3}]])
def test_a_column_of_lists_or_records_is_named(name: str, value: list[object]) -> None:
    with pytest.raises(UserError, match=f"p.parquet: `{name}` holds (list|struct)<"):
        read(table(**{"place": [1, 2, 3], name: value}), COLUMNS, source="p.parquet", extra=("place",))


@pytest.mark.parametrize("name", ["row_id", "y_true", "y_pred", "y_score", "place"])
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_column_that_is_there_twice_is_named(name: str, kind: str) -> None:
    made = {"row_id": [1, 2], "y_true": [0, 1], "y_pred": [0, 1], "y_score": [0.1, 0.8], "place": [1, 2]}
    twice = pa.table([*made.values(), made[name]], names=[*made, name])
    out = io.BytesIO()
    csv.write_csv(twice, out) if kind == "csv" else parquet.write_table(twice, out)
    with pytest.raises(UserError, match=f"has 2 columns `{name}`"):
        read(out.getvalue(), COLUMNS, source=f"p.{kind}", extra=("place",))


@pytest.mark.parametrize("content", [b"PAR1 and then nothing", b""])
def test_a_file_that_is_no_table_is_named(content: bytes) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        read(content, COLUMNS, source="p.csv")


def test_flags_are_classes_and_true_is_the_second() -> None:
    pairs = both(
        side(y_true=[False, True, True], y_pred=[False, True, False]),
        side(y_true=[False, True, True], y_pred=[True, True, True]),
    )

    assert len(pairs.classes) == 2
    assert pairs.truth.tolist() == [0, 1, 1]


def test_a_label_that_only_one_model_knows_is_a_class() -> None:
    pairs = both(side(y_pred=[0, 2, 0]), side())

    assert pairs.classes == ("0", "1", "2")


def test_keys_are_the_same_wherever_a_row_stands() -> None:
    names = pa.array([f"row {number}" for number in range(5000)])
    order = np.random.default_rng(0).permutation(5000)

    keys = ids.keys(names)

    assert np.array_equal(ids.keys(names.take(pa.array(order))), keys[order])
    assert np.array_equal(ids.keys(names[17:80]), keys[17:80])
    assert np.array_equal(ids.keys(names.cast(pa.large_string())), keys)
    assert len(np.unique(keys)) == 5000
    assert np.mean(keys % 2) == pytest.approx(0.5, abs=0.03)
    # What a key is must not change from version to version: halves of test sets hang on it.
    assert [int(key) for key in ids.keys(pa.array(["", "a", "row 1"]))] == KEYS


def test_keys_of_numbers_are_keys_too() -> None:
    assert len(np.unique(ids.keys(pa.array(range(5000))))) == 5000
