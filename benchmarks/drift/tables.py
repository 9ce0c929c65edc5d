"""The tables: a large pair to be timed on, and scenarios of which it is known whether something drifted."""

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.random import Generator
from pyarrow import parquet

ROWS: Final = 1_000_000
NUMBERS: Final = 30
CATEGORIES: Final = (5, 20, 100, 1_000, 10_000)
MOVED: Final = (0, 7, 13)
"""Columns of the large pair whose numbers are spread by 5 % and moved by a tenth of a standard deviation."""

SIDES: Final = ("old", "new")

Columns = Mapping[str, Any]
Made = Callable[[Generator], tuple[Columns, Columns]]


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Two tables made by `make`, drawn `draws` times; `drifts` says which columns differ: none must be called else."""

    key: str
    words: str
    drifts: tuple[str, ...]
    draws: int
    make: Made


def write_large(folder: Path, *, rows: int = ROWS) -> None:
    """Write the large pair, a table of some 215 MB each."""
    for at, side in enumerate(SIDES):
        parquet.write_table(_large(np.random.default_rng(at), rows, moved=bool(at)), folder / f"{side}.parquet")


def _large(random: Generator, rows: int, *, moved: bool) -> pa.Table:
    columns: dict[str, Any] = {}
    for at in range(NUMBERS):
        values = random.standard_normal(rows)
        columns[f"n{at:02}"] = values * 1.05 + 0.1 if moved and at in MOVED else values
    for at, count in enumerate(CATEGORIES):
        drawn = random.zipf(1.5, rows) % count
        if moved and at == 1:
            drawn = np.where(random.random(rows) < 0.1, count - 1 - drawn, drawn)
        columns[f"c{at}"] = pa.array(drawn).cast(pa.string())
    return pa.table(columns)


def write(scenario: Scenario, folder: Path) -> Iterator[tuple[Path, Path]]:
    """Write the pairs of a scenario, the same ones each time, and yield where."""
    folder.mkdir(parents=True, exist_ok=True)
    for draw in range(scenario.draws):
        pair = []
        for name, columns in zip(SIDES, scenario.make(_random(scenario, draw)), strict=True):
            pair.append(folder / f"{scenario.key}-{draw}-{name}.parquet")
            parquet.write_table(pa.table(dict(columns)), pair[-1])
        yield pair[0], pair[1]


def _random(scenario: Scenario, draw: int) -> Generator:
    return np.random.default_rng([draw, *scenario.key.encode()])


def _normals(random: Generator, rows: int, columns: int = 30, shift: float = 0) -> dict[str, Any]:
    return {f"n{at:02}": random.normal(shift, 1, rows) for at in range(columns)}


def _unchanged(rows: int) -> Made:
    return lambda random: (_normals(random, 5000), _normals(random, rows))


def _shifted(rows: int, shift: float) -> Made:
    return lambda random: (_normals(random, rows, 1), _normals(random, rows, 1, shift))


def _outlier(shift: float) -> Made:
    return lambda random: (
        {"n00": np.append(random.standard_normal(4999), 1e6)},
        {"n00": random.normal(shift, 1, 5000)},
    )


def _missing(random: Generator) -> tuple[Columns, Columns]:
    new = random.standard_normal(5000)
    new[random.random(5000) < 0.3] = np.nan
    return _normals(random, 5000, 1), {"n00": new}


def _many(random: Generator) -> tuple[Columns, Columns]:
    old, new = ({"c": random.integers(0, 10_000, 50_000).astype(str)} for _ in range(2))
    return old, new


def _turned(random: Generator) -> tuple[Columns, Columns]:
    sides = []
    for rho in (0.9, -0.9):
        first, noise = random.standard_normal((2, 5000))
        sides.append({"a": first, "b": rho * first + np.sqrt(1 - rho**2) * noise})
    return sides[0], sides[1]


def _new_category(random: Generator) -> tuple[Columns, Columns]:
    old, new = (random.choice(list("abcde"), 5000) for _ in range(2))
    return {"c": old}, {"c": np.where(random.random(5000) < 0.02, "z", new)}


SCENARIOS: Final = (
    Scenario(key="s1", words="no change, 200 rows, 30 columns", drifts=(), draws=5, make=_unchanged(200)),
    Scenario(key="s2", words="no change, 5,000 rows, 30 columns", drifts=(), draws=3, make=_unchanged(5000)),
    Scenario(key="s3", words="a shift of one standard deviation", drifts=("n00",), draws=3, make=_shifted(5000, 1)),
    Scenario(key="s4", words="the same, and one value of 10⁶ before", drifts=("n00",), draws=3, make=_outlier(1)),
    Scenario(key="s4b", words="that one value alone, no shift", drifts=(), draws=3, make=_outlier(0)),
    Scenario(key="s5", words="30 % of the values go missing", drifts=("n00",), draws=3, make=_missing),
    Scenario(key="s6", words="no change of 10,000 categories", drifts=(), draws=3, make=_many),
    Scenario(key="s7", words="a correlation of 0.9 turns to −0.9", drifts=("a", "b"), draws=3, make=_turned),
    Scenario(key="s8", words="a new category, 2 % of rows", drifts=("c",), draws=3, make=_new_category),
    Scenario(key="s9", words="a shift of 0.01 sd, 1,000,000 rows", drifts=(), draws=1, make=_shifted(1_000_000, 0.01)),
)


if __name__ == "__main__":
    write_large(Path(sys.argv[1]), rows=int(sys.argv[2]))
