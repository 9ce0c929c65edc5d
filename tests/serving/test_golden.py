"""Golden predictions: what counts as different."""

from typing import Any

import pytest

from mltool.serving.golden import Golden, GoldenError, differences, read


def golden(expected: Any) -> tuple[Golden, ...]:
    return (Golden(id="sample-1", row={}, expected=expected),)


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        ({"label": 1, "score": 0.5}, {"label": 1, "score": 0.5 + 9e-7}),
        ({"value": 1e9}, {"value": 1e9 + 500}),
        ({"label": "a", "scores": {"a": 0.7, "b": 0.3}}, {"label": "a", "scores": {"b": 0.3, "a": 0.7000001}}),
        ({"label": 1}, {"label": 1.0}),
    ],
)
def test_what_is_within_the_tolerance_is_the_same(expected: Any, got: Any) -> None:
    assert differences(golden(expected), [got], tolerance=1e-6) == ()


@pytest.mark.parametrize(
    ("expected", "got", "field"),
    [
        ({"label": 1, "score": 0.5}, {"label": 1, "score": 0.5 + 2e-6}, "score"),
        ({"label": 1, "score": 0.5}, {"label": 0, "score": 0.5}, "label"),
        ({"label": 1, "score": 0.5}, {"label": 1}, "score"),
        ({"label": 1}, {"label": 1, "score": 0.5}, "score"),
        ({"value": 1.0}, {"value": None}, "value"),
        ({"value": 1.0}, {"value": float("nan")}, "value"),
        ({"label": "a", "scores": {"a": 0.7}}, {"label": "a", "scores": {"a": 0.6}}, "scores.a"),
    ],
)
def test_each_difference_is_named(expected: Any, got: Any, field: str) -> None:
    (found,) = differences(golden(expected), [got], tolerance=1e-6)

    assert (found.id, found.field) == ("sample-1", field)


def test_fewer_answers_than_rows_are_a_difference() -> None:
    assert differences(golden({"value": 1}), [], tolerance=1e-6)[0].field == "rows"


@pytest.mark.parametrize(("data", "said"), [(b"", "holds no row"), (b"{}\n", "line 1"), (b'{"id":\n', "line 1")])
def test_a_file_that_says_nothing_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(GoldenError, match=said):
        read(data)
