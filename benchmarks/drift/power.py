"""How often the rule calls a shift that is there, and one that is not: a profile of 5,000 rows, thirty columns."""

from collections.abc import Iterator
from contextlib import contextmanager
from statistics import NormalDist
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from benchmarks.drift.figures import Power
from mltool.data import drift, profile
from mltool.data.drift import Margins
from mltool.data.profile import Profile
from mltool.data.profile_source import Source

DRAWS: Final = 1_000
ALPHA: Final = 0.05
KNOWN: Final = 5_000
COLUMNS: Final = 30
ROWS: Final = (200, 500, 1_000, 5_000)
SHIFT: Final = 0.5
"""Standard deviations by which one column is shifted."""
EDGE: Final = 2 * NormalDist().inv_cdf(0.5 + Margins().distance / 2)
"""The shift of a normal whose distance is the margin: the largest that must not be called."""

Values = NDArray[np.float64]


def measure(draws: int) -> tuple[Power, ...]:
    """Return the shares over so many draws of a profile and of tables of each size."""
    random = np.random.default_rng(5)
    counted = {rows: np.zeros(3, int) for rows in ROWS}
    for _ in range(draws):
        with _table(random.standard_normal((KNOWN, COLUMNS))) as source:
            known = profile.make(source)
        for rows in ROWS:
            values = random.standard_normal((rows, COLUMNS))
            one = np.eye(1, COLUMNS)[0] * SHIFT
            counted[rows] += [
                "n0" in called(known, values + one),
                bool(called(known, values)),
                bool(called(known, values + EDGE)),
            ]
    return tuple(
        Power(rows=rows, draws=draws, seen=int(seen), unchanged=int(unchanged), edge=int(edge))
        for rows, (seen, unchanged, edge) in counted.items()
    )


def called(known: Profile, values: Values) -> set[str]:
    """Return the columns that are called for any effect, of a table of shape (rows, columns)."""
    with _table(values) as source:
        found = drift.judge(known, source, alpha=ALPHA)
    return {name for item in found.findings if item.state == "drifted" for name in item.columns}


@contextmanager
def _table(values: Values) -> Iterator[Source]:
    """Yield a table in memory."""
    columns = {f"n{at}": column for at, column in enumerate(values.T)}
    buffer = pa.BufferOutputStream()
    parquet.write_table(pa.table(columns), buffer, use_dictionary=False, compression="none")
    with parquet.ParquetFile(pa.BufferReader(buffer.getvalue())) as file:
        yield Source(
            name="made",
            rows=len(values),
            columns=dict.fromkeys(columns, "numbers"),
            types=dict.fromkeys(columns, "double"),
            file=file,
        )
