"""Schemas of pandera in and out: what the real one writes we read, what we write it loads and judges alike."""

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.io.pandas_io as theirs
import pandera.pandas as pa
import pytest

from mltool.data.contract import Column, Contract, Environment, Rows
from mltool.data.exchange import pandera
from mltool.errors import UserError

BOTH = Contract(
    columns={
        "id": Column(type="integer"),
        "n": Column(type="integer", min=0, max=9, missing=1.0, unique=True),
        "x": Column(type="number", min=0.5, max=9.5),
        "t": Column(type="text", values=("a", "b"), pattern="[a-z]|q", max_length=3, optional=True, description="One."),
        "b": Column(type="boolean", missing=1.0),
        "d": Column(type="date", min="2026-01-01", max="2026-12-31"),
        "at": Column(type="timestamp", min="2026-01-01", max="2026-12-31"),
        "k": Column(type="integer", values=(1, 2)),
        "rest": Column(missing=1.0),
    },
    description="All that both can say.",
    rows=Rows(min=0),
    key=("id",),
)
GOOD: dict[str, Any] = {
    "id": [1, 2, 3],
    "n": [1.0, 2.0, None],
    "x": [1, 2, 3],
    "t": ["a", "b", "a"],
    "b": [True, None, False],
    "d": [dt.date(2026, 1, 1)] * 3,
    "at": pd.to_datetime(["2026-12-31 23:59:59.5"] * 3),
    "k": [1, 2, 1],
    "rest": [1, None, "q"],
}
FLAT = """
  x:
    dtype: int64
    greater_than: 3
    less_than_or_equal_to: {max_value: 9, raise_warning: true}
"""
LISTED = """
  x:
    dtype: int64
    nullable: false
    checks:
    - {value: 3, options: {check_name: greater_than, raise_warning: false, ignore_na: true}}
    - {value: 9, options: {check_name: less_than_or_equal_to, raise_warning: true, ignore_na: true}}
    required: true
"""


def read(columns: str, rest: str = "") -> tuple[Contract, tuple[str, ...]]:
    return pandera.read(f"schema_type: dataframe\n{rest}\ncolumns:{columns}".encode(), source="s.yaml")


def of(*checks: pa.Check, dtype: Any = str, **more: Any) -> tuple[Column, tuple[str, ...]]:
    """Return what becomes of a column that the real pandera wrote, and what was left out."""
    text = theirs.to_yaml(pa.DataFrameSchema({"x": pa.Column(dtype, list(checks), **more)}))
    contract, notes = pandera.read(text.encode(), source="s.yaml")
    return contract.columns["x"], notes


def test_what_both_can_say_comes_back_the_same() -> None:
    text, lost = pandera.write(BOTH)
    assert lost == ("`at`: pandera takes only times without a zone (datetime64[ns]).",)
    assert pandera.read(text.encode(), source="s.yaml") == (BOTH, ())


def test_the_real_one_takes_a_good_table_however_it_is_stored() -> None:
    schema = theirs.from_yaml(pandera.write(BOTH)[0])
    assert len(schema.validate(pd.DataFrame(GOOD))) == 3
    assert len(schema.validate(pd.DataFrame(GOOD).drop(columns="t"))) == 3


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("id", [1, 1, 2]),
        ("n", [1, 1, 2]),
        ("n", [1, 2, 10]),
        ("n", [1, 2, 2.5]),
        ("x", [0.4, 1, 2]),
        ("t", ["a", "b", "c"]),
        ("t", ["a", "b", None]),
        ("d", [dt.date(2027, 1, 1)] * 3),
        ("at", pd.to_datetime(["2027-01-01"] * 3)),
        ("k", [1, 2, 3]),
        ("extra", [1, 2, 3]),
    ],
)
def test_the_real_one_refuses_what_we_refuse(column: str, values: Any) -> None:
    schema = theirs.from_yaml(pandera.write(BOTH)[0])
    with pytest.raises((pa.errors.SchemaError, pa.errors.SchemaErrors)):
        schema.validate(pd.DataFrame(GOOD | {column: values}), lazy=True)


@pytest.mark.parametrize(
    ("check", "dtype", "column"),
    [
        (pa.Check.gt(3), int, Column(type="integer", min=4)),
        (pa.Check.lt(3), int, Column(type="integer", max=2)),
        (pa.Check.in_range(0, 5, include_max=False), "int32", Column(type="integer", min=0, max=4)),
        (pa.Check.gt(0.0), float, Column(type="number", min=5e-324)),
        (pa.Check.eq(7), "Int64", Column(type="integer", min=7, max=7)),
        (pa.Check.eq("a"), str, Column(type="text", values=("a",))),
        (pa.Check.isin(["a", "b"]), pa.Category, Column(type="text", values=("a", "b"))),
        (pa.Check.ge(3), None, Column(type="number", min=3)),
        (pa.Check.ge(pd.Timestamp("2026-01-02T03")), pa.DateTime, Column(type="timestamp", min="2026-01-02T03:00:00")),
        (pa.Check.lt(pd.Timestamp("2026-01-02")), pa.DateTime, Column(type="timestamp", max="2026-01-01")),
        (pa.Check.gt(dt.date(2026, 1, 1)), pa.Date, Column(type="date", min="2026-01-02")),
        (pa.Check.str_length(1, 3), str, Column(type="text", min_length=1, max_length=3)),
        (pa.Check.str_length(exact_value=5), str, Column(type="text", min_length=5, max_length=5)),
        (pa.Check.str_matches("^[A-Z]+$"), str, Column(type="text", pattern="[A-Z]+")),
        (pa.Check.str_matches("a|b"), str, Column(type="text", pattern="(?:a|b)(?s:.*)")),
        (pa.Check.str_contains("-"), str, Column(type="text", pattern="(?s:.*)(?:-)(?s:.*)")),
        (pa.Check.str_startswith("a.b"), str, Column(type="text", pattern=r"a\.b(?s:.*)")),
        (pa.Check.str_endswith("z"), str, Column(type="text", pattern="(?s:.*)z")),
    ],
)  # fmt: skip
def test_what_the_real_one_checks_is_read(check: pa.Check, dtype: Any, column: Column) -> None:
    found, notes = of(check, dtype=dtype)
    assert found == column
    assert notes in ((), ("`x`: dtype category became text.",))


