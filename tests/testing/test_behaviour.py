"""Minimum functionality, invariance, direction and noise, on models that are a formula."""

import numpy as np
import pandas as pd
import pytest

from mltool.testing import check
from mltool.testing.undecided import UndecidedError

ROWS = pd.DataFrame({"name": ["Ada", "Bob", None, "Cid"], "x": [0.1, 0.4, 0.6, np.nan]}, index=[7, 8, 9, 10])


def by_x(rows: pd.DataFrame) -> pd.DataFrame:
    """Say 1 from 0.5 on; nothing is known of a missing value."""
    return pd.DataFrame({"label": (rows["x"] >= 0.5).astype(int), "score": rows["x"]}, index=rows.index)


def by_name(rows: pd.DataFrame) -> pd.DataFrame:
    """Say 1 of Ada alone."""
    return pd.DataFrame({"label": (rows["name"] == "Ada").astype(int)}, index=rows.index)


def doubled(rows: pd.DataFrame) -> pd.DataFrame:
    """Say an amount."""
    return pd.DataFrame({"value": 2 * rows["x"]}, index=rows.index)


def test_minimum_functionality_shows_what_was_expected_and_what_was_said() -> None:
    check.minimum(by_x, ROWS, [0, 0, 1, 0])
    with pytest.raises(AssertionError) as failed:
        check.minimum(by_x, ROWS, [0, 1, 1, 0])
    assert "1 of 4 rows" in str(failed.value)
    assert str(failed.value).splitlines()[-1].split() == ["8", "Bob", "0.4", "1", "0"]


def test_minimum_functionality_takes_a_column_and_a_tolerance_for_values() -> None:
    known = ROWS.iloc[:3].assign(y=[0.21, 0.8, 1.2])
    check.minimum(doubled, known, "y", tolerance=0.02)
    with pytest.raises(AssertionError, match="1 of 3"):
        check.minimum(doubled, known, "y", tolerance=0.001)


def test_a_missing_prediction_is_never_the_expected_one() -> None:
    with pytest.raises(AssertionError, match="1 of 4"):
        check.minimum(doubled, ROWS, [0.2, 0.8, 1.2, np.nan], tolerance=0.1)


def test_an_invariant_model_passes_and_another_fails_with_the_changed_cells() -> None:
    def renamed(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(name="Zoe")

    check.invariant(by_x, ROWS, renamed)
    with pytest.raises(AssertionError, match=r"1 of 4 rows[\s\S]*Ada → Zoe"):
        check.invariant(by_name, ROWS, renamed)


def test_rows_that_the_change_leaves_alone_count_for_nothing() -> None:
    many = pd.concat([ROWS] * 100, ignore_index=True)

    def only_ada(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(name=rows["name"].replace("Ada", "Eve"))

    with pytest.raises(UndecidedError, match="0 of 100 rows"):
        check.invariant(by_x, many, only_ada, max_failures=0.02)
    check.invariant(by_x, pd.concat([many] * 2, ignore_index=True), only_ada, max_failures=0.02)


def test_categories_and_nullable_numbers_are_compared_as_what_they_hold() -> None:
    typed = ROWS.assign(name=ROWS["name"].astype("category"), count=pd.array([1, 2, None, 4], dtype="Int64"))

    def renamed(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(name=rows["name"].cat.rename_categories({"Ada": "Eve"}))

    check.invariant(by_x, typed, renamed)
    with pytest.raises(AssertionError, match=r"1 of 1 rows[\s\S]*Ada → Eve"):
        check.invariant(by_name, typed, renamed)


def test_a_change_that_changes_nothing_shows_nothing() -> None:
    with pytest.raises(ValueError, match="leaves every row as it is"):
        check.invariant(by_x, ROWS, lambda rows: rows)
    with pytest.raises(ValueError, match="the same rows"):
        check.invariant(by_x, ROWS, lambda rows: rows.iloc[1:])


def test_direction_is_judged_by_the_score_and_a_missing_one_is_no_move() -> None:
    def more(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(x=rows["x"] + 0.1)

    check.directional(by_x, ROWS, more, "up")
    with pytest.raises(AssertionError, match="3 of 3 rows"):
        check.directional(by_x, ROWS, more, "down")
    check.directional(by_x, ROWS, more, "down", tolerance=0.11)
    with pytest.raises(AssertionError, match="1 of 4 rows"):
        check.directional(by_x, ROWS, lambda rows: rows.assign(x=rows["x"] + 0.1, name="Z"), "up")
    with pytest.raises(ValueError, match="'up' or 'down'"):
        check.directional(by_x, ROWS, more, "upwards")  # type: ignore[arg-type]


def test_labels_that_are_texts_have_no_direction() -> None:
    def texts(rows: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({"label": ["a"] * len(rows)}, index=rows.index)

    with pytest.raises(ValueError, match="no `value`"):
        check.directional(texts, ROWS, lambda rows: rows.assign(name="Z"), "up")
    with pytest.raises(ValueError, match="no numbers"):
        check.directional(texts, ROWS, lambda rows: rows.assign(name="Z"), "up", output="label")


def test_small_noise_flips_only_what_is_near_the_threshold() -> None:
    near = pd.DataFrame({"x": [0.1, 0.2, 0.4999, 0.8, 0.9]})
    check.stable(by_x, near.drop(2), ["x"])
    with pytest.raises(AssertionError, match=r"1 of 5 rows[\s\S]*\n2 "):
        check.stable(by_x, near, ["x"], draws=20)
    with pytest.raises(ValueError, match="same value in all rows"):
        check.stable(by_x, near.assign(x=1.0), ["x"])
