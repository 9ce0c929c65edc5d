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
from mltool.data import drift, drift_bounds, profile
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
    """Return what is called in so many draws of a profile and a table of each size, and in half as many unchanged."""
    random = np.random.default_rng(5)
    counted = {rows: np.zeros(3, int) for rows in ROWS}
    for draw in range(draws):
        with _table(random.standard_normal((KNOWN, COLUMNS))) as source:
            known = profile.make(source)
        for rows in ROWS:
            values = random.standard_normal((rows, COLUMNS))
            quiet = draw % 2 == 0 and called(known, values)
            moved = shapes(known, values + EDGE)
            counted[rows] += [shapes(known, values[:, :1] + SHIFT), moved, quiet]
    return tuple(
        Power(rows=rows, draws=draws, seen=int(seen), edge=int(edge), quiet=(draws + 1) // 2, false=int(false))
        for rows, (seen, edge, false) in counted.items()
    )


def called(known: Profile, values: Values) -> bool:
    """Return whether anything is called in a table of shape (rows, columns)."""
    with _table(values) as source:
        return drift.judge(known, source, alpha=ALPHA).state == "drifted"


def shapes(known: Profile, values: Values) -> bool:
    """Return whether the distribution of any column is called: all that a shift can change, and much sooner told."""
    level = drift.levels(known, ALPHA)["shape"]
    return any(
        old.numbers is not None and drift_bounds.shape(old.numbers, [column], level).low > Margins().distance
        for old, column in zip(known.columns, values.T, strict=False)
    )


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
