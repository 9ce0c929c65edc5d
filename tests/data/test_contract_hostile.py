"""Contracts and tables that mean harm, or that nobody foresaw: a sentence or a verdict, and never a crash."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from mltool.commands import data_contract
from mltool.data import contract_file, infer
from mltool.data.check import check
from mltool.data.contract import Column, Contract, Environment
from mltool.data.contract_parts import open_source
from mltool.errors import UserError

NOW = datetime(2026, 3, 10, tzinfo=UTC)
FAR = 2**62


def broken(path: Path, **rules: object) -> list[str]:
    contract = Contract(columns={"x": Column(**rules)})  # type: ignore[arg-type]  # each test says which
    found = check(contract, open_source(path), now=NOW).verdicts
    return [verdict.sentence for verdict in found if verdict.outcome == "fail"]


def stored(folder: Path, values: pa.Array) -> Path:
    parquet.write_table(pa.table({"x": values}), folder / "t.parquet")
    return folder / "t.parquet"


@pytest.mark.parametrize(
    "name",
    [
        "a\nb",
        "::error::x",
        "\x1b[31m",
        "",
        " ",
        "a: b",
        "- x",
        "#c",
        "null",
        "1",
        "'",
        '"',
        "{a}",
        "?",
        "*a",
        "~",
        "\x85",
    ],
)
def test_a_contract_is_read_as_it_was_written_whatever_the_names(name: str) -> None:
    column = Column(type="text", values=(name, "b"), description=name)
    contract = Contract(columns={name: column}, key=(name,), environments={name: Environment(absent=(name,))})
    written = contract_file.dumps(contract)
    assert contract_file.parse(written.encode(), source="c.yaml") == contract
    assert not any(line.lstrip().startswith("::") for line in written.splitlines())


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("columns: !!python/object/apply:os.system ['id']", "c.yaml:1: not valid YAML: could not determine"),
        ("columns: {{a: b}: {}}", "c.yaml:1: not valid YAML: found unhashable key."),
        ("columns: " + "[" * 5000, "c.yaml is nested too deeply."),
        ("columns: {a: {type: integer, max: " + "9" * 400 + "}}", "`columns.a`: `min` and `max` are no integer."),
        ("columns: {a: {type: integer, max: " + "9" * 5000 + "}}", "c.yaml holds a number with too many digits"),
        ("columns: {a: {type: integer, values: [" + "9" * 400 + "]}}", "`values` holds what is no number of 64 bits."),
        ("columns: {a: {type: number, values: [.nan]}}", "`values` holds what is no number of 64 bits."),
        ("columns: {a: {}}\nrows: {change: .nan}", "`rows`: they need 0 ≤ min ≤ max and 0 ≤ change."),
        ("columns: {a: {type: date, max_age: 99999999999999d}}", "`max_age` is written as 90m, 36h or 7d"),
        (r"columns: {a: {type: text, pattern: '\Qx'}}", "`pattern` is no regular expression that RE2 reads"),
        ("columns: {a: {type: text, references: '/etc/passwd:x'}}", "leads out of the folder where the check runs"),
        ("columns: {a: {type: text, references: 'data/../../b.csv:x'}}", "leads out of the folder"),
    ],
)
def test_a_contract_that_means_harm_is_one_sentence(content: str, sentence: str) -> None:
    with pytest.raises(UserError) as error:
        contract_file.parse(content.encode(), source="c.yaml")
    assert sentence in str(error.value)


@pytest.mark.parametrize("content", ["secret,other\n1,2\n", "secret,secret\n1,2\n", "secret\n\xff\n"])
def test_a_table_that_is_referred_to_never_shows_what_it_holds(tmp_path: Path, content: str) -> None:
    (tmp_path / "passwd").write_bytes(content.encode("latin-1"))
    with pytest.raises(UserError) as error:
        broken(stored(tmp_path, pa.array(["a"])), type="text", references=f"{tmp_path}/passwd:x")
    assert "secret" not in f"{error.value.what} {error.value.remedy}"


def test_whole_numbers_are_compared_as_such_beyond_what_floats_tell_apart(tmp_path: Path) -> None:
    path = stored(tmp_path, pa.array([2**53, 2**53 + 1, None]))
    assert broken(path, type="integer", missing=0.5, max=2**53, values=(2**53,)) == [
        "1 of 2 values of `x` are outside … to 9007199254740992, such as '9007199254740993' in row 2.",
        "1 of 2 values of `x` are in no known category, such as '9007199254740993' in row 2.",
    ]
    path = stored(tmp_path, pa.array([1, 2**64 - 1], pa.uint64()))
    assert len(broken(path, type="integer", min=2)) == 1
    assert len(broken(path, type="integer", max=-1)) == 1
    assert broken(path, type="integer", min=-(10**30), max=10**30) == []


@pytest.mark.parametrize(
    ("values", "declared"),
    [
        (pa.array([FAR, -FAR, None]).cast(pa.timestamp("ms")), "timestamp"),
        (pa.array([FAR, -FAR, None]).cast(pa.timestamp("us")), "timestamp"),
        (pa.array([2**31 - 1, -(2**31), None], pa.int32()).cast(pa.date32()), "date"),
    ],
)
def test_times_that_no_calendar_has_are_judged(tmp_path: Path, values: pa.Array, declared: str) -> None:
    path = stored(tmp_path, values)
    found = broken(path, type=declared, missing=0.5, min="1970-01-02", max="1980-01-01", max_age="7d", unique=True)
    assert len(found) == 2
    assert "2 of 2 values of `x` are outside 1970-01-02 to 1980-01-01" in found[0]
    assert "since 1970' in row 1" in found[0]
    assert found[1] == "The newest `x` is in the future, so it says nothing of the age."


def test_parts_with_and_without_a_zone_have_one_newest_time(tmp_path: Path) -> None:
    for name, zone in (("a", None), ("b", "Europe/Berlin")):
        moment = pa.array([NOW], pa.timestamp("us", zone)) if zone else pa.array([NOW.replace(tzinfo=None)])
        parquet.write_table(pa.table({"x": moment}), tmp_path / f"{name}.parquet")
    assert broken(tmp_path, type="timestamp", max_age="1h") == []


def test_texts_as_views_and_of_millions_of_characters_are_judged(tmp_path: Path) -> None:
    path = stored(tmp_path, pa.array(["x", "y" * 3_000_000, "y" * 3_000_000], pa.string_view()))
    (said,) = broken(path, type="text", unique=True)
    assert said.startswith("1 values of `x` repeat an earlier one")
    assert len(said) < 300


def test_a_name_writes_over_no_line_and_is_no_command(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"a\n::error::b": ["x"] * 20, "##[group]": ["x"] * 20}), tmp_path / "t.parquet")
    (tmp_path / "c.yaml").write_text("columns:\n  x: {type: text}\n  ::warning::y: {optional: true}\n")
    result = data_contract.check(tmp_path / "c.yaml", tmp_path / "t.parquet", now=NOW, suggest=True)
    words = data_contract.words(result)
    assert "##[" not in words
    assert not any(line.lstrip().startswith("::") for line in words.splitlines())


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "t.csv")
    with pytest.raises(UserError, match="is a pipe or a device"):
        open_source(tmp_path / "t.csv")


def test_a_link_to_a_folder_of_parts_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "months").mkdir()
    (tmp_path / "months" / "a.csv").write_text("x\n1\n")
    (tmp_path / "months" / "2014").symlink_to(tmp_path / "other")
    with pytest.raises(UserError, match="2014 is a link to a folder, which is not followed"):
        open_source(tmp_path / "months")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("a;b\n1;2\n", "one column only, and its name holds `;`. Is that what separates its fields?"),
        ("a\tb\n1\t2\n", "its name holds `a tab`"),
        ("a,b\nr1,1,2\nr2,3,4\n", "Has its first line a name for each column, that of the row numbers too?"),
        ("a,b\nä,1\n", "not UTF-8 text"),
    ],
)
def test_tables_of_other_habits_are_recognized(tmp_path: Path, content: str, sentence: str) -> None:
    (tmp_path / "t.csv").write_bytes(content.encode("latin-1"))
    with pytest.raises(UserError) as error:
        infer.infer(open_source(tmp_path / "t.csv"))
    assert sentence in str(error.value)
