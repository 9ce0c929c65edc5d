"""Splits do not leak: by time, by group, at random."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from mltool import measure
from mltool.errors import UserError

Moments = Callable[[int], pd.DataFrame]


def together(parts: measure.Parts) -> list[int]:
    return sorted(pd.concat([parts.train, parts.validation, parts.test])["row_id"])


@pytest.mark.parametrize("rows", [9, 10, 100, 1000])
def test_train_ends_before_validation_begins_and_validation_before_test(moments: Moments, rows: int) -> None:
    parts = measure.by_time(moments(rows), time="at")
    assert parts.train["at"].max() < parts.validation["at"].min()
    assert parts.validation["at"].max() < parts.test["at"].min()


def test_every_row_is_in_exactly_one_part(moments: Moments) -> None:
    frame = moments(100)
    for parts in (
        measure.by_time(frame, time="at"),
        measure.by_group(frame, group="at", seed=1),
        measure.at_random(frame, seed=1),
    ):
        assert together(parts) == list(range(100))


def test_the_parts_have_the_shares_that_were_asked_for_up_to_one_moment(moments: Moments) -> None:
    parts = measure.by_time(moments(3000), time="at", shares=measure.Shares(train=0.5, validation=0.2, test=0.3))
    assert parts.counts() == {"train": 1500, "validation": 600, "test": 900}


def test_rows_keep_their_order_inside_a_part(moments: Moments) -> None:
    frame = moments(60)
    for parts in (measure.by_time(frame, time="at"), measure.at_random(frame, seed=4)):
        for part in (parts.train, parts.validation, parts.test):
            assert list(part.index) == [label for label in frame.index if label in set(part.index)]


def test_times_may_be_text_numbers_or_timestamps_and_split_alike(moments: Moments) -> None:
    frame = moments(90)
    text = frame.assign(at=frame["at"].map(lambda moment: moment.isoformat()))
    number = frame.assign(at=frame["at"].map(lambda moment: moment.timestamp()))
    wanted = measure.by_time(frame, time="at").test["row_id"].tolist()
    assert measure.by_time(text, time="at").test["row_id"].tolist() == wanted
    assert measure.by_time(number, time="at").test["row_id"].tolist() == wanted


def test_text_times_of_several_zones_are_compared_as_moments() -> None:
    frame = pd.DataFrame(
        {"row_id": [0, 1, 2], "at": ["2024-01-01T12:00+05:00", "2024-01-01T09:00Z", "2024-01-01T05:00-05:00"]}
    )
    parts = measure.by_time(frame, time="at", shares=measure.Shares(train=0.4, validation=0.3, test=0.3))
    assert [part["row_id"].tolist() for part in (parts.train, parts.validation, parts.test)] == [[0], [1], [2]]


def test_validation_may_be_left_out(moments: Moments) -> None:
    shares = measure.Shares(train=0.8, validation=0, test=0.2)
    for parts in (
        measure.by_time(moments(300), time="at", shares=shares),
        measure.by_group(moments(300), group="at", seed=0, shares=shares),
        measure.at_random(moments(300), seed=0, shares=shares),
    ):
        assert parts.counts() == {"train": 240, "validation": 0, "test": 60}


def test_no_group_is_in_two_parts(moments: Moments) -> None:
    parts = measure.by_group(moments(300), group="at", seed=3)
    groups = [set(part["at"]) for part in (parts.train, parts.validation, parts.test)]
    assert not groups[0] & groups[1]
    assert not groups[0] & groups[2]
    assert not groups[1] & groups[2]


def test_the_same_seed_draws_the_same_rows_and_another_seed_others(moments: Moments) -> None:
    frame = moments(300)
    first, again, other = (measure.at_random(frame, seed=seed).test["row_id"].tolist() for seed in (1, 1, 2))
    assert first == again != other


def test_a_stratified_split_keeps_the_mix() -> None:
    frame = pd.DataFrame({"row_id": range(1000), "late": [1] * 100 + [0] * 900})
    parts = measure.at_random(frame, seed=0, stratify="late")
    assert [part["late"].mean() for part in (parts.train, parts.validation, parts.test)] == pytest.approx([0.1] * 3)


def test_as_many_moments_as_parts_are_enough_however_uneven() -> None:
    frame = pd.DataFrame({"at": [1] * 98 + [2, 3]})
    assert measure.by_time(frame, time="at").counts() == {"train": 98, "validation": 1, "test": 1}
    frame = pd.DataFrame({"at": [1, 2] + [3] * 98})
    assert measure.by_time(frame, time="at").counts() == {"train": 1, "validation": 1, "test": 98}


def test_too_few_moments_are_refused() -> None:
    frame = pd.DataFrame({"at": [1, 1, 2, 2]})
    with pytest.raises(UserError, match=r"rows.csv: `at` has 2 moments, fewer than there are parts"):
        measure.by_time(frame, time="at", source="rows.csv")


def test_one_moment_in_all_rows_is_refused() -> None:
    with pytest.raises(UserError, match="has 1 moments"):
        measure.by_time(pd.DataFrame({"at": [1] * 50}), time="at")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([1.0, np.nan, 3.0], "1 missing or infinite values, the first in row 2"),
        (["2024-01-01", None, "2024-01-03"], "1 missing or infinite values, the first in row 2"),
        (["2024-01-01", "tomorrow", "2024-01-03"], "`at` is no time"),
    ],
)
def test_a_time_that_cannot_be_read_is_named(values: list[object], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        measure.by_time(pd.DataFrame({"at": values}), time="at", source="rows.csv")


def test_fewer_groups_than_parts_are_refused() -> None:
    with pytest.raises(UserError, match="`user` has 2 groups, fewer than there are parts"):
        measure.by_group(pd.DataFrame({"user": ["a", "a", "b"]}), group="user", seed=0)


def test_a_class_too_small_to_stratify_is_explained() -> None:
    frame = pd.DataFrame({"late": [1] + [0] * 99})
    with pytest.raises(UserError, match=r"cannot be split so: .*least populated class"):
        measure.at_random(frame, seed=0, stratify="late")


@pytest.mark.parametrize(
    "shares", [{"train": 0.7, "validation": 0.2, "test": 0.2}, {"train": 1, "validation": 0, "test": 0}]
)
def test_shares_that_are_none_are_refused(shares: dict[str, float]) -> None:
    with pytest.raises(UserError):
        measure.Shares(**shares)
