"""Contracts as YAML: what is read, what is refused, and in which sentence."""

import pytest

from mltool.data import contract_file
from mltool.data.contract import Column, Contract, Environment, Rows
from mltool.errors import UserError

WHOLE = Contract(
    columns={
        "id": Column(type="integer"),
        "age": Column(type="number", min=0, max=120.5, missing=0.02, outside=0.001),
        "country": Column(type="text", values=("DE", "NO"), unseen=0.01, description="ISO 3166"),
        "mail": Column(type="text", pattern=".+@.+", unique=True, sensitive=True),
        "sold_at": Column(type="timestamp", max_age="36h"),
        "label": Column(type="boolean"),
    },
    rows=Rows(min=10, max=20, change=0.1),
    key=("id",),
    extra="allow",
    environments={"serving": Environment(absent=("label",), optional=("age",))},
)


def test_what_is_written_reads_back_the_same() -> None:
    assert contract_file.parse(contract_file.dumps(WHOLE).encode(), source="c.yaml") == WHOLE


def test_each_column_stands_on_one_line() -> None:
    lines = contract_file.dumps(WHOLE, comment="Read me.").splitlines()
    assert lines[0] == "# Read me."
    assert "  country: {type: text, values: [DE, NO], unseen: 0.01, description: ISO 3166}" in lines
    assert "  serving: {absent: [label], optional: [age]}" in lines


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("columns:\n  a: {typ: text}", "c.yaml:2: unknown key `columns.a.typ`. Did you mean `type`?"),
        ("columns:\n  a: {}\nrow: {min: 1}", "c.yaml:3: unknown key `row`. Did you mean `rows`?"),
        ("columns: {a: {}}\nenvironments:\n  s: {absnt: [a]}", "c.yaml:3: unknown key `environments.s.absnt`. Did you"),
        ("columns: {a: {type: string}}", "`columns.a.type`: invalid enum value 'string'; one of integer, number, text"),
        ("columns: {a: {missing: x}}", "c.yaml: `columns.a.missing`: expected `float`, got `str`."),
        ("columns: {a: {missing: 2}}", "`columns.a`: `missing` is a share between 0 and 1, not 2."),
        ("columns: {a: {type: text, min: 1}}", "`min` and `max` go with numbers, dates and timestamps, not text."),
        ("columns: {a: {type: number, min: 2, max: 1}}", "`min` 2 is above `max` 1."),
        ("columns: {a: {type: number, min: .nan, max: 1}}", "`min` nan is above `max` 1."),
        ("columns: {a: {type: number, outside: 0.1}}", "`outside` needs a `min` or a `max`."),
        ("columns: {a: {type: text, unseen: 0.1}}", "`unseen` needs `values`."),
        ("columns: {a: {type: text, values: [1]}}", "`values` do not fit type text"),
        ("columns: {a: {type: integer, values: ['1']}}", "`values` do not fit type integer"),
        ("columns: {a: {type: number, pattern: x}}", "`pattern` goes with type text, not number."),
        ("columns: {a: {type: text, pattern: '('}}", "`pattern` is no regular expression that RE2 reads"),
        ("columns: {a: {type: text, max_age: 1d}}", "`max_age` goes with type date or timestamp, not text."),
        ("columns: {a: {type: date, max_age: soon}}", "`max_age` is written as 90m, 36h or 7d, not `soon`."),
        ("columns: {a: {unique: true}}", "`unique` needs a type."),
        ("columns: {a: {type: text}}\nkey: [b]", "`key`: `b` is none of the columns."),
        ("columns: {a: {}}\nkey: [a]", "`key`: `a` needs a type."),
        ("columns: {a: {}}\nenvironments: {s: {absent: [b]}}", "`environments.s.absent`: `b` is none of the columns."),
        ("columns: {a: {}}\nrows: {min: 5, max: 2}", "`rows`: they need 0 ≤ min ≤ max and 0 ≤ change."),
        ("columns: {}", "`columns` names none"),
        ("rows: {min: 1}", "c.yaml: it lacks `columns`."),
        ("columns:\n  2013: {}", "c.yaml:2: the name 2013 in `columns` is no text. Write '2013'."),
        ("columns:\n  a:\n", "c.yaml:2: `columns.a` is empty."),
        ("columns:\n  a: {}\n  a: {}", "c.yaml:3: not valid YAML: found duplicate key"),
        ("columns: [", "not valid YAML"),
        ("- a", "c.yaml is no contract: it has no `columns`."),
        ("", "c.yaml is no contract"),
    ],
)
def test_what_is_wrong_is_one_sentence_with_its_place(text: str, sentence: str) -> None:
    with pytest.raises(UserError) as error:
        contract_file.parse(text.encode(), source="c.yaml")
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_a_table_in_place_of_a_contract_is_said_so() -> None:
    with pytest.raises(UserError, match="not UTF-8 text"):
        contract_file.parse(b"PAR1\xff\xfe", source="c.yaml")
