"""Rows drawn again, as weights: alone, in whole clusters, or in blocks of neighbours."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

POISSON = "Poisson bootstrap"
POISSON_SOURCE = "Chamandy et al. 2012, Estimating Uncertainty for Massive Data Streams"
CLUSTER = "cluster bootstrap"
CLUSTER_SOURCE = "Cameron, Gelbach and Miller 2008, doi:10.1162/rest.90.3.414"
BLOCK = "moving-block bootstrap"
BLOCK_SOURCE = "Künsch 1989, doi:10.1214/aos/1176347265"

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]


def poisson_weights(rows: int, *, draws: int, random: np.random.Generator) -> Iterator[Floats]:
    """Yield, for each draw, how often each row is taken: independent Poisson(1), so that no row is copied."""
    for _ in range(draws):
        yield random.poisson(1.0, rows).astype(np.float64)


def cluster_weights(groups: Codes, *, draws: int, random: np.random.Generator) -> Iterator[Floats]:
    """Yield weights of rows when whole groups (codes from 0) are drawn with replacement."""
    count = int(groups.max()) + 1
    for _ in range(draws):
        yield np.bincount(random.integers(count, size=count), minlength=count)[groups].astype(np.float64)


def block_weights(rows: int, *, length: int, draws: int, random: np.random.Generator) -> Iterator[Floats]:
    """Yield weights of rows, in order of time, when blocks of `length` neighbours are drawn until `rows` are there."""
    starts, needed = rows - length + 1, -(-rows // length)
    for _ in range(draws):
        begun = np.bincount(random.integers(starts, size=needed), minlength=starts)
        steps = np.zeros(rows + 1)
        steps[:starts] += begun
        steps[length:] -= begun
        yield np.cumsum(steps[:rows])
