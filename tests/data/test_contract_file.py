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
        "due": Column(type="date", min="2020-01-01", max="2030-12-31", optional=True),
        "paid_at": Column(type="timestamp", min="2020-01-01T12:00:00+02:00"),
        "code": Column(type="text", min_length=1, max_length=9, references="data/codes.csv:code"),
        "label": Column(type="boolean"),
    },
    rows=Rows(min=10, max=20, change=0.1),
    key=("id",),
    rules=("age > 0 or label", "`age` < 99"),
    part="{id:02}",
    extra="allow",
    environments={"serving": Environment(absent=("label",), optional=("age",))},
)


def test_what_is_written_reads_back_the_same() -> None:
    assert contract_file.parse(contract_file.dumps(WHOLE).encode(), source="c.yaml") == WHOLE


def test_dates_are_read_as_yaml_has_them_and_as_text() -> None:
    text = (
        "columns: {a: {type: date, min: 2020-01-01, max: '2021-01-01'}, b: {type: timestamp, max: 2020-01-01 10:00:00}}"
    )
    columns = contract_file.parse(text.encode(), source="c.yaml").columns
    assert (columns["a"].min, columns["a"].max, columns["b"].max) == ("2020-01-01", "2021-01-01", "2020-01-01T10:00:00")


def test_each_column_stands_on_one_line() -> None:
    lines = contract_file.dumps(WHOLE, comment="Read me.").splitlines()
    assert lines[0] == "# Read me."
    assert "  country: {type: text, values: [DE, NO], unseen: 0.01, description: ISO 3166}" in lines
    assert "  serving: {absent: [label], optional: [age]}" in lines
    assert "  due: {type: date, optional: true, min: 2020-01-01, max: 2030-12-31}" in lines
    assert "  - age > 0 or label" in lines


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
        ("columns: {a: {type: number, min: .nan, max: 1}}", "`min` and `max` are no number."),
        ("columns: {a: {type: number, outside: 0.1}}", "`outside` needs a `min` or a `max`."),
        ("columns: {a: {type: number, min: '1'}}", "`min` and `max` are no number."),
        ("columns: {a: {type: date, min: 5}}", "`min` and `max` are no date."),
        (
            "columns: {a: {type: date, min: 2026-13-01}}",
            "c.yaml holds what looks like a date and is none: month must be in",
        ),
        ("columns: {a: {type: date, min: May}}", "'May' is no date, as in 2026-03-01 or 2026-03-01T12:00:00Z."),
        ("columns: {a: {type: date, min: 2026-01-01, max: 2025-01-01}}", "`min` 2026-01-01 is above `max` 2025-01-01."),
        ("columns: {a: {type: number, max_length: 2}}", "`min_length` and `max_length` go with type text, not number."),
        ("columns: {a: {type: text, min_length: 3, max_length: 2}}", "lengths need 0 ≤ min_length ≤ max_length."),
        ("columns: {a: {type: text, references: x}}", "`references` is written as data/carriers.csv:code, not `x`."),
        (
            "columns: {a: {type: number, references: 'x:y'}}",
            "`references` goes with type integer, text or date, not number.",
        ),
        ("columns: {a: {type: text}}\nrules: [b > 1]", "`rules`: `b > 1`: `b` is none of the columns."),
        ("columns: {a: {type: text}}\nrules: [a > 1]", "`a` and `1` cannot be compared: a text and a number."),
        ("columns: {a: {type: text}}\nrules: [a == 'x', a == 'x']", "`rules`: one is there twice."),
        ("columns: {a: {type: text}}\nrules: a", "`rules`: expected `array`, got `str`."),
        ("columns: {a: {}}\npart: '{a}'", "`part`: `a` is no column of integers, texts or dates"),
        ("columns: {a: {type: text}}\npart: '{a!r}'", "`part`: `a!r` is no column of integers, texts or dates"),
        ("columns: {a: {type: text}}\npart: 'x'", "`part` is written as {year}-{month:02}, not `x`."),
        (
            "columns: {a: {type: text, pattern: '((a{1000}){1000})'}}",
            "`pattern` is no regular expression that RE2 reads",
        ),
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


def test_yaml_that_unfolds_beyond_reason_is_refused_at_once() -> None:
    bomb = "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    with pytest.raises(UserError, match="unfolds to more than 1,000,000 values, or holds itself"):
        contract_file.parse(bomb.encode(), source="c.yaml")
    with pytest.raises(UserError, match="unfolds to more than 1,000,000 values, or holds itself"):
        contract_file.parse(b"columns: &c\n  a: *c\n", source="c.yaml")


def test_an_alias_says_for_several_columns_what_they_have_in_common() -> None:
    text = b"columns:\n  a: &price {type: number, min: 0}\n  b: *price\n"
    columns = contract_file.parse(text, source="c.yaml").columns
    assert columns["a"] == columns["b"] == Column(type="number", min=0)