@pytest.mark.parametrize(
    ("checks", "more", "note"),
    [
        ([pa.Check.notin(["q"])], {}, "`x`: notin is left out."),
        ([pa.Check.str_matches("a"), pa.Check.str_contains("b")], {}, "`x`: str_contains is left out."),
        ([pa.Check.str_matches("(?=a)")], {}, "`x`: str_matches is left out."),
        ([pa.Check.eq(3, raise_warning=True)], {"dtype": int}, "`x`: equal_to is left out, since it only warns."),
        ([], {"dtype": "timedelta64[ns]"}, "`x`: dtype timedelta64[ns] became any."),
        ([], {"dtype": int, "default": 4}, "`x`: default is left out."),
        ([], {"dtype": object, "unique": True}, "`x`: unique is left out, which needs a type."),
    ],
)  # fmt: skip
def test_what_a_contract_cannot_say_is_named(checks: list[pa.Check], more: dict[str, Any], note: str) -> None:
    assert note in of(*checks, **more)[1]


def test_what_it_asks_of_the_table_is_read_or_named() -> None:
    schema = pa.DataFrameSchema(
        {"a": pa.Column(int), "b": pa.Column(int, nullable=True), "^x_": pa.Column(int, regex=True)},
        strict="filter",
        unique=["a", "b"],
        ordered=True,
        index=pa.Index(int),
    )
    contract, notes = pandera.read(theirs.to_yaml(schema).encode(), source="s.yaml")
    assert (list(contract.columns), contract.key, contract.extra) == (["a", "b"], (), "allow")
    assert notes == (
        "The columns that match `^x_` are left out: a contract names each.",
        "`index` is left out.",
        "`ordered` is left out.",
        "`strict: filter` is left out: a contract judges, and does not change a table.",
        "`unique` is left out: a key is never missing, and its columns have types.",
    )


@pytest.mark.parametrize("columns", [FLAT, LISTED])
def test_every_shape_of_checks_that_it_ever_wrote_is_read(columns: str) -> None:
    contract, notes = read(columns, "strict: true")
    assert contract.columns == {"x": Column(type="integer", min=4)}
    assert contract.extra == "fail"
    assert notes == ("`x`: less_than_or_equal_to is left out, since it only warns.",)


def test_what_it_cannot_say_is_named() -> None:
    contract = Contract(
        columns={
            "a": Column(type="number", min=0, outside=0.1, missing=0.2),
            "b": Column(type="text", values=("x",), unseen=0.3, sensitive=True, pattern=r"\pL", references="b.csv:b"),
            "c": Column(type="date", max_age="1d"),
        },
        rules=("a > 0",),
        part="{b}",
        environments={"serving": Environment(optional=("a",))},
    )
    text, lost = pandera.write(contract)
    assert lost == (
        "`a`: any share may be missing, not only 0.2.",
        "`a`: its range is left out, since a share of 0.1 may be outside.",
        "`b`: its values are left out, since a share of 0.3 may be unseen.",
        "`b`: pattern is left out, which Python's `re` does not read.",
        "`b`: references is left out.",
        "`b`: sensitive is left out.",
        "`c`: max_age is left out.",
        "`rows` is left out.",
        "`rules` is left out.",
        "`part` is left out.",
        "`environments` is left out.",
    )
    assert theirs.from_yaml(text).columns["b"].checks == []


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("columns: {}", "s.yaml is no schema of pandera."),
        ("schema_type: dataframe\ncolumns: [{name: [a, b]}]", "s.yaml names columns by several levels."),
        ("schema_type: dataframe\ncolumns: {a: 3}", "s.yaml is no schema of pandera."),
        (
            "schema_type: dataframe\ncolumns: {a: {dtype: int, in_range: {min_value: 9, max_value: 1}}}",
            "is above `max`",
        ),
        ("schema_type: dataframe\ncolumns: {}", "`columns` names none"),
        ("a: &a [*a]", "unfolds to more than"),
        ("{", "s.yaml:1: not valid YAML"),
    ],
)
def test_what_is_no_schema_is_one_sentence(content: str, sentence: str) -> None:
    with pytest.raises(UserError) as error:
        pandera.read(content.encode(), source="s.yaml")
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_a_schema_on_disk_is_the_same(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(pandera.write(BOTH)[0])
    assert theirs.from_yaml(tmp_path / "s.yaml").unique == ["id"]


def test_texts_that_yaml_1_1_takes_for_something_else_are_quoted() -> None:
    column = Column(type="text", values=("Yes", "No", "12:30"))
    text, _ = pandera.write(Contract(columns={"on": column, "y": column}))
    for word in ("on", "Yes", "No", "12:30"):
        assert f'"{word}"' in text
    back, _ = pandera.read(text.encode(), source="pandera.yaml")
    assert dict(back.columns) == {"on": column, "y": column}
