"""Measure `mltool data check` beside the bound: the same questions asked of polars by hand, in one lazy pass.

python -m benchmarks.contract [--rows N] [--rounds N]

polars gets an environment of its own, made with uv and kept in the cache. Both read one Parquet file of 36 columns, in
turns; a ratio is of one run. With rows = 100,000,000 the file takes 15 GB, and what counts is the memory of ours.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from benchmarks import clock, environments
from benchmarks.clock import Took

POLARS: Final = ("polars==2.1.0",)
ROWS: Final = 1_000_000
NUMBERS, INTEGERS, TEXTS = 29, 4, 2
GROUP: Final = 1 << 20
"""Rows of one row group."""
WORDS: Final = tuple(f"w{number:02}" for number in range(20))
BOUND: Final = """\
import sys
import polars as pl
table = pl.scan_parquet(sys.argv[1])
key = pl.col("id")
questions = [pl.len(), key.null_count().alias("id_null"), (pl.len() - key.n_unique()).alias("id_twice")]
for name, kind in table.collect_schema().items():
    column = pl.col(name)
    if name == "id":
        continue
    questions.append(column.null_count().alias(name + "_null"))
    if kind == pl.Float64:
        odd = ~column.is_between(-10, 10) | column.is_nan() | column.is_infinite()
    elif kind == pl.String:
        odd = ~column.is_in({words!r})
    else:
        odd = ~column.is_between(0, 99)
    questions.append(odd.sum().alias(name + "_odd"))
found = table.select(questions).collect().row(0, named=True)
rows = found.pop("len")
assert rows == int(sys.argv[2]) and not any(found.values()), found
"""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one check takes, as medians: ours, that of polars, and CPU of the one by that of the other."""

    rows: int
    ours: Took
    bound: Took

    @property
    def ratio(self) -> float:
        """Return CPU seconds of ours by those of the bound."""
        return self.ours.cpu / self.bound.cpu


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.contract", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    # The mltool of the Python that runs this, not that of another environment on PATH.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    found = measure(rows=asked.rows, rounds=asked.rounds)
    for name, took in (("mltool data check", found.ours), ("polars, by hand", found.bound)):
        print(f"{name:18}  {took.cpu:.2f} CPU s  {took.wall:.2f} s  {took.memory:,.0f} MiB")
    print(f"{found.rows:,} rows × 36 columns: {found.ratio:.2f} times the CPU of the bound")


def measure(*, rows: int = ROWS, rounds: int = 5) -> Cost:
    """Return what both take, each round one after the other, after a round that does not count.

    Raises RuntimeError where one fails or does not find the table good.
    """
    python = environments.python(POLARS)
    with tempfile.TemporaryDirectory(prefix="mltool-benchmark-") as name:
        folder = Path(name)
        (folder / ".git").mkdir()
        _write(folder, rows)
        ours = ("mltool", "data", "check", "contract.yaml", "table.parquet")
        theirs = (str(python), "bound.py", "table.parquet", str(rows))
        taken = [(clock.run(ours, folder).took, clock.run(theirs, folder).took) for _ in range(rounds + 1)][1:]
    return Cost(rows=rows, ours=clock.median(one for one, _ in taken), bound=clock.median(other for _, other in taken))


def _write(folder: Path, rows: int) -> None:
    numbers = [f"x{number}" for number in range(NUMBERS)]
    integers = [f"n{number}" for number in range(INTEGERS)]
    texts = [f"t{number}" for number in range(TEXTS)]
    lines = ["columns:", "  id: {type: integer}"]
    lines += [f"  {name}: {{type: number, min: -10, max: 10}}" for name in numbers]
    lines += [f"  {name}: {{type: integer, min: 0, max: 99}}" for name in integers]
    lines += [f"  {name}: {{type: text, values: [{', '.join(WORDS)}]}}" for name in texts]
    (folder / "contract.yaml").write_text("\n".join([*lines, "key: [id]"]) + "\n")
    (folder / "bound.py").write_text(BOUND.format(words=list(WORDS)))
    random = np.random.default_rng(0)
    writer = None
    for start in range(0, rows, GROUP):
        table = _group(random, range(start, min(start + GROUP, rows)), (numbers, integers, texts))
        writer = writer or parquet.ParquetWriter(folder / "table.parquet", table.schema)
        writer.write_table(table)
    if writer:
        writer.close()


def _group(random: np.random.Generator, ids: range, names: tuple[Sequence[str], ...]) -> pa.Table:
    numbers, integers, texts = names
    words, rows = np.array(WORDS), len(ids)
    return pa.table(
        {"id": random.permutation(np.arange(ids.start, ids.stop))}
        | {name: np.clip(random.normal(size=rows), -10, 10) for name in numbers}
        | {name: random.integers(0, 100, rows) for name in integers}
        | {name: words[random.integers(0, len(words), rows)] for name in texts}
    )


if __name__ == "__main__":
    main()
