"""A predictions file is checked before it is believed."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mltool import measure
from mltool.config import Predictions
from mltool.errors import UserError


def table(truth: list[object], label: list[object], **more: list[object]) -> pd.DataFrame:
    return pd.DataFrame({"row_id": range(len(truth)), "y_true": truth, "y_pred": label, **more})


@pytest.mark.parametrize(
    ("truth", "label", "task"),
    [
        ([0, 1, 1], [1, 1, 0], "binary"),
        ([True, False, True], [True, True, False], "binary"),
        ([0.0, 1.0, 1.0], [1.0, 1.0, 0.0], "binary"),
        ([0, 1, 2], [2, 1, 0], "multiclass"),
        (["a", "b", "c"], ["a", "a", "a"], "multiclass"),
        ([1.5, 2.0, 3.0], [1.0, 2.0, 3.0], "regression"),
        ([1, 2, 3], [1.1, 2.2, 3.3], "regression"),
    ],
)
def test_the_task_is_told_from_the_values(truth: list[object], label: list[object], task: str) -> None:
    assert measure.check(table(truth, label)).task == task


def test_many_whole_numbers_may_be_either_so_the_caller_says() -> None:
    frame = table(list(range(21)), list(range(21)))
    with pytest.raises(UserError, match="21 different whole numbers may be classes or amounts"):
        measure.check(frame)
    assert measure.check(frame, task="regression").task == "regression"
    assert len(measure.check(frame, task="multiclass").labels) == 21


@pytest.mark.parametrize("column", ["row_id", "y_true", "y_pred", "y_score"])
@pytest.mark.parametrize("hole", [None, np.nan, np.inf, -np.inf])
def test_a_missing_or_infinite_value_is_an_error_that_names_column_and_row(column: str, hole: float | None) -> None:
    frame = table([0.0, 1.0, 1.0], [0.0, 1.0, 0.0], y_score=[0.1, 0.9, 0.4])
    frame[column] = frame[column].astype(float)
    frame.loc[1, column] = hole
    with pytest.raises(UserError, match=rf"`{column}` has 1 missing or infinite values, the first in row 2"):
        measure.check(frame)


def test_a_missing_text_label_is_an_error() -> None:
    with pytest.raises(UserError, match="`y_pred` has 1 missing"):
        measure.check(table(["a", "b"], ["a", None]))


def test_a_missing_score_of_one_class_is_an_error(multiclass: pd.DataFrame) -> None:
    multiclass.loc[3, "y_score_barolo"] = np.nan
    with pytest.raises(UserError, match=r"`y_score_barolo` has 1 missing or infinite values, the first in row 4"):
        measure.check(multiclass)


def test_scores_of_some_classes_only_are_an_error(multiclass: pd.DataFrame) -> None:
    with pytest.raises(UserError, match="no column `y_score_barolo`"):
        measure.check(multiclass.drop(columns="y_score_barolo"))


def test_a_class_that_has_a_score_and_no_row_is_a_class(multiclass: pd.DataFrame) -> None:
    more = multiclass.assign(y_score_zinfandel=0.0)
    evaluation = measure.evaluate(more)
    assert measure.check(more).labels == ("barbera", "barolo", "grignolino", "zinfandel")
    assert evaluation.metrics["log_loss"] == measure.evaluate(multiclass).metrics["log_loss"]
    assert "roc_auc_macro" not in evaluation.metrics
    assert evaluation.notes == ("No row is of class zinfandel: no roc_auc_macro.",)


def test_scores_that_do_not_add_up_give_no_log_loss_and_a_note(multiclass: pd.DataFrame) -> None:
    evaluation = measure.evaluate(multiclass.assign(y_score_barolo=multiclass["y_score_barolo"] * 2))
    assert "log_loss" not in evaluation.metrics
    assert "do not add up to 1: no log_loss" in evaluation.notes[0]


def test_scores_of_numbered_classes_are_found_by_number() -> None:
    scores = {f"y_score_{code}": [1 / 3, 1 / 3, 1 / 3] for code in range(3)}
    frame = table([0.0, 1.0, 2.0], [0.0, 1.0, 1.0], **scores)
    assert measure.evaluate(frame).metrics["roc_auc_macro"] == 0.5
    with pytest.raises(UserError, match="is of no class"):
        measure.check(frame.assign(y_score_raw=0.0))


@pytest.mark.parametrize("column", ["row_id", "y_true", "y_pred"])
def test_an_absent_column_is_named_with_those_that_are_there(column: str) -> None:
    with pytest.raises(UserError, match=rf"has no column `{column}`. Its columns: ") as caught:
        measure.check(table([0, 1], [0, 1]).drop(columns=column))
    assert caught.value.code == 2


def test_columns_may_have_other_names() -> None:
    frame = table([0, 1], [0, 1]).rename(columns={"row_id": "id", "y_true": "t", "y_pred": "p"})
    found = measure.check(frame, columns=Predictions(id="id", truth="t", label="p", score="s"))
    assert found.truth.tolist() == [0, 1]


def test_an_id_that_occurs_twice_is_an_error() -> None:
    with pytest.raises(UserError, match="`row_id` names 1 rows twice, the first is `7`"):
        measure.check(table([0, 1, 1], [0, 1, 1]).assign(row_id=[7, 8, 7]))


def test_words_for_truth_and_codes_for_labels_do_not_fit() -> None:
    with pytest.raises(UserError, match="hold different things"):
        measure.check(table(["late", "ok"], [1, 0]))


def test_the_positive_one_of_two_named_labels_has_to_be_said() -> None:
    frame = table(["late", "ok", "ok"], ["late", "late", "ok"])
    with pytest.raises(UserError, match="which of the labels"):
        measure.check(frame)
    found = measure.check(frame, positive="late")
    assert found.truth.tolist() == [1, 0, 0]
    assert found.labels == ("ok", "late")
    with pytest.raises(UserError, match="no row has the positive label `early`"):
        measure.check(frame, positive="early")


def test_either_truth_value_can_be_the_positive_one() -> None:
    frame = table([True, False, False], [True, True, False])
    assert measure.check(frame).truth.tolist() == [1, 0, 0]
    assert measure.check(frame, positive="True").truth.tolist() == [1, 0, 0]
    assert measure.check(frame, positive="False").truth.tolist() == [0, 1, 1]


def test_three_labels_are_no_binary_task() -> None:
    with pytest.raises(UserError, match="3 different labels are no binary task"):
        measure.check(table([0, 1, 2], [0, 1, 2]), task="binary")


def test_words_are_no_regression() -> None:
    with pytest.raises(UserError, match="a regression needs numbers, and `a` is none"):
        measure.check(table(["a", "b"], ["a", "b"]), task="regression")


def test_a_score_that_is_text_is_an_error() -> None:
    with pytest.raises(UserError, match="`y_score` must hold numbers"):
        measure.check(table([0, 1], [0, 1], y_score=["low", "high"]))


def test_one_class_in_the_whole_truth_is_an_error() -> None:
    with pytest.raises(UserError, match="`y_true` has the same value in all 2 rows"):
        measure.evaluate(table([1, 1], [0, 1]))


def test_values_too_large_to_measure_are_an_error() -> None:
    with pytest.raises(UserError, match="is not finite"):
        measure.evaluate(table([1e300, 0.5], [-1e300, 0.5]))


def test_a_slice_column_that_is_absent_or_has_too_many_values_is_an_error(binary: pd.DataFrame) -> None:
    with pytest.raises(UserError, match="no column `hospital` to slice by"):
        measure.evaluate(binary, slices=["hospital"])
    with pytest.raises(UserError, match="`row_id` has 284 values, too many to slice by"):
        measure.evaluate(binary, slices=["row_id"])


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_a_table_reads_back_as_it_was_written(binary: pd.DataFrame, tmp_path: Path, ending: str) -> None:
    measure.write(tmp_path / f"t{ending}", binary)
    again = measure.read(tmp_path / f"t{ending}")
    pd.testing.assert_frame_equal(again, binary, check_dtype=ending == ".parquet")
    assert measure.evaluate(again) == measure.evaluate(binary)


def test_a_label_that_spells_na_is_a_label_and_an_empty_field_is_missing(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("row_id,y_true,y_pred\n0,NA,NA\n1,None,NA\n")
    assert measure.check(measure.read(tmp_path / "t.csv"), positive="NA").label.tolist() == [1, 1]
    (tmp_path / "t.csv").write_text("row_id,y_true,y_pred\n0,NA,NA\n1,,NA\n")
    with pytest.raises(UserError, match="`y_true` has 1 missing"):
        measure.check(measure.read(tmp_path / "t.csv"))


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("t.parquet", b"PAR1 not really", "is not a table that can be read"),
        ("t.csv", b"", "is not a table that can be read"),
        ("t.csv", b"a,b\n1\n1,2,3,4\n", "is not a table that can be read"),
        ("t.csv", b"row_id\n\xff\xfe\n", "is not a table that can be read"),
        ("t.csv", b"row_id,y_true\n", "has no rows"),
        ("t.xlsx", b"", "read from .csv or .parquet"),
    ],
)
def test_a_file_that_is_no_table_is_one_sentence(tmp_path: Path, name: str, content: bytes, sentence: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=sentence):
        measure.read(tmp_path / name)


def test_a_file_that_is_absent_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"p\.parquet does not exist"):
        measure.read(tmp_path / "p.parquet")
