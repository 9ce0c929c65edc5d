"""A contract that is inferred: the table keeps it, the next sample of the same data too, and people can read it."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from mltool.data.check import check
from mltool.data.contract import Column, Contract, Rows
from mltool.data.contract_parts import open_source
from mltool.data.infer import infer
from mltool.errors import UserError
from mltool.gates.verdict import Outcome

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def sample(seed: int, rows: int = 4000) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "customer": rng.permutation(10**6)[:rows],
            "email": [f"{n}@example.org" for n in rng.integers(0, 10**9, rows)],
            "zip": [f"{n:05d}" for n in rng.integers(0, 10**5, rows)],
            "income": rng.uniform(10, 90, rows),
            "age": np.where(rng.random(rows) < 0.05, np.nan, rng.integers(18, 90, rows)),
            "country": rng.choice(["DE", "FR", "NA", "NO"], rows),
            "paid": rng.random(rows) < 0.5,
            "day": pd.date_range("2026-01-01", periods=rows, freq="D").date,
            "at": pd.date_range("2026-01-01 00:00:01", periods=rows, freq="h"),
        }
    )


def stored(frame: pd.DataFrame | pa.Table, path: Path) -> Path:
    table = frame if isinstance(frame, pa.Table) else pa.Table.from_pandas(frame, preserve_index=False)
    csv.write_csv(table, path) if path.suffix == ".csv" else parquet.write_table(table, path)
    return path


def broken(contract: Contract, path: Path) -> list[str]:
    found = check(contract, open_source(path), now=NOW)
    return [verdict.sentence for verdict in found.verdicts if verdict.outcome is Outcome.FAIL]


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_the_rules_are_what_a_person_would_write(tmp_path: Path, ending: str) -> None:
    contract = infer(open_source(stored(sample(0), tmp_path / f"t.{ending}")))
    assert contract == Contract(
        columns={
            "customer": Column(type="integer"),
            "email": Column(type="text", sensitive=True),
            "zip": Column(type="text"),
            "income": Column(type="number", min=10, max=90),
            # Floats because of the holes; CSV shows that they are whole.
            "age": Column(type="number" if ending == "parquet" else "integer", missing=0.059, min=18, max=89),
            "country": Column(type="text", values=("DE", "FR", "NA", "NO")),
            "paid": Column(type="boolean"),
            "day": Column(type="date"),
            "at": Column(type="timestamp"),
        },
        rows=Rows(min=2000, max=8000),
        key=("customer",),
    )


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_the_table_itself_and_another_sample_keep_the_contract(tmp_path: Path, ending: str) -> None:
    path = stored(sample(0), tmp_path / f"t.{ending}")
    contract = infer(open_source(path))
    assert broken(contract, path) == []
    for seed in range(1, 6):
        assert broken(contract, stored(sample(seed), path)) == []


def test_a_category_seen_once_makes_room_for_others(tmp_path: Path) -> None:
    values = ["a"] * 500 + ["b"] * 500 + ["once"]
    column = infer(open_source(stored(pa.table({"x": values}), tmp_path / "t.parquet"))).columns["x"]
    assert column.values == ("a", "b", "once")
    # Good and Turing: one of 1,001 was seen once, and three standard errors on top.
    assert column.unseen == pytest.approx(0.004)


@pytest.mark.parametrize(
    "columns",
    [
        {"x": [None, None]},
        {"x": [float("nan"), float("inf"), 3.0]},
        {"x": [float("inf")]},
        {"x": [[1], [2]]},
        {"x": pa.array(["a", None]).dictionary_encode()},
        {"x": [-0.00012345, 98765.4321]},
        {"x": [2**62, -(2**62)]},
        {"x": ["7", "7"]},
        {"x": [0.1 + 0.2]},
        {"": [1, 2]},
        {"x": pa.array([Decimal("1.5"), Decimal("2.5")])},
        {"x": pa.array([1.5, 2.5], pa.float16())},
        {"x": pa.array([b"\xff"])},
    ],
)
def test_whatever_the_table_holds_it_keeps_its_contract(tmp_path: Path, columns: dict[str, Any]) -> None:
    path = stored(pa.table(columns), tmp_path / "t.parquet")
    assert broken(infer(open_source(path)), path) == []


@pytest.mark.parametrize(
    ("values", "declared"),
    [
        (["1", "2"], "integer"),
        (["1", "0"], "integer"),
        (["1", "2.0", "1e3"], "number"),
        (["01", "2"], "text"),
        (["true", "False"], "boolean"),
        (["2026-01-01", "2026-02-30"], "text"),
        (["2026-01-01", "2026-02-01"], "date"),
        (["2026-01-01", "2026-02-01 10:00"], "timestamp"),
        (["2026-01-01T10:00:00Z", "2026-01-01T10:00:00+02:00"], "timestamp"),
        (["2026-01-01T10:00:00Z", "2026-01-01T10:00:00"], "text"),
        (["NaN", "1"], "integer"),
        (["NaN", "NaN"], "any"),
    ],
)
def test_types_of_csv_are_told_from_all_values(tmp_path: Path, values: list[str], declared: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["x", *values * 40_000]) + "\n")
    contract = infer(open_source(path))
    assert contract.columns["x"].type == declared
    assert broken(contract, path) == []


def test_an_empty_table_teaches_nothing(tmp_path: Path) -> None:
    for name, content in (("t.csv", "x,y\n"), ("u.csv", "x\n")):
        (tmp_path / name).write_text(content)
        with pytest.raises(UserError, match="has no rows"):
            infer(open_source(tmp_path / name))


def test_a_table_with_torn_lines_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x,y\n1,2\n3\n")
    with pytest.raises(UserError, match=r"1 lines do not have as many fields as the header, the first is line 3\."):
        infer(open_source(tmp_path / "t.csv"))
