"""The parts of joined rows: what is cut out in one pass is what taking the rows gives."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from mltool.paired import arrays, compare, ids, metrics
from mltool.paired.join import RISING, Pairs
from support.paired import asked, binary

NO_PANDAS = """
import sys
import numpy as np
import pyarrow as pa
from pyarrow import parquet
from mltool.config import Predictions
from mltool.paired import grouping, join, sides
random, sink = np.random.default_rng(0), pa.BufferOutputStream()
numbers = {name: random.random(500) for name in ("y_true", "y_pred", "y_score")}
columns = {"row_id": np.arange(500), **numbers, "carrier": np.arange(500) % 7}
parts = {name: pa.Array.from_buffers(pa.float64() if values.dtype.kind == "f" else pa.int64(), 500,
    [None, pa.py_buffer(values)]) for name, values in columns.items()}
parquet.write_table(pa.table(parts), sink)
content = sink.getvalue().to_pybytes()
side = sides.read(content, Predictions(), source="p.parquet", extra=("carrier",))
pairs = join.join(side, side, regression=True)
groups = grouping.by("carrier", pairs.extra)
assert len(pairs.split(groups.codes, len(groups.names))) == 7
print([name for name in ("pandas", "sklearn") if name in sys.modules])
"""


def parts_of(pairs: Pairs, codes: np.ndarray, count: int) -> list[Pairs]:
    return [pairs.at(np.flatnonzero(codes == code)) for code in range(count)]


def columns(pairs: Pairs) -> list[object]:
    arrays = (pairs.truth, pairs.base, pairs.head, pairs.base_scores[""], pairs.head_scores[""], pairs.keys)
    return [each.tolist() for each in (*arrays, pairs.extra["kind"].to_numpy(zero_copy_only=False))]


def several_kinds(seed: int, rows: int, *, ties: bool) -> Pairs:
    pairs = binary(np.random.default_rng(seed), rows, ties=ties)
    kinds = pa.array(np.arange(rows) % 3)
    return replace(pairs, extra={"kind": kinds}, keys=ids.mixed(np.arange(rows, dtype=np.uint64)))


@pytest.mark.parametrize("seed", range(40))
def test_a_split_gives_the_rows_of_each_code_in_their_order(seed: int) -> None:
    random = np.random.default_rng(seed)
    rows, count = int(random.integers(2, 200)), int(random.integers(1, 300))
    pairs = several_kinds(seed, rows, ties=bool(seed % 2))
    codes = random.integers(count, size=rows)

    found = pairs.split(codes, count)

    assert [columns(part) for part in found] == [columns(part) for part in parts_of(pairs, codes, count)]


@pytest.mark.parametrize("seed", range(40))
def test_an_order_that_is_cut_is_an_order_of_the_part(seed: int) -> None:
    rows = 2 + 5 * seed
    pairs = several_kinds(seed, rows, ties=bool(seed % 2))
    for side, scores in (("base", pairs.base_scores[""]), ("head", pairs.head_scores[""])):
        pairs.rising(scores, side)

    for part in pairs.split(np.random.default_rng(seed).integers(5, size=rows), 5):
        for side, scores in (("base", part.base_scores[""]), ("head", part.head_scores[""])):
            assert sorted(part.known[RISING + side].tolist()) == list(range(len(part)))
            assert np.all(np.diff(scores[part.known[RISING + side]]) >= 0)


@pytest.mark.parametrize("key", ["accuracy", "roc_auc", "log_loss", "f1"])
@pytest.mark.parametrize("ties", [False, True])
def test_a_part_is_measured_as_if_it_stood_alone(key: str, *, ties: bool) -> None:
    pairs = several_kinds(1, 3000, ties=ties)
    metric = next(metrics.candidates(key, pairs))
    compare.values(metric, pairs)
    codes = np.random.default_rng(2).integers(6, size=3000)

    for part, alone in zip(pairs.split(codes, 6), parts_of(pairs, codes, 6), strict=True):
        assert compare.measure(metric, part, asked(), name=key) == compare.measure(metric, alone, asked(), name=key)


def test_rows_that_change_sides_are_ordered_anew() -> None:
    pairs = binary(np.random.default_rng(3), 50)
    pairs.rising(pairs.base_scores[""], "base")

    assert not pairs.swapped(np.ones(50, bool)).known


@pytest.mark.parametrize("kind", [pa.int8(), pa.int64(), pa.uint32(), pa.float32(), pa.float64()])
@pytest.mark.parametrize("rows", [0, 1, 9])
def test_numbers_of_a_column_are_its_values(kind: pa.DataType, rows: int) -> None:
    column = pa.array(range(rows + 2), pa.int64()).cast(kind)[2:]

    assert arrays.numbers(column).tolist() == column.to_pylist()
    assert arrays.numbers(column).dtype == column.to_numpy().dtype


def test_positions_are_those_given() -> None:
    assert arrays.column(np.arange(10)[::3]).to_pylist() == [0, 3, 6, 9]


def test_reading_joining_and_cutting_load_no_pandas() -> None:
    ran = subprocess.run((sys.executable, "-c", NO_PANDAS), capture_output=True, text=True, check=False)

    assert (ran.stdout, ran.stderr) == ("[]\n", "")
