"""Statistical goldens: what was written down, compared with what is said now."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mltool.errors import UserError
from mltool.testing.expected import Golden, compare, measured, read, written
from mltool.testing.undecided import UndecidedError

CHANCE = np.random.default_rng(4)


def judged(known: pd.Series, now: pd.Series, margin: float) -> None:
    compare(measured(known), now, margin=margin, alpha=0.05)


def test_the_same_values_pass_however_few_and_the_last_bits_do_not_count() -> None:
    few = pd.Series([0.1, 0.9, 0.4])
    judged(few, few, 0.0)
    judged(few, few + 1e-13, 0.0)


def test_another_sample_of_the_same_scores_passes_where_it_is_large_enough() -> None:
    one, other = (pd.Series(CHANCE.beta(2, 3, 4000)) for _ in range(2))
    judged(one, other, 0.06)
    with pytest.raises(UndecidedError, match="the rows are too few"):
        judged(one.head(50), other.head(50), 0.06)


def test_scores_that_have_the_same_mean_and_another_spread_fail() -> None:
    wide, narrow = pd.Series(CHANCE.normal(0, 1, 3000)), pd.Series(CHANCE.normal(0, 0.3, 3000))
    with pytest.raises(AssertionError, match=r"it was 0\.1[\s\S]*pytest --mltool-update"):
        judged(wide, narrow, 0.05)


def test_a_label_that_was_never_said_before_counts_as_one() -> None:
    known, now = pd.Series(["a", "b"] * 500), pd.Series(["a", "b"] * 350 + ["c"] * 300)
    with pytest.raises(AssertionError, match=r"c: 0\.300, it was 0\.000"):
        judged(known, now, 0.1)


def test_numbers_are_not_compared_with_labels() -> None:
    with pytest.raises(AssertionError, match="golden is of labels"):
        judged(pd.Series(["a", "b"]), pd.Series([0.1, 0.2]), 0.1)
    with pytest.raises(ValueError, match="too many"):
        measured(pd.Series(range(1000)))


def test_a_golden_is_written_read_back_and_missed(tmp_path: Path) -> None:
    values = pd.Series([0.25, 0.5, 0.5, 1.0])
    golden = Golden(folder=tmp_path, test="test_it[UA/AA]")
    with pytest.raises(AssertionError, match=r"There is no .* yet"):
        golden(values, margin=0.1)
    Golden(folder=tmp_path, test="test_it[UA/AA]", update=True)(values, margin=0.1)
    assert [path.name for path in tmp_path.iterdir()] == ["test_it-UA-AA.json"]
    golden(values, margin=0.0)
    assert read(tmp_path / "test_it-UA-AA.json") == measured(values)
    with pytest.raises(AssertionError, match="1 of 4 predictions are missing"):
        golden(values.where(values < 1), margin=0.1)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"schema": "mltool.golden/1"}'])
def test_a_broken_golden_is_a_sentence(tmp_path: Path, content: str) -> None:
    place = tmp_path / "golden.json"
    place.write_text(content)
    with pytest.raises(UserError, match="Write it again"):
        read(place)
    place.write_text(written(measured(pd.Series(["a"]))).replace("golden/1", "golden/9"))
    with pytest.raises(UserError, match=r"is not mltool\.golden/1"):
        read(place)


def test_tests_with_long_parameters_have_goldens_of_their_own(tmp_path: Path) -> None:
    scores = pd.Series([0.1, 0.2, 0.9] * 100)
    for end in ("a", "b"):
        golden = Golden(folder=tmp_path, test=f"test_x[{'é' * 60_000}{end}]", update=True)
        golden(scores, margin=0.1, name="n" * 300)
    assert len(list(tmp_path.iterdir())) == 2
