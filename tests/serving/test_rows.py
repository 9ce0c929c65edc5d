"""What a request may send: exactly the fields of the schema, of the types it says."""

import json
from typing import Any

import pytest
from msgspec import UNSET
from msgspec.structs import astuple

from mltool.serving.schema import Rows, RowsError, SchemaError, read

FIELDS = [
    {"name": "air line", "type": "string", "nullable": True},
    {"name": "hour", "type": "number"},
    {"name": "stops", "type": "integer"},
    {"name": "night", "type": "boolean"},
]
GOOD = {"air line": "AA", "hour": 7.5, "stops": 0, "night": False}


def document(**changes: Any) -> bytes:
    made = {
        "schema": "mltool.model/1",
        "task": "binary",
        "classes": [0, 1],
        "inputs": FIELDS,
        "columns": ["hour", "stops", "night", "air line"],
        "new": "of a later version",
    }
    return json.dumps(made | changes).encode()


@pytest.fixture(scope="module")
def rows() -> Rows:
    return Rows.of(read(document()))


def refused(rows: Rows, body: Any) -> RowsError:
    with pytest.raises(RowsError) as caught:
        rows.read(body if isinstance(body, bytes) else json.dumps(body).encode())
    return caught.value


def test_one_row_and_many_are_read_in_the_order_of_the_columns(rows: Rows) -> None:
    assert [astuple(row) for row in rows.read(json.dumps(GOOD).encode())] == [(7.5, 0, False, "AA")]
    assert len(rows.read(json.dumps([GOOD, GOOD]).encode())) == 2
    assert rows.read(b"[]") == []


def test_a_whole_number_is_a_number_and_null_is_allowed_where_the_schema_says_so(rows: Rows) -> None:
    assert astuple(rows.read(json.dumps(GOOD | {"hour": 7, "air line": None}).encode())[0]) == (7.0, 0, False, None)


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("hour", "7", "number"),
        ("hour", True, "number"),
        ("hour", None, "number"),
        ("hour", 10**400, "number"),
        ("stops", 1.0, "integer"),
        ("stops", 2**63, "integer"),
        ("stops", False, "integer"),
        ("night", 1, "boolean"),
        ("night", "true", "boolean"),
        ("air line", 7, "string or null"),
    ],
)
def test_a_value_of_another_type_is_named_with_row_field_and_what_was_expected(
    rows: Rows, field: str, value: Any, expected: str
) -> None:
    error = refused(rows, [GOOD, GOOD | {field: value}])

    assert error.first is not None
    assert (error.first.row, error.first.field, error.first.expected) == (1, field, expected)
    assert error.first.value == value
    assert error.count == 1


def test_a_missing_field_is_named_even_where_null_would_do(rows: Rows) -> None:
    error = refused(rows, {name: value for name, value in GOOD.items() if name != "air line"})

    assert str(error) == "'air line' is missing"
    assert error.first is not None
    assert error.first.value is UNSET


def test_an_unknown_field_is_refused_with_the_one_that_was_meant(rows: Rows) -> None:
    assert str(refused(rows, GOOD | {"hours": 7})) == "there is no field 'hours'; did you mean 'hour'?"


def test_every_mistake_of_all_rows_is_counted(rows: Rows) -> None:
    assert refused(rows, [GOOD | {"hour": None, "stops": "2"}, 7, {}]).count == 2 + 1 + 4


def test_a_long_value_is_cut_and_a_nested_one_shown_as_json(rows: Rows) -> None:
    cut, nested = (refused(rows, GOOD | {"hour": value}).first for value in ("x" * 5000, {"a": [1]}))

    assert cut is not None
    assert len(cut.value) == 101
    assert nested is not None
    assert nested.value == '{"a":[1]}'


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b'{"hour": NaN}', "NaN and Infinity are no JSON, send null"),
        (b'{"air line": "\xff"}', "not UTF-8"),
        (b'{"air line": "\\ud800"}', "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"7", "a row is an object"),
        (b"null", "a row is an object"),
        (b'"x"', "a row is an object"),
    ],
)
def test_what_is_no_json_or_no_row_is_refused_with_the_reason(rows: Rows, body: bytes, said: str) -> None:
    assert said in str(refused(rows, body))


def test_a_number_too_great_for_a_float_is_refused(rows: Rows) -> None:
    body = json.dumps(GOOD).replace("7.5", "1e999").encode()

    assert "hour" in str(refused(rows, body)) or "range" in str(refused(rows, body))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"schema": "mltool.model/2"}, "another version of mltool"),
        ({"columns": ["hour"]}, "same names"),
        ({"columns": ["hour", "hour", "night", "air line"]}, "same names"),
        ({"inputs": [], "columns": []}, "same names"),
        ({"classes": [1]}, "1 classes for a binary model"),
        ({"task": "ranking"}, "cannot be read"),
    ],
)
def test_a_schema_that_cannot_be_served_is_refused(changes: Any, said: str) -> None:
    with pytest.raises(SchemaError, match=said):
        read(document(**changes))
