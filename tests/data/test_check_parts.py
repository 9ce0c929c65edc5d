"""A folder of files that is one table: problems name the part, and what differs between parts is a problem."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from mltool.data import infer
from mltool.data.check import check
from mltool.data.contract import Column, Contract, Rows
from mltool.data.contract_parts import open_source
from mltool.errors import UserError
from mltool.gates.verdict import Outcome

NOW = datetime(2026, 3, 10, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "t" / "old").mkdir(parents=True)
    return tmp_path / "t"


def put(path: Path, **columns: Any) -> None:
    table = pa.table(columns)
    if path.suffix == ".csv":
        csv.write_csv(table, path)
    else:
        parquet.write_table(table, path)


def broken(folder: Path, contract: Contract) -> list[str]:
    found = check(contract, open_source(folder), now=NOW)
    return [verdict.sentence for verdict in found.verdicts if verdict.outcome is Outcome.FAIL]


def test_the_parts_are_one_table_and_its_rows_are_counted_in_each(folder: Path) -> None:
    put(folder / "b.parquet", n=[3, 4, 99])
    put(folder / "a.csv", n=[1, 2])
    put(folder / "old/z.parquet", n=[5.0, None])
    (folder / "_SUCCESS").touch()
    (folder / ".gitignore").write_text("*\n")
    contract = Contract(columns={"n": Column(type="integer", max=9, missing=0.2)}, rows=Rows(min=7, max=7))
    assert broken(folder, contract) == ["1 of 6 values of `n` are outside … to 9, such as '99' in row 3 of b.parquet."]


def test_a_value_repeats_over_parts_however_each_stores_it(folder: Path) -> None:
    put(folder / "a.parquet", n=[1, 2], at=pa.array([1, 2], pa.timestamp("us")))
    put(folder / "b.csv", n=[7], at=[datetime(1970, 1, 1, 0, 0, 3)])
    put(folder / "c.parquet", n=[2.0, 9.0], at=pa.array([2000, 1001], pa.timestamp("ns")))
    contract = Contract(
        columns={"n": Column(type="integer", unique=True), "at": Column(type="timestamp", unique=True)},
    )
    assert broken(folder, contract) == [
        "1 values of `n` repeat an earlier one, such as '2' in row 2 of a.parquet, '2' in row 1 of c.parquet.",
        "1 values of `at` repeat an earlier one, such as '1970-01-01 00:00:00.000002' in row 2 of a.parquet,"
        " '1970-01-01 00:00:00.000002' in row 1 of c.parquet.",
    ]


def test_columns_that_a_part_lacks_has_beyond_or_has_of_another_type_are_named_with_it(folder: Path) -> None:
    put(folder / "a.parquet", n=[1], t=["x"], key=[1])
    put(folder / "b.parquet", n=["1"], t=["x"], key=[2])
    put(folder / "c.parquet", n=[1], key=[3], more=[1])
    (folder / "d.csv").write_text("n,t,key\n1,y,4\n2\n")
    contract = Contract(
        columns={
            "n": Column(type="integer"),
            "t": Column(type="text", unique=True),
            "key": Column(type="integer"),
        },
        key=("n", "key"),
        rules=("n < key", "key > 0"),
    )
    assert broken(folder, contract) == [
        "1 lines in d.csv do not have as many fields as the header, the first is line 3.",
        "The contract does not know `more` in c.parquet.",
        "The key (n, key) cannot be read: see its columns.",
        "`n < key` cannot be judged: see its columns.",
        "`n` is integer, but b.parquet holds text.",
        "`t` is not in c.parquet.",
        "Whether `t` repeats cannot be told: parts lack it.",
    ]


def test_many_parts_are_counted_not_listed(folder: Path) -> None:
    for number in range(6):
        put(folder / f"{number}.parquet", x=[1], **({} if number else {"y": [1]}))
    contract = Contract(columns={"x": Column(), "y": Column()})
    assert broken(folder, contract) == ["`y` is not in 1.parquet, 2.parquet, 3.parquet and 2 more parts."]
    assert broken(folder, Contract(columns={"x": Column(), "y": Column(optional=True)})) == []


def test_the_path_of_a_part_says_which_rows_it_holds(folder: Path) -> None:
    put(folder / "2026-01.parquet", year=[2026, 2026], month=[1, 1])
    put(folder / "2026-02.parquet", year=[2026, 2026, None], month=[2.0, 1.0, 2.0])
    columns = {"year": Column(type="integer", missing=1), "month": Column(type="integer")}
    assert broken(folder, Contract(columns=columns, part="{year}-{month:02}")) == [
        "2 rows are in a part whose path is not their `{year}-{month:02}`, such as 'month 1, year 2026' in row 2 of"
        " 2026-02.parquet, 'month 2, year None' in row 3 of 2026-02.parquet."
    ]
    put(folder / "old/x.csv", year=[2026], month=["May"])
    assert "'old/x.csv'" not in str(broken(folder, Contract(columns=columns, part="{year}-{month:02}")))


def test_a_contract_is_inferred_from_all_parts_and_kept_by_them(folder: Path) -> None:
    put(folder / "a.parquet", n=list(range(50)), t=["a", "b"] * 25)
    put(folder / "b.csv", n=list(range(50, 100)), t=["c", "b"] * 25)
    contract = infer.infer(open_source(folder))
    assert contract.key == ("n",)
    assert contract.columns["t"].values == ("a", "b", "c")
    assert broken(folder, contract) == []


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"n": [1]}, "a.parquet has the column `t`, b.parquet has not."),
        ({"n": [1], "t": ["x"], "z": [1]}, "b.parquet has the column `z`, a.parquet has not."),
        ({"n": ["1"], "t": ["x"]}, "`n` holds integer in a.parquet and text in b.parquet."),
    ],
)
def test_parts_that_are_not_alike_teach_nothing(folder: Path, columns: dict[str, Any], sentence: str) -> None:
    put(folder / "a.parquet", n=[1], t=["x"])
    put(folder / "b.parquet", **columns)
    with pytest.raises(UserError) as error:
        infer.infer(open_source(folder))
    assert sentence in str(error.value)


def test_a_folder_with_nothing_a_stranger_or_a_broken_part_is_one_sentence(folder: Path) -> None:
    with pytest.raises(UserError, match=r"t holds no table\. Parts end in \.parquet or \.csv\."):
        open_source(folder)
    put(folder / "a.parquet", n=[1])
    (folder / "b.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(UserError, match=r"b\.parquet is no table that can be read"):
        open_source(folder)
    (folder / "b.parquet").unlink()
    (folder / "notes.txt").touch()
    with pytest.raises(UserError, match=r"notes\.txt is no part of a table"):
        open_source(folder)
