"""Rules over the columns of a row: what they mean, what of a missing value, and what is refused."""

from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pytest

from mltool.data.contract import Type
from mltool.data.contract_expression import parse

TYPES: dict[str, Type] = {
    "n": "integer",
    "x": "number",
    "t": "text",
    "b": "boolean",
    "d": "date",
    "at": "timestamp",
    "unit price": "number",
    "class": "text",
    "loose": "any",
}


def broken(text: str, **columns: list[Any] | pa.Array) -> list[bool]:
    held = {name.replace("_", " "): pa.array(values) for name, values in columns.items()}
    mask = parse(text, TYPES).broken(held)
    return [False] * len(next(iter(held.values()))) if mask is None else mask.to_pylist()


@pytest.mark.parametrize(
    ("text", "columns", "expected"),
    [
        ("n <= x", {"n": [1, 2, 3], "x": [1.0, 1.5, 9.0]}, [False, True, False]),
        ("0 < n < 3", {"n": [0, 1, 3]}, [True, False, True]),
        ("x > 0 or b", {"x": [0.0, 0.0, 1.0], "b": [True, False, False]}, [False, True, False]),
        ("not b and n == 1", {"n": [1, 1, 2], "b": [False, True, False]}, [False, True, True]),
        ("n * 2 + 1 - x / 4 >= 3", {"n": [1, 0], "x": [0.0, 0.0]}, [False, True]),
        ("-n < -1", {"n": [2, 1]}, [False, True]),
        ("t in ['a', 'b']", {"t": ["a", "c"]}, [False, True]),
        ("t not in ('a',)", {"t": ["a", "c"]}, [True, False]),
        ("t == 'a' or n is not None", {"t": ["b", "b"], "n": [None, 1]}, [True, False]),
        ("n is None", {"n": [None, 1]}, [False, True]),
        ("`unit price` > 0", {"unit_price": [1.0, 0.0]}, [False, True]),
        ("`class` != 'a `b`'", {"class": ["a `b`", "a"]}, [True, False]),
        ("n == 9007199254740993", {"n": [9007199254740993, 9007199254740992]}, [False, True]),
        ("b == (n > 1)", {"b": [True, False], "n": [1, 1]}, [True, False]),
        ("d >= '2026-01-01'", {"d": [date(2025, 12, 31), date(2026, 1, 1)]}, [True, False]),
        ("d <= at", {"d": [date(2026, 1, 2)] * 2, "at": [datetime(2026, 1, 2), datetime(2026, 1, 1)]}, [False, True]),
        ("'2026-01-01T00:00+01:00' <= at", {"at": [datetime(2025, 12, 31, hour) for hour in (23, 22)]}, [False, True]),
    ],
)  # fmt: skip
def test_a_rule_holds_or_does_not(text: str, columns: dict[str, Any], expected: list[bool]) -> None:
    assert broken(text, **columns) == expected


def test_where_a_value_is_missing_it_is_not_known_and_so_not_broken() -> None:
    assert broken("n < x", n=[None, 5, 5], x=[1.0, None, 1.0]) == [False, False, True]
    assert broken("n < 1 or x < 1", n=[None, None], x=[0.0, 5.0]) == [False, False]
    assert broken("n < 1 and x < 1", n=[None, None], x=[0.0, 5.0]) == [False, True]


def test_a_division_by_zero_is_infinite_and_nothing_divided_by_it_is_no_number() -> None:
    assert broken("x / n < 5", x=[1.0, 0.0], n=[0, 0]) == [True, True]


def test_however_a_column_is_stored_it_is_compared() -> None:
    stored = pa.array(["a", "b"]).dictionary_encode()
    assert broken("t == 'a'", t=stored) == [False, True]
    assert broken("t == `class`", t=stored, **{"class": pa.array(["a", "a"], pa.large_string())}) == [False, True]
    assert broken("n < x", n=pa.array([1, 2], pa.uint64()), x=pa.array([2, 1], pa.int8())) == [False, True]
    assert broken("n == 1", n=pa.array([1, 2], pa.int16())) == [False, True]
    assert broken("n < 3 and t == 'x'", n=pa.nulls(2), t=pa.nulls(2)) == [False, False]
    times = pa.array([datetime(2026, 1, 1)], pa.timestamp("ns", "UTC"))
    assert broken("at <= d", at=times, d=[date(2026, 1, 1)]) == [False]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("n <", "it cannot be read"),
        ("unit price > 0", "a name that is no single word stands in backticks"),
        ("m > 0", "`m` is none of the columns"),
        ("loose > 0", "`loose` needs a type"),
        ("t > 0", "`t` and `0` cannot be compared: a text and a number"),
        ("n + t > 0", "`n + t` counts with what is no number"),
        ("n + 1", "it yields a number, not true or false"),
        ("n and b", "`n` is a number, not true or false"),
        ("b < True", "`b` and `True` are true or false, of which none is less"),
        ("1 < 2", "it names no column"),
        ("d > 'May'", "'May' is no date, as in 2026-03-01 or 2026-03-01T12:00:00Z"),
        ("n is 1", "`is` goes with None only"),
        ("n in t", "`in` goes with a list"),
        ("n == None", "`None` is none of: comparison"),
        ("n ** 2 > 1", "`n ** 2` is none of: comparison"),
        ("__import__('os').system('true')", "is none of: comparison, and, or, not, + - * /, name, value"),
        ("(lambda: 1)() == n", "is none of"),
        ("[n for n in (1,)] == n", "is none of"),
        ("n.real > 1", "`n.real` is none of"),
        ("n == 99999999999999999999", "99999999999999999999 is no number of 64 bits"),
        ("not " * 240 + "b", ""),
        ("(" * 400 + "b" + ")" * 400, "it cannot be read"),
        ("b or " * 300 + "b", "it is longer than 1,000 characters"),
        ("_backtick_0_ > 1", "no name may hold `_backtick_`"),
        ("", "it cannot be read"),
    ],
)
def test_what_is_no_rule_is_one_sentence(text: str, sentence: str) -> None:
    if not sentence:  # deep, but readable
        assert broken(text, b=[True]) == [False]
        return
    with pytest.raises(ValueError, match=r".") as error:
        parse(text, TYPES)
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_a_rule_that_is_nested_beyond_reason_is_refused_not_crashed() -> None:
    with pytest.raises(ValueError, match="it is nested too deeply"):
        parse("-" * 990 + "n < 1", TYPES)
