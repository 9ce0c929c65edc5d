"""Every rule of a contract, kept and broken, in Parquet and in CSV; what is shown and what is not."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from mltool.data.check import Checked, check
from mltool.data.check_verdicts import Verdict
from mltool.data.contract import Column, Contract, Environment, Rows
from mltool.data.contract_parts import open_source
from mltool.data.contract_table import ROWS
from mltool.errors import UserError
from mltool.gates.verdict import Outcome

NOW = datetime(2026, 3, 10, tzinfo=UTC)
Checking = Callable[..., Checked]


@pytest.fixture(params=["parquet", "csv"])
def judged(request: pytest.FixtureRequest, tmp_path: Path) -> Checking:
    """Return a function that writes columns as the one and the other kind of file, and checks them."""

    def run(columns: dict[str, Any], contract: Contract, **more: Any) -> Checked:
        path, table = tmp_path / f"t.{request.param}", pa.table(columns)
        if request.param == "csv":
            csv.write_csv(table, path)
        else:
            parquet.write_table(table, path)
        return check(contract, open_source(path), **{"now": NOW, **more})

    return run


def rule(checked: Checked, name: str) -> Verdict:
    (found,) = (verdict for verdict in checked.verdicts if verdict.rule == name)
    return found


def broken(checked: Checked) -> list[str]:
    return [verdict.sentence for verdict in checked.verdicts if verdict.outcome is Outcome.FAIL]


def one(**rules: Any) -> Contract:
    return Contract(columns={"x": Column(**rules)})


@pytest.mark.parametrize(
    ("values", "contract", "sentence"),
    [
        (
            [1.0, 5.0, 11.0, -1.0],
            one(type="number", min=0, max=10),
            "2 of 4 values of `x` are outside 0 to 10, such as '11' in row 3, '-1' in row 4.",
        ),
        ([1.0, float("inf")], one(type="number"), "1 of 2 values of `x` are infinite, such as 'inf' in row 2."),
        ([1, None, None, 4], one(type="integer", missing=0.25), "`x` is missing in 2 of 4 rows; allowed: 25 %."),
        ([1.0, float("nan")], one(type="number"), "`x` is missing in 1 of 2 rows."),
        ([1, 2.5, None], one(type="integer", missing=1), "1 of 2 values of `x` are not integer, such as '2.5'"),
        (
            ["a", "b", "c", "c"],
            one(type="text", values=("a", "b"), unseen=0.3),
            "2 of 4 values of `x` are in no known category, such as 'c' in row 3, 'c' in row 4; allowed: 30 %.",
        ),
        (
            [1, 2, 3],
            one(type="integer", values=(1, 2)),
            "1 of 3 values of `x` are in no known category, such as '3' in row 3.",
        ),
        (["ab", "abc"], one(type="text", pattern="[a-b]+"), "1 of 2 values of `x` do not match `[a-b]+`"),
        (["a", "b", "a"], one(type="text", unique=True), "1 values of `x` repeat an earlier one, such as 'a'"),
        (
            [datetime(2026, 3, 1), datetime(2026, 3, 5)],
            one(type="timestamp", max_age="3d"),
            "The newest `x` is 5 days old; allowed: 3d.",
        ),
        (
            [datetime(2026, 3, 12)],
            one(type="timestamp", max_age="3d"),
            "The newest `x` is in the future, so it says nothing of the age.",
        ),
        (
            ["a", "abc", "ünïcö"],
            one(type="text", min_length=2, max_length=4),
            "2 of 3 values of `x` do not have 2 to 4 characters, such as 'a' in row 1, 'ünïcö' in row 3.",
        ),
        (
            [date(2026, 1, 1), date(2026, 12, 31), date(2027, 1, 1)],
            one(type="date", min="2026-01-01", max="2026-12-31"),
            "1 of 3 values of `x` are outside 2026-01-01 to 2026-12-31, such as '2027-01-01' in row 3.",
        ),
        (
            [datetime(2026, 3, 1, 23, 59), datetime(2026, 3, 2)],
            one(type="timestamp", max="2026-03-01"),
            "1 of 2 values of `x` are outside … to 2026-03-01, such as '2026-03-02 00:00:00",
        ),
        (
            [3, 2, 1, None],
            Contract(columns={"x": Column(type="integer", missing=1)}, rules=("x < 3 and x != 1",)),
            "`x < 3 and x != 1` does not hold in 2 of 4 rows, such as 'x 3' in row 1, 'x 1' in row 3.",
        ),
    ],
)  # fmt: skip
def test_a_broken_rule_is_one_sentence_with_its_rows(
    judged: Checking, values: list[Any], contract: Contract, sentence: str
) -> None:
    (found,) = broken(judged({"x": values}, contract))
    assert found.startswith(sentence)


@pytest.mark.parametrize(
    ("values", "contract"),
    [
        ([0.0, 10.0], one(type="number", min=0, max=10)),
        ([1, 2], one(type="number")),
        ([1.0, 2.0, None], one(type="integer", missing=0.34)),
        ([5, 50, 500, 5], one(type="integer", max=100, outside=0.25)),
        (["a", "z", "a", "a"], one(type="text", values=("a",), unseen=0.25)),
        (["NA", "NO"], one(type="text", values=("NA", "NO"))),
        ([True, False], one(type="boolean")),
        ([datetime(2026, 3, 9, 23), datetime(2025, 1, 1)], one(type="timestamp", max_age="90m")),
        # Without a zone a time may be one of Kiribati, fourteen hours ahead.
        ([datetime(2026, 3, 10, 13)], one(type="timestamp", max_age="1h")),
        ([datetime(2026, 3, 9).date()], one(type="date", max_age="2d")),
        (["x" * 3000, "y"], one(type="text", unique=True)),
        ([1, None, None], one(type="integer", unique=True, missing=1)),
        ([1, 2], one()),
        (["ab", "", None], one(type="text", max_length=2, missing=1)),
        ([datetime(2026, 3, 1), datetime(2026, 3, 1, 12)], one(type="timestamp", min="2026-03-01", max="2026-03-01")),
        ([date(2025, 1, 1), date(2026, 1, 1)], one(type="date", min="2026-01-01", outside=0.5)),
    ],
)
def test_a_table_at_its_limits_passes(judged: Checking, values: list[Any], contract: Contract) -> None:
    assert broken(judged({"x": values}, contract)) == []


def test_strings_where_numbers_were_are_counted_in_csv_and_named_in_parquet(tmp_path: Path) -> None:
    table = pa.table({"x": ["1", "2", "none of it", "4e3", ""]})
    parquet.write_table(table, tmp_path / "t.parquet")
    (tmp_path / "t.csv").write_text("x\n1\n2\nnone of it\n4e3\nNaN\n")
    contract = one(type="number", missing=0.2)
    typed, parsed = (check(contract, open_source(tmp_path / name), now=NOW) for name in ("t.parquet", "t.csv"))
    assert broken(typed) == ["`x` is number, but the table holds text."]
    assert broken(parsed) == ["1 of 4 values of `x` are not number, such as 'none of it' in row 3."]


@pytest.mark.parametrize(
    ("declared", "good", "bad"),
    [
        ("integer", ["-1", "007", "3.0", "9007199254740993"], ["1.5", "1e3x", "0x1", "99999999999999999999x"]),
        ("boolean", ["true", "False", "1", "0"], ["yes", "2"]),
        ("date", ["2026-02-28"], ["2026-02-30", "28.2.2026"]),
        ("timestamp", ["2026-02-28 10:00:00", "2026-02-28T10:00"], ["2026-02-28 25:00:00", "today"]),
        ("timestamp", ["2026-02-28T10:00:00Z", "2026-02-28T10:00:00+02:00"], ["2026-02-28 10:00:00"]),
    ],
)
def test_csv_values_are_told_one_by_one(tmp_path: Path, declared: Any, good: list[str], bad: list[str]) -> None:
    (tmp_path / "t.csv").write_text("\n".join(["x", *good, *bad, *good]) + "\n")
    found = rule(check(one(type=declared), open_source(tmp_path / "t.csv"), now=NOW, examples=9), "type")
    assert [example.value for example in found.examples] == bad
    assert [example.row for example in found.examples] == list(range(len(good) + 1, len(good) + len(bad) + 1))


def test_missing_renamed_and_extra_columns_are_named(judged: Checking) -> None:
    contract = Contract(columns={"age": Column(), "country": Column()})
    assert broken(judged({"Age": [1], "x": [2]}, contract)) == [
        "The contract does not know `Age`, `x`.",
        "`age` is not in the table; is it now `Age`?",
        "`country` is not in the table.",
    ]
    assert len(broken(judged({"Age": [1], "x": [2]}, Contract(columns=contract.columns, extra="allow")))) == 2


def test_an_environment_may_forbid_a_column_and_let_another_out(judged: Checking) -> None:
    contract = Contract(
        columns={"x": Column(), "promo": Column(), "label": Column(type="boolean")},
        environments={"serving": Environment(absent=("label",), optional=("promo",))},
    )
    serving = {"environment": "serving"}
    assert broken(judged({"x": [1]}, contract, **serving)) == []
    assert broken(judged({"x": [1], "label": [True]}, contract, **serving)) == [
        "`label` is there; it must not be in serving."
    ]
    assert len(broken(judged({"x": [1]}, contract))) == 2
    with pytest.raises(UserError, match=r"no environment `server`. It has: serving"):
        judged({"x": [1]}, contract, environment="server")


def test_a_key_is_unique_over_its_columns_and_never_missing(judged: Checking) -> None:
    contract = Contract(
        columns={"day": Column(type="integer"), "flight": Column(type="text", missing=1)}, key=("day", "flight")
    )
    assert broken(judged({"day": [1, 1, 2], "flight": ["a", "b", "a"]}, contract)) == []
    (sentence,) = broken(judged({"day": [1, 2, 1, 3], "flight": ["a", "a", "a", None]}, contract))
    assert sentence == (
        "1 rows repeat the key (day, flight) of another, such as '1, a' in row 1, '1, a' in row 3; in 1 it is missing."
    )


def test_where_a_column_of_the_key_may_be_left_out_there_is_no_key(judged: Checking) -> None:
    contract = Contract(
        columns={"id": Column(type="integer"), "x": Column()},
        key=("id",),
        environments={"serving": Environment(optional=("id",))},
    )
    assert rule(judged({"x": [1]}, contract, environment="serving"), "key").outcome is Outcome.SKIP
    assert len(broken(judged({"x": [1, 1], "id": [1, 1]}, contract, environment="serving"))) == 1
    assert rule(judged({"x": [1]}, contract), "key").outcome is Outcome.FAIL


@pytest.mark.parametrize("declared", ["integer", "number", "text", "boolean", "date", "timestamp", "any"])
def test_a_column_of_nothing_but_nulls_is_missing_not_of_another_type(judged: Checking, declared: Any) -> None:
    nothing = pa.nulls(3)
    assert broken(
        judged({"x": nothing, "y": [1, 2, 3]}, Contract(columns={"x": Column(type=declared), "y": Column()}))
    ) == ["`x` is missing in 3 of 3 rows."]


def test_a_rule_over_columns_that_are_left_out_is_skipped_and_over_broken_ones_fails(judged: Checking) -> None:
    contract = Contract(
        columns={"x": Column(type="integer"), "y": Column(type="integer"), "z": Column(type="text", optional=True)},
        rules=("x < y", "z != 'a'"),
        environments={"serving": Environment(absent=("y",))},
    )
    found = judged({"x": [1]}, contract, environment="serving")
    assert broken(found) == []
    assert [verdict.sentence for verdict in found.verdicts if verdict.outcome is Outcome.SKIP] == [
        "`x < y` is not asked: a column of it is left out in serving.",
        "`z != 'a'` is not asked: a column of it is left out in serving.",
    ]
    assert broken(judged({"x": [1]}, contract)) == [
        "`x < y` cannot be judged: see its columns.",
        "`y` is not in the table.",
    ]


def test_values_stand_in_the_column_they_refer_to(judged: Checking, tmp_path: Path) -> None:
    parquet.write_table(pa.table({"code": ["AA", "UA", "UA"], "n": [1.0, 2.0, 3.0]}), tmp_path / "carriers.parquet")
    csv.write_csv(pa.table({"n": [1, 2]}), tmp_path / "numbers.csv")
    contract = Contract(
        columns={
            "carrier": Column(type="text", references=f"{tmp_path}/carriers.parquet:code", missing=1),
            "n": Column(type="integer", references=f"{tmp_path}/numbers.csv:n"),
            "m": Column(type="integer", references=f"{tmp_path}/carriers.parquet:n", sensitive=True),
        }
    )
    good = {"carrier": ["UA", None, "AA"], "n": [1, 2, 2], "m": [3, 2, 1]}
    assert broken(judged(good, contract)) == []
    assert broken(judged({"carrier": ["UA", "ZZ", None], "n": [3, 1, 2], "m": [4, 1, 1]}, contract)) == [
        f"1 of 2 values of `carrier` do not stand in {tmp_path}/carriers.parquet:code, such as 'ZZ' in row 2.",
        f"1 of 3 values of `n` do not stand in {tmp_path}/numbers.csv:n, such as '3' in row 1.",
        f"1 of 3 values of `m` do not stand in {tmp_path}/carriers.parquet:n, such as row 1.",
    ]


@pytest.mark.parametrize(
    ("declared", "where", "sentence"),
    [
        ("text", "none.csv:code", "none.csv does not exist."),
        ("text", "c.parquet:name", "c.parquet has no column `name`. It has: code."),
        ("integer", "c.parquet:code", "`code` is text, but is referred to by integer."),
        ("integer", "c.csv:code", "not every value of `code` is integer."),
    ],
)
def test_a_reference_that_leads_nowhere_is_one_sentence(
    judged: Checking, tmp_path: Path, declared: Any, where: str, sentence: str
) -> None:
    parquet.write_table(pa.table({"code": ["AA"]}), tmp_path / "c.parquet")
    csv.write_csv(pa.table({"code": ["AA"]}), tmp_path / "c.csv")
    with pytest.raises(UserError) as error:
        judged({"x": ["1"] if declared == "text" else [1]}, one(type=declared, references=f"{tmp_path}/{where}"))
    assert sentence in str(error.value)


def test_rows_are_counted_and_compared_with_the_last_version(judged: Checking) -> None:
    contract = Contract(columns={"x": Column()}, rows=Rows(min=2, max=4, change=0.5))
    table = {"x": [1, 2, 3]}
    assert rule(judged(table, contract), "change").outcome is Outcome.SKIP
    assert rule(judged(table, contract, last_rows=2), "change").outcome is Outcome.PASS
    assert rule(judged(table, contract, last_rows=1), "change").sentence == (
        "3 rows after 1; a change of 50 % is allowed."
    )
    assert "has 1 rows; allowed: 2 to 4." in broken(judged({"x": [1]}, contract))[0]


def test_an_empty_table_fails_unless_the_contract_allows_it(judged: Checking) -> None:
    empty = {"x": pa.array([], pa.int64())}
    contract = one(type="integer", min=1, values=(1,), unique=True)
    assert ["has 0 rows; allowed: at least 1." in sentence for sentence in broken(judged(empty, contract))] == [True]
    assert broken(judged(empty, Contract(columns=contract.columns, rows=Rows(min=0)))) == []


def test_values_of_sensitive_columns_are_never_shown(judged: Checking) -> None:
    contract = Contract(
        columns={
            "mail": Column(type="text", pattern="x", values=("q",), unique=True, sensitive=True),
            "age": Column(type="number", max=1, sensitive=True),
        },
        key=("mail",),
    )
    found = judged({"mail": ["ada@x.org", "ada@x.org"], "age": [4711, 4711]}, contract, examples=100)
    assert len(broken(found)) == 5
    assert "ada" not in str(found.verdicts)
    assert "4711" not in str(found.verdicts)
    assert "row 2" in rule(found, "pattern").sentence


def test_examples_are_capped_in_number_and_length(judged: Checking) -> None:
    contract = one(type="text", values=("a",))
    found = rule(judged({"x": ["z" * 100] * 9}, contract, examples=2), "values")
    assert found.count == 9
    assert [len(example.value) for example in found.examples] == [40, 40]
    assert rule(judged({"x": ["z"] * 9}, contract, examples=0), "values").examples == ()


def test_lines_of_csv_with_other_fields_are_counted_not_dropped(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x,y\n1,2\n3\n4,5,6\n7,8\n")
    contract = Contract(columns={"x": Column(type="integer"), "y": Column()})
    found = check(contract, open_source(tmp_path / "t.csv"), now=NOW)
    assert broken(found) == ["2 lines do not have as many fields as the header, the first is line 3."]
    assert found.read.rows == 2


def test_lists_and_structs_are_of_any_type(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"x": [[1], None], "y": [{"a": 1}, {"a": 2}]}), tmp_path / "t.parquet")
    table = open_source(tmp_path / "t.parquet")
    contract = Contract(columns={"x": Column(missing=0.5), "y": Column()})
    assert broken(check(contract, table, now=NOW)) == []
    assert broken(check(one(type="text"), table, now=NOW))[1:] == ["`x` is text, but the table holds any."]


def test_categories_encoded_as_a_dictionary_or_as_large_text_are_the_same(tmp_path: Path) -> None:
    values = pa.array(["a", None, "b", "c"])
    contract = one(type="text", values=("a", "b"), pattern="[ab]", missing=0.25, unique=True)
    found = []
    for name, column in (("d", values.dictionary_encode()), ("l", values.cast(pa.large_string())), ("s", values)):
        parquet.write_table(pa.table({"x": column}), tmp_path / name)
        found.append(broken(check(contract, open_source(tmp_path / name), now=NOW)))
    assert len(found[0]) == 2
    assert found[0] == found[1] == found[2]


def test_rows_are_counted_on_across_blocks(judged: Checking) -> None:
    values = np.arange(2 * ROWS + 10)
    values[[ROWS + 1, 2 * ROWS + 9]] = [-5, 7]
    found = judged({"x": values}, one(type="integer", min=0, unique=True))
    assert broken(found) == [
        f"1 of {len(values):,} values of `x` are outside 0 to …, such as '-5' in row {ROWS + 2:,}.",
        f"1 values of `x` repeat an earlier one, such as '7' in row 8, '7' in row {2 * ROWS + 10:,}.",
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "does not exist."),
        (b"", "is no table that can be read"),
        (b"PAR1 and then nothing", "is no table that can be read"),
        (b"x,x\n1,2\n", "has more than one column of a name: 1 and 2."),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is no table that can be read"),
    ],
)
def test_what_is_no_table_is_one_sentence(tmp_path: Path, content: bytes | None, sentence: str) -> None:
    if content is not None:
        (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(UserError) as error:
        open_source(tmp_path / "t.csv")
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_breaks_off_shows_none_of_its_data(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    parquet.write_table(pa.table({"x": ["secret"] * 50_000}), path, compression=None, use_dictionary=False)
    content = path.read_bytes()
    path.write_bytes(content[:1000] + b"\xff" * 5000 + content[6000:])
    with pytest.raises(UserError, match="is no table that can be read") as error:
        check(one(type="text", unique=True), open_source(path), now=NOW)
    assert "secret" not in str(error.value)


def test_a_pattern_that_would_explode_elsewhere_takes_no_longer_than_the_text(judged: Checking) -> None:
    found = judged({"x": ["a" * 50_000 + "b", "a"]}, one(type="text", pattern="(a+)+"))
    assert rule(found, "pattern").count == 1
