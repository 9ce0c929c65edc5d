"""Repeated rows are found exactly, also once the fingerprints no longer fit into memory."""

import numpy as np
import pyarrow as pa
import pytest

from mltool.data import check_keys
from mltool.data.check_keys import Seen


@pytest.mark.parametrize("most", [10, 1000, 1 << 20])
def test_the_count_is_that_of_numpy_in_memory_and_on_disk(most: int) -> None:
    values = np.random.default_rng(0).integers(0, 40_000, 20_000)
    seen = Seen(most=most)
    for block in np.array_split(values, 17):
        prints, _ = check_keys.prints([pa.array(block)])
        seen.add(prints)
    count, twice = seen.repeats(5)
    assert count == len(values) - len(np.unique(values))
    assert len(twice) == 5


def test_no_two_texts_share_a_fingerprint() -> None:
    texts = [
        "",
        "a",
        "b",
        "ab",
        "ba",
        "aa",
        "a\0",
        "\0",
        "ä",
        *map(str, range(100_000)),
        *("x" * n for n in range(2, 99)),
    ]
    prints, _ = check_keys.prints([pa.array(texts)])
    assert len(np.unique(prints)) == len(set(texts)) == len(texts)


def test_equal_values_have_equal_fingerprints_however_they_are_stored() -> None:
    texts = pa.array(["b", "a", "long " * 9])
    parts = pa.array(["?", "b", "a", "long " * 9, "!"])[1:4]
    for other in (texts.dictionary_encode(), texts.cast(pa.large_string()), texts.cast(pa.string_view()), parts):
        assert (check_keys.prints([other])[0] == check_keys.prints([texts])[0]).all()
    whole = pa.array([0, -7, 2**40])
    assert (check_keys.prints([whole])[0][:2] == check_keys.prints([whole[:2].cast(pa.int8())])[0]).all()
    zeros, _ = check_keys.prints([pa.array([0.0, -0.0])])
    assert zeros[0] == zeros[1]


def test_long_texts_are_hashed_in_parts_with_the_same_result() -> None:
    texts = [f"{n}-{'x' * 500}" for n in range(5000)]
    whole, _ = check_keys.prints([pa.array(texts)])
    assert whole[4321] == check_keys.prints([pa.array(texts[4321:4322])])[0][0]
    assert len(np.unique(whole)) == len(texts)


def test_the_order_of_the_columns_of_a_key_matters_and_rows_with_a_hole_have_none() -> None:
    first, second = pa.array([1, 2, None]), pa.array([2, 1, 1])
    prints, whole = check_keys.prints([first, second])
    assert whole.tolist() == [True, True, False]
    assert len(prints) == len(np.unique(prints)) == 2
