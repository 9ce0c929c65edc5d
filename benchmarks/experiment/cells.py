"""The cells of the experiment: which metric on which data, how many rows, what changed; and counting what was said."""

import json
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.experiment import pools, pulls
from benchmarks.experiment.pools import CHANGES, Pool
from benchmarks.experiment.pulls import GATE, NONE, RULES
from mltool.paired import compare, metrics
from mltool.paired.join import Pairs

FILE: Final = Path(__file__).with_name("results.json")
PULLS: Final = 500
OFTENER, FEW = 4, 1_000
"""With so few rows a pull request costs little, and where nothing changes so many times as many are simulated: whether
one in twenty is blocked shows late."""
SIZES: Final = (100, 1_000, 10_000, 100_000)
METRICS: Final = {
    "late flights": ("accuracy", "f1", "roc_auc"),
    "minutes late": ("rmse",),
    "written digits": ("accuracy", "f1_macro"),
}
"""Keys as they stand in a metrics file."""
KINDS: Final = ("rows", "clusters", "slices")


@dataclass(frozen=True, kw_only=True)
class Draw:
    """How test sets are drawn."""

    data: str
    rows: int
    change: str
    sliced: bool = False
    clustered: bool = False

    @property
    def kind(self) -> str:
        """Return which of KINDS it is."""
        return "slices" if self.sliced else "clusters" if self.clustered else "rows"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """So many pull requests of one kind: how many each rule blocked, left undecided, and blocked for a slice.

    `drop` is the true change for the worse, as a share of the metric of the base.
    """

    draw: Draw
    metric: str
    drop: float
    pulls: int
    blocked: dict[str, int] = field(default_factory=dict)
    undecided: dict[str, int] = field(default_factory=dict)
    slice_blocked: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Results:
    """One run; `seconds` are of CPU."""

    seconds: float
    cells: tuple[Cell, ...]


def draws() -> Iterator[Draw]:
    """Yield every kind of test set."""
    for data in ("late flights", "minutes late"):
        for rows in SIZES:
            yield from (Draw(data=data, rows=rows, change=change) for change in (NONE, *CHANGES))
        for rows in (1_000, 10_000):
            yield from (Draw(data=data, rows=rows, change=change, clustered=True) for change in (NONE, "medium"))
        yield from (Draw(data=data, rows=10_000, change=change, sliced=True) for change in (NONE, "medium"))
    for rows in SIZES[:2]:
        yield from (Draw(data="written digits", rows=rows, change=change) for change in (NONE, "medium"))


def measure(count: int = PULLS, only: Collection[str] = KINDS) -> Results:
    """Return what every rule says of `count` pull requests a cell, in the cells of these kinds."""
    start = time.process_time()
    made = {pool.name: pool for pool in (*pools.flights(), pools.digits())}
    found = []
    for number, draw in enumerate(draws()):
        if draw.kind not in only:
            continue
        times = OFTENER if draw.change == NONE and draw.rows <= FEW else 1
        found += _cells(made[draw.data], draw, count * times, np.random.default_rng([pools.SEED, number]))
        print(f"{time.process_time() - start:6.0f} s  {draw}", flush=True)
    return Results(seconds=time.process_time() - start, cells=tuple(found))


def _cells(pool: Pool, draw: Draw, count: int, random: np.random.Generator) -> list[Cell]:
    keys = METRICS[draw.data]
    said: dict[str, list[dict[str, pulls.Said]]] = {key: [] for key in keys}
    for _ in range(count):
        test = pulls.draw(pool, draw.change, draw.rows, random, clustered=draw.clustered, sliced=draw.sliced)
        for key in keys:
            said[key].append(pulls.judge(test, _metric(key, test.pairs), key=key, random=random))
    return [_cell(draw, key, _drop(pool, draw.change, key), said[key]) for key in keys]


def _cell(draw: Draw, key: str, drop: float, said: Sequence[dict[str, pulls.Said]]) -> Cell:
    return Cell(
        draw=draw,
        metric=key,
        drop=drop,
        pulls=len(said),
        blocked={rule: sum(each[rule].blocked for each in said) for rule in RULES},
        undecided={rule: sum(each[rule].undecided for each in said) for rule in RULES if rule.startswith(GATE)},
        slice_blocked={rule: sum(each[rule].slice_blocked for each in said) for rule in RULES} if draw.sliced else {},
    )


def _metric(key: str, pairs: Pairs) -> metrics.Metric:
    return next(metrics.candidates(key, pairs))


def _drop(pool: Pool, change: str, key: str) -> float:
    """Return the true change for the worse on the whole pool, as a share of the base."""
    if change == NONE:
        return 0.0
    every = np.arange(len(pool.truth))
    pairs = pulls.paired(pool, every, pool.base, pool.worse[change])
    base, head = compare.values(_metric(key, pairs), pairs)
    return abs(head - base) / abs(base)


def write(found: Results, path: Path = FILE) -> None:
    """Write the results as JSON, a cell a line."""
    lines = ",\n".join("  " + json.dumps(_rounded(asdict(cell))) for cell in found.cells)
    path.write_text(f'{{"seconds": {found.seconds:.0f}, "cells": [\n{lines}\n]}}\n')


def load(path: Path = FILE) -> Results:
    """Return the results in a file."""
    found = json.loads(path.read_text())
    cells = tuple(Cell(**(cell | {"draw": Draw(**cell["draw"])})) for cell in found["cells"])
    return Results(seconds=found["seconds"], cells=cells)


def _rounded(cell: dict[str, object]) -> dict[str, object]:
    return cell | {"drop": round(float(str(cell["drop"])), 4)}
