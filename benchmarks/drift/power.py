"""How often the rule calls a shift that is there, and one that is not: a profile of 5,000 rows, thirty columns."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from itertools import combinations
from statistics import NormalDist
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from benchmarks.drift.figures import Power
from mltool.data import drift, drift_bounds, profile
from mltool.data.drift import Margins
from mltool.data.profile import Pair, Profile
from mltool.data.profile_sample import look
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
    with ProcessPoolExecutor() as pool:
        counted = sum(pool.map(counts, range(draws), chunksize=20), np.zeros((len(ROWS), 3), int))
    return tuple(
        Power(rows=rows, draws=draws, seen=int(seen), edge=int(edge), quiet=(draws + 1) // 2, false=int(false))
        for rows, (seen, edge, false) in zip(ROWS, counted, strict=True)
    )


def counts(draw: int) -> NDArray[np.int64]:
    """Return of each size whether one draw was seen, called at the edge, and falsely, which every other draw tells."""
    random = np.random.default_rng([5, draw])
    judged, told = draw % 2 == 0, []
    with table(random.standard_normal((KNOWN, COLUMNS))) as source:
        known = profile.make(source) if judged else _lean(source)
    for rows in ROWS:
        values = random.standard_normal((rows, COLUMNS))
        false = judged and called(known, values)
        told.append((shapes(known, values[:, :1] + SHIFT), shapes(known, values + EDGE), false))
    return np.array(told, int)


def _lean(source: Source) -> Profile:
    """Return a profile without correlations, which take most of the time, but with the same share of alpha for them."""
    seen = [look(source, name, None) for name in source.columns]
    pairs = tuple(Pair(left=one.name, right=other.name, rho=0, rows=KNOWN) for one, other in combinations(seen, 2))
    return Profile(rows=source.rows, columns=tuple(map(profile.column, seen)), pairs=pairs)


def called(known: Profile, values: Values) -> bool:
    """Return whether anything is called in a table of shape (rows, columns)."""
    with table(values) as source:
        return drift.judge(known, source, alpha=ALPHA).state == "drifted"


def shapes(known: Profile, values: Values) -> bool:
    """Return whether the distribution of any column is called: all that a shift can change, and much sooner told."""
    level = drift.levels(known, ALPHA)["shape"]
    return any(
        old.numbers is not None and drift_bounds.shape(old.numbers, [column], level).low > Margins().distance
        for old, column in zip(known.columns, values.T, strict=False)
    )


@contextmanager
def table(values: Values) -> Iterator[Source]:
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
