"""Numbers read as a person would write them, and never lie."""

import math
import random

import pytest

from mltool.report import figures


@pytest.mark.parametrize(
    ("name", "values", "written"),
    [
        ("recall", (0.80213, 0.78113), ("0.8021", "0.7811")),
        ("accuracy", (0.87, None), ("0.8700", "–")),
        ("loss", (0.8712345, 0.8712346), ("0.87123450", "0.87123460")),
        ("rows", (252_582, 249_570), ("252,582", "249,570")),
        ("year", (2013, 2014), ("2013", "2014")),
        ("lr", (1.5e-9, 1.7e-9), ("1.5e-9", "1.7e-9")),
        ("x", (1e20, 2e20), ("1e20", "2e20")),
        ("x", (100_000.0, 0.001), ("100,000", "0.001000")),
        ("x", (10**400, "NaN"), ("≈10^400", "NaN")),
        ("x", (math.nan, -math.inf), ("NaN", "−Infinity")),
        ("x", (-1.5, 1.5), ("−1.500", "1.500")),
        ("model", ("resnet50", True), ("resnet50", "true")),
        ("x", ((1, 2.5), None), ("[1, 2.5]", "–")),
        ("model_bytes", (31_400_000, 33_400_512), ("31.4 MB", "33.4 MB")),
        ("model_bytes", (31_400_000, 31_400_001), ("31,400,000", "31,400,001")),
        ("train_seconds", (12.41, 192.0), ("12.4 s", "3 min 12 s")),
        ("samples_per_second", (1_250.5, 1_300.0), ("1250", "1300")),
        ("train_seconds", (7_500.0, 0.041), ("2 h 05 min", "41 ms")),
        ("seconds", (0.000_041, 0.0), ("41 µs", "0 s")),
        ("-0", (-0.0, 0.0), ("0", "0")),
    ],
)
def test_values_beside_each_other(name: str, values: tuple[object, ...], written: tuple[str, ...]) -> None:
    assert figures.beside(name, values) == written  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "old", "new", "written"),
    [
        ("recall", 0.8021, 0.7811, "−2.1 points (−2.6\u00a0%)"),
        ("precision", 0.5, 0.51, "+1 point (+2.0\u00a0%)"),
        ("loss", 0.31, 0.33, "+0.02 (+6.5\u00a0%)"),
        ("loss", 0.1, 5.0, "+4.9 (×50)"),
        ("rmse", 12.1, 12.1, "±0"),
        ("recall", 0.0, 0.5, "+50 points"),
        ("accuracy", 88.1, 88.9, "+0.8 (+0.9\u00a0%)"),
        ("model_bytes", 1_204_332, 803_121, "−401 kB (−33\u00a0%)"),
        ("train_seconds", 12.41, 74.9, "+62.5 s (+504\u00a0%)"),
        ("rows", 123_456_789, 123_456_790, "+1 (<0.1\u00a0%)"),
        ("x", -1.0, 1.0, "+2 (+200\u00a0%)"),
        ("x", "a", 1, ""),
        ("x", None, 1, ""),
        ("x", True, False, ""),
        ("x", math.nan, 1.0, ""),
        ("x", 10**400, 10**401, ""),
    ],
)
def test_a_difference_says_how_far_in_the_metrics_own_unit(name: str, old: object, new: object, written: str) -> None:
    assert figures.difference(name, old, new) == written  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("leaf", "written"),
    [
        (12, "12"),
        (2013, "2013"),
        (0.1, "0.1"),
        (1e-4, "0.0001"),
        (3e-5, "3e-5"),
        (None, "null"),
        (True, "true"),
        ("", '""'),
        ("x" * 100, "x" * 59 + "…"),
        (tuple(range(100)), "[0, 1, 2, 3, 4, 5, … 100 items]"),
        ([{"a": 1}, [1]], "[{…}, [1]]"),
    ],
)
def test_one_value_reads_as_its_file_has_it(leaf: object, written: str) -> None:
    assert figures.value(leaf) == written


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (list("abcdefgh"), list("abcdefg"), "without h"),
        (list("abcdefgh"), list("abcdefgx"), "without h; with x"),
        (["a", "a", "b"], ["b", "a"], "without a"),
        (["a", "b"], ["b", "a"], "in another order"),
        ([1, 2], ["1", 2, 3.5], "without 1; with 1, 3.5"),
        ([], list("abcdefgh"), "with a, b, c, d, e, f, … 8 items"),
        ([1], [1], ""),
        ("a", ["a"], ""),
    ],
)
def test_of_two_lists_what_left_and_what_came_is_said(old: object, new: object, said: str) -> None:
    assert figures.items(old, new) == said


def test_two_numbers_that_differ_never_read_the_same() -> None:
    dice = random.Random(7)
    for _ in range(5_000):
        power = dice.randint(-12, 18)
        one = dice.uniform(-1, 1) * 10.0**power
        other = one * (1 + dice.choice((1e-7, 1e-3, 0.5, -0.2, 3)))
        written = figures.beside(dice.choice(("x", "recall", "bytes", "seconds")), (one, other))
        assert written[0] != written[1], (one, other)


def test_a_number_reads_as_what_it_is_to_three_digits() -> None:
    dice = random.Random(8)
    for _ in range(5_000):
        one, other = (dice.uniform(-1, 1) * 10.0 ** dice.randint(-12, 18) for _ in range(2))
        for number, text in zip((one, other), figures.beside("x", (one, other)), strict=True):
            read = float(text.replace("−", "-").replace(",", ""))
            assert math.isclose(read, number, rel_tol=5e-3), (number, text)


@pytest.mark.parametrize("count", [0, 1, 999, 1_000, 999_499, 999_999, 10**6, 10**15, 10**18, 10**21])
def test_bytes_have_one_unit_and_at_most_four_digits_before_it(count: int) -> None:
    number, _, unit = figures.size(count).partition(" ")
    assert unit in ("B", "kB", "MB", "GB", "TB", "PB")
    assert count >= 10**18 or float(number) < 1000


def test_a_distance_that_no_float_can_hold_is_infinite_and_breaks_nothing() -> None:
    assert figures.amount("x", 1e308, -1e308) == "Infinity"
    assert figures.amount("x_bytes", 1e308, -1e308) == "Infinity"
    assert figures.amount("x_seconds", 1e308, -1e308) == "Infinity"
    assert figures.tally(1e308 - -1e308) == "Infinity"
    assert figures.tally(2.5) == "2.5"
