"""Table Schema in and out: what both can say survives, and what one cannot is named."""

import json
from typing import Any

import pytest

from mltool.data.contract import Column, Contract, Environment, Rows
from mltool.data.exchange import frictionless
from mltool.errors import UserError

BOTH = Contract(
    columns={
        "id": Column(type="integer"),
        "price": Column(type="number", min=0, max=9.5, missing=1.0),
        "country": Column(type="text", values=("DE", "FR"), description="ISO 3166"),
        "zip": Column(type="text", pattern="[0-9]{5}", unique=True),
        "paid": Column(type="boolean"),
        "day": Column(type="date", min="2026-01-01", max="2026-12-31"),
        "name": Column(type="text", min_length=1, max_length=80),
        "at": Column(type="timestamp"),
        "more": Column(missing=1.0),
    },
    rows=Rows(min=0),
    key=("id",),
    extra="allow",
)


def schema(**item: Any) -> bytes:
    return json.dumps({"fields": [{"name": "x", **item}]}).encode()


def test_what_both_can_say_comes_back_the_same() -> None:
    text, lost = frictionless.write(BOTH)
    assert lost == ()
    assert frictionless.read(text.encode(), source="s.json") == (BOTH, ())


def test_a_schema_reads_as_the_standard_says() -> None:
    content = json.dumps(
        {
            "fields": [
                {"name": "id", "type": "string"},
                {"name": "year", "type": "year", "constraints": {"required": True, "minimum": 1900}},
                {"name": "size", "type": "string", "constraints": {"enum": ["S", "M"]}},
            ],
            "primaryKey": "id",
        }
    )
    contract, notes = frictionless.read(content.encode(), source="s.json")
    assert notes == ()
    assert (contract.key, contract.extra) == (("id",), "fail")
    assert contract.columns == {
        "id": Column(type="text"),
        "year": Column(type="integer", min=1900),
        "size": Column(type="text", values=("S", "M"), missing=1.0),
    }


@pytest.mark.parametrize(
    ("item", "note"),
    [
        ({"type": "geopoint"}, "`x`: type geopoint became any."),
        ({"type": "string", "format": "email"}, "`x`: format email is left out."),
        ({"type": "number", "constraints": {"minLength": 2}}, "`x`: minLength is left out."),
        ({"type": "string", "constraints": {"minimum": "a"}}, "`x`: minimum is left out."),
        ({"type": "boolean", "constraints": {"enum": [True]}}, "`x`: enum is left out."),
        ({"type": "number", "constraints": {"pattern": "x"}}, "`x`: pattern is left out."),
    ],
)
def test_what_a_contract_cannot_say_is_named(item: dict[str, Any], note: str) -> None:
    assert frictionless.read(schema(**item), source="s.json")[1] == (note,)


def test_what_the_schema_cannot_say_is_named() -> None:
    contract = Contract(
        columns={
            "a": Column(type="number", min=0, outside=0.1, missing=0.2),
            "b": Column(type="text", values=("x",), unseen=0.3, sensitive=True),
            "c": Column(type="date", max_age="1d", optional=True),
            "d": Column(type="timestamp", max="2026-12-31", references="d.csv:d", missing=1),
        },
        rules=("a > 1",),
        part="{b}",
        environments={"serving": Environment(optional=("a",))},
    )
    text, lost = frictionless.write(contract)
    assert lost == (
        "`a`: any share may be missing, not only 0.2.",
        "`a`: its range is left out, since a share of 0.1 may be outside.",
        "`b`: its values are left out, since a share of 0.3 may be unseen.",
        "`b`: sensitive is left out.",
        "`c`: optional is left out, and so it must be there.",
        "`c`: max_age is left out.",
        "`d`: references is left out.",
        "`rows` is left out.",
        "`rules` is left out.",
        "`part` is left out.",
        "`environments` is left out.",
    )
    assert '"maximum": "2026-12-31T23:59:59.999999"' in text
    # Looser where it must be, never stricter.
    assert "enum" not in text
    assert "minimum" not in text


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"{", "s.json is no Table Schema"),
        (b"\xff", "s.json is no Table Schema"),
        (b'{"resources": []}', "s.json is no Table Schema: Object missing required field `fields`"),
        (b'{"fields": []}', "`columns` names none"),
        (schema(type="text", constraints=3), "s.json is no Table Schema"),
        (schema(type="number", constraints={"minimum": "low"}), "`min` and `max` are no number"),
        (schema(type="string", constraints={"pattern": "("}), "`pattern` is no regular expression"),
        (b'{"fields": [{"name": "x"}], "primaryKey": "y"}', "`key`: `y` is none of the columns"),
    ],
)
def test_what_is_no_schema_is_one_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(UserError) as error:
        frictionless.read(content, source="s.json")
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)
