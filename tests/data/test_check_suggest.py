"""The patch that `--suggest` prints: Git applies it, the table then passes, and what people wrote stays."""

import subprocess
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from mltool.commands import data_contract
from mltool.commands.data_contract import Result

NOW = datetime(2026, 3, 10, tzinfo=UTC)
CONTRACT = """\
# Ours.
columns:
  # A person's name for it.
  id: {type: integer}  # never reused
  age: {type: integer, min: 18, max: 99}
  country:
    type: text
    values: [DE, 'NO']
  mail: {type: text, pattern: '.+@.+', sensitive: true, values: [a@b]}
  day: {type: timestamp, max_age: 2d}
  label: {type: boolean}
rows: {min: 1, max: 3, change: 0.1}
key: [id]
environments:
  serving: {absent: [label]}
"""
GOOD = {
    "id": [1, 2, 3],
    "age": [20, 30, 40],
    "country": ["DE", "NO", "DE"],
    "mail": ["a@b"] * 3,
    "day": [datetime(2026, 3, 9)] * 3,
    "label": [True, True, False],
}


def judged(folder: Path, columns: dict[str, Any], **more: Any) -> Result:
    parquet.write_table(pa.table(columns), folder / "t.parquet")
    return data_contract.check(Path("c.yaml"), Path("t.parquet"), **{"now": NOW, "suggest": True, **more})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.yaml").write_text(CONTRACT)
    return tmp_path


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"age": [20, 30, 105]}, "+  age: {type: integer, min: 18, max: 110}"),
        ({"age": [20, None, 3]}, "+  age: {type: integer, min: 3, max: 99, missing: 0.34}"),
        ({"age": ["x", "y", "z"]}, "+  age: {type: text}"),
        ({"age": [20.5, 30, 40]}, "+  age: {type: number, min: 20.0, max: 40.0}"),
        ({"country": ["DE", "FR", "SE"]}, "+    values: [DE, 'NO', FR, SE]"),
        ({"country": [None, "DE", "DE"]}, "+    missing: 0.34"),
        ({"mail": ["x", "a@b", "a@b"]}, "+  mail: {type: text, sensitive: true, values: [a@b], unseen: 0.34}"),
        ({"day": [datetime(2026, 3, 1, 12)] * 3}, "+  day: {type: timestamp, max_age: 9d}"),
        ({"id": [1, 1, 2]}, "-key: [id]"),
        ({"id": [1, None, 2]}, "-key: [id]"),
        ({"id": None}, "-  id: {type: integer}  # never reused"),
        ({"label": None}, "-  label: {type: boolean}"),
        ({"new": [1.5, 2.5, None]}, "+  new: {type: number, missing: 1.0, min: 1.5, max: 2.5}"),
        ({"new_email": ["q@r", "s@t", "u@v"]}, "+  new_email: {type: text, sensitive: true}"),
        ({name: column * 2 for name, column in GOOD.items()}, "+rows: {min: 1, max: 6, change: 1.0}"),
        ({name: pa.array(column)[:0] for name, column in GOOD.items()}, "+rows: {min: 0, max: 3, change: 1.0}"),
    ],
)
def test_the_patched_contract_passes(folder: Path, change: dict[str, Any], line: str) -> None:
    table = {name: column for name, column in (GOOD | change).items() if column is not None}
    result = judged(folder, table, last_rows=3)
    assert data_contract.failed(result)
    assert line in result.patch.splitlines()
    subprocess.run(["git", "apply", "-"], input=result.patch.encode(), check=True, cwd=folder)
    again = judged(folder, table, last_rows=3)
    assert [found.sentence for found in again.checked.verdicts if found.outcome == "fail"] == [
        found.sentence for found in again.beyond
    ]
    assert "# Ours." in (folder / "c.yaml").read_text()


def test_in_an_environment_the_column_is_optional_there_only(folder: Path) -> None:
    table = {name: column for name, column in GOOD.items() if name != "age"}
    result = judged(folder, table, environment="serving")
    assert "+  serving: {absent: [], optional: [age]}" in result.patch.splitlines()
    subprocess.run(["git", "apply", "-"], input=result.patch.encode(), check=True, cwd=folder)
    assert not data_contract.failed(judged(folder, table, environment="serving"))
    assert data_contract.failed(judged(folder, table))


def test_what_no_contract_can_allow_is_said(folder: Path) -> None:
    result = judged(folder, GOOD | {"day": [datetime(2027, 1, 1)] * 3})
    assert result.patch == ""
    assert "No change of the contract allows this: The newest `day` is in the future" in data_contract.words(result)


def test_a_table_that_passes_needs_no_patch(folder: Path) -> None:
    result = judged(folder, GOOD, last_rows=3)
    assert not data_contract.failed(result)
    assert (result.patch, result.beyond) == ("", ())


def test_values_of_sensitive_columns_do_not_get_into_the_patch(folder: Path) -> None:
    result = judged(folder, GOOD | {"mail": ["ada@x.org"] * 3, "phone": ["4711"] * 3})
    assert "ada" not in result.patch
    assert "4711" not in result.patch


def test_what_the_newer_rules_forbid_is_allowed_by_the_patch_too(folder: Path) -> None:
    Path("c.yaml").write_text(
        "columns:\n"
        "  n: {type: integer}\n"
        "  day: {type: date, min: 2026-01-01, max: 2026-01-31}\n"
        "  code: {type: text, max_length: 2, references: 'codes.csv:code'}\n"
        "rules:\n"
        "  - n > 0  # stays\n"
        "  - n < 3\n"
    )
    Path("codes.csv").write_text("code\naa\n")
    rows = {"n": [1, 3], "day": [date(2025, 12, 1), date(2026, 2, 2)], "code": ["aa", "bbb"]}
    found = judged(folder, rows)
    assert [line for line in found.patch.splitlines() if line[0] in "+-"][2:] == [
        "-  day: {type: date, min: 2026-01-01, max: 2026-01-31}",
        "-  code: {type: text, max_length: 2, references: 'codes.csv:code'}",
        "+  day: {type: date, min: 2025-12-01, max: 2026-02-02}",
        "+  code: {type: text}",
        "-  - n < 3",
    ]
    subprocess.run(["git", "apply"], input=found.patch.encode(), check=True)
    assert not data_contract.failed(judged(folder, rows))
