"""Bars out of two profiles, against counting the values themselves."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mltool.data import histogram, profile
from mltool.data.profile_source import opened
from mltool.report.data import Bars


def column(values: object, tmp_path: Path, name: str) -> profile.Column:
    place = tmp_path / f"{name}.parquet"
    pd.DataFrame({"x": values}).to_parquet(place)
    with opened(place) as source:
        return profile.make(source).columns[0]


def bars(old: object, new: object, tmp_path: Path) -> Bars | None:
    return histogram.bars(column(old, tmp_path, "old"), column(new, tmp_path, "new"))


def test_numbers_fall_into_the_bins_that_counting_puts_them_in(tmp_path: Path) -> None:
    chance = np.random.default_rng(1)
    old, new = chance.normal(size=20_000), chance.normal(0.5, 2, size=5_000)
    found = bars(old, new, tmp_path)
    assert found is not None
    edges = np.array([-np.inf, *found.edges[1:-1], np.inf])
    for values, shares in ((old, found.base), (new, found.head)):
        wanted = np.histogram(values, edges)[0] / len(values)
        # A profile knows 1,025 quantiles: each end of a bin is known to a thousandth.
        assert np.abs(np.array(shares) - wanted).max() < 0.003
        assert sum(shares) == pytest.approx(1, abs=1e-3)


def test_what_lies_far_out_does_not_squeeze_the_rest(tmp_path: Path) -> None:
    values = [*range(1000), 1e300]
    found = bars(values, values, tmp_path)
    assert found is not None
    assert found.edges[-1] < 1000
    assert found.base == found.head


def test_few_numbers_and_categories_have_a_bar_each(tmp_path: Path) -> None:
    found = bars([1, 1, 2, 2], [1, 2, 2, 3], tmp_path)
    assert found == Bars(labels=("1", "2", "3"), base=(0.5, 0.5, 0), head=(0.25, 0.5, 0.25))
    found = bars(["a", "a", "b", "b"], ["a", "a", "c", "c"], tmp_path)
    assert found == Bars(labels=("a", "b", "c"), base=(0.5, 0.5, 0), head=(0.5, 0, 0.5))


def test_rare_categories_are_drawn_as_one(tmp_path: Path) -> None:
    words = [f"w{n:02}" for n in range(20) for _ in range(20 - n)]
    found = bars(words, words, tmp_path)
    assert found is not None
    assert found.labels == (*(f"w{n:02}" for n in range(8)), "other")
    assert sum(found.base) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ([1.0, 2.0], ["a", "a"]),
        ([None, None], [None, None]),
        ([f"name {n}" for n in range(100)], [f"name {n}" for n in range(100)]),
        (pd.to_datetime(["2024-01-01"]), pd.to_datetime(["2024-01-02"])),
    ],
    ids=["another kind", "nothing there", "names", "times"],
)
def test_what_has_no_shape_is_not_drawn(old: object, new: object, tmp_path: Path) -> None:
    assert bars(old, new, tmp_path) is None


def test_one_value_alone_has_one_bar(tmp_path: Path) -> None:
    assert bars([7, 7], [7], tmp_path) == Bars(labels=("7",), base=(1,), head=(1,))
