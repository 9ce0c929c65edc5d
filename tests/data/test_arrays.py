"""Arrow's arrays become numpy's as Arrow itself would have it, but without pandas."""

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from mltool.data import arrays

ARRAYS = (
    pa.array([1.0, None, float("nan")]),
    pa.array([1, 2, 3], pa.int8()),
    pa.array([1, None, 3, 4]).slice(1, 3),
    pa.array([1.5, 2.5, 3.5]).slice(2),
    pa.array([Decimal("1.5"), None]),
    pa.array([2**63], pa.uint64()),
    pa.array([1.0, None, 1.0]).dictionary_encode(),
    pa.array([], pa.float64()),
    pa.array([None, None], pa.null()),
)


@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: str(array.type)[:10])
def test_numbers_are_those_of_arrow(array: pa.Array) -> None:
    plain = array.dictionary_decode() if pa.types.is_dictionary(array.type) else array
    expected = plain.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)

    np.testing.assert_array_equal(arrays.floats(array), expected)
    assert arrays.missing(array).tolist() == array.is_null().to_pylist()


def test_integers_go_to_arrow_and_back() -> None:
    at = np.arange(10)[::3]
    assert arrays.places(at).to_pylist() == at.tolist() == arrays.fixed(arrays.places(at)).tolist()


CHECK = """
import sys
from pathlib import Path
from mltool.commands import data_drift
data_drift.write(Path("t.parquet"), Path("p.json"))
found = data_drift.judge(Path("p.json"), Path("t.parquet"), alpha=0.05, margins=data_drift.Margins())
data_drift.words(found)
print(sorted({name.partition(".")[0] for name in sys.modules} & {"pandas", "scipy", "sklearn"}))
"""


def test_neither_pandas_nor_scipy_is_loaded_to_check_for_drift(tmp_path: Path) -> None:
    numbers = [float(at % 50) for at in range(1000)]
    table = pa.table({"n": numbers, "m": [None, *numbers[1:]], "c": [str(at % 7) for at in range(1000)]})
    parquet.write_table(table, tmp_path / "t.parquet")

    done = subprocess.run((sys.executable, "-c", CHECK), cwd=tmp_path, capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
