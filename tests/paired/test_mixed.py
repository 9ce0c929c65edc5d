"""Several trainings on the same rows: the variance of their mean, and how often equal code is called worse."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from mltool.paired import means, mixed
from mltool.paired.interval import Asked
from mltool.paired.mixed import Found, Repeat

Table = NDArray[np.float64]


def asked(sign: float = 1.0, alpha: float = 0.05) -> Asked:
    return Asked(alpha=alpha, sign=sign, random=np.random.default_rng(0))


def repeats(table: Table, names: str = "") -> tuple[Repeat, ...]:
    """Return a repeat a row of `table`, shape (seeds, rows), whose metric is its mean."""
    called = names or "abcdefghijklmnop"
    return tuple(
        Repeat(name=name, value=float(moves.mean()), moves=moves)
        for name, moves in zip(called, table, strict=len(called) == len(table))
    )


def compare(base: Table, head: Table, *, names: tuple[str, str] = ("", ""), sign: float = 1.0) -> Found:
    return mixed.interval(repeats(base, names[0]), repeats(head, names[1]), means.error, asked(sign))


def drawn(seed: int, seeds: int = 5, rows: int = 200, *, of_seeds: float = 0.3, of_rows: float = 1.0) -> Table:
    """Return a table in which seeds, rows, and each seed on each row have effects of their own."""
    random = np.random.default_rng(seed)
    table = random.normal(size=(seeds, rows))
    return table + of_seeds * random.normal(size=(seeds, 1)) + of_rows * random.normal(size=(1, rows))


def squares(table: Table) -> tuple[float, float, float]:
    """Return the mean squares of rows, of seeds and of the rest, of a two-way table without replication."""
    seeds, rows = table.shape
    of_rows, of_seeds, middle = table.mean(0), table.mean(1), table.mean()
    rest = table - of_rows - of_seeds[:, None] + middle
    return (
        seeds * float(((of_rows - middle) ** 2).sum()) / (rows - 1),
        rows * float(((of_seeds - middle) ** 2).sum()) / (seeds - 1),
        float((rest**2).sum()) / ((rows - 1) * (seeds - 1)),
    )


@pytest.mark.parametrize(("seeds", "rows", "of_seeds"), [(3, 40, 1.0), (5, 200, 0.3), (10, 31, 2.0)])
def test_the_error_is_that_of_a_two_way_analysis_of_variance(seeds: int, rows: int, of_seeds: float) -> None:
    base, head = drawn(1, seeds, rows, of_seeds=of_seeds), drawn(2, seeds, rows, of_seeds=of_seeds)
    of_rows, of_both, rest = squares(head - base)
    assert of_both > rest  # else the seeds add nothing, which another test is about
    variance = (of_rows + of_both - rest) / (seeds * rows)
    shares = ((of_rows, rows - 1), (of_both, seeds - 1))
    freedom = variance**2 / sum((each / (seeds * rows)) ** 2 / free for each, free in shares)
    low, high = stats.t.interval(0.9, freedom, loc=(head - base).mean(), scale=math.sqrt(variance))
    found = compare(base, head)
    assert (found.interval.low, found.interval.high) == pytest.approx((low, high))
    assert found.interval.p_worse == pytest.approx(stats.t.cdf((head - base).mean() / math.sqrt(variance), freedom))
    assert found.seeds == pytest.approx((of_both - rest) / (of_rows + of_both - rest))


def test_seeds_that_add_nothing_leave_the_error_of_the_rows() -> None:
    base = np.tile(drawn(1)[0], (4, 1))
    head = base + 0.1 * np.random.default_rng(3).normal(size=base.shape[1])
    found = compare(base, head)
    assert found.seeds == 0.0
    assert found.interval.error == pytest.approx(means.error((head - base)[0])[0])


def test_rows_that_add_nothing_leave_the_t_interval_of_the_seeds() -> None:
    values = np.array([0.01, 0.03, 0.02, 0.05])
    head = np.tile(values[:, None], (1, 50))
    found = compare(np.zeros((4, 50)), head)
    low, high = stats.t.interval(0.9, 3, loc=values.mean(), scale=stats.sem(values))
    assert (found.interval.low, found.interval.high) == pytest.approx((low, high))
    assert found.seeds == pytest.approx(1.0)


def test_seeds_of_other_names_add_up_as_two_samples_do() -> None:
    base, head = drawn(1, 4, of_seeds=1.0), drawn(2, 6, of_seeds=1.0)
    parts = [squares(table) for table in (base, head)]
    of_rows = float(np.var(head.mean(0) - base.mean(0), ddof=1)) / base.shape[1]
    of_seeds = sum((part[1] - part[2]) / table.size for part, table in zip(parts, (base, head), strict=True))
    found = compare(base, head, names=("abcd", "uvwxyz"))
    assert found.interval.error == pytest.approx(math.sqrt(of_rows + of_seeds))


def test_repeats_are_matched_by_name_whatever_their_order() -> None:
    base, head = drawn(1), drawn(2)
    one = compare(base, head, names=("abcde", "abcde")).interval
    other = compare(base, head[::-1], names=("abcde", "edcba")).interval
    assert (one.low, one.high, one.error) == pytest.approx((other.low, other.high, other.error))


@pytest.mark.parametrize("names", [("", ""), ("abcde", "vwxyz")])
def test_a_comparison_the_other_way_round_is_its_mirror(names: tuple[str, str]) -> None:
    base, head = drawn(1), drawn(2) + 0.1
    one, other = compare(base, head, names=names).interval, compare(head, base, names=names[::-1]).interval
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low))
    turned = compare(base, head, names=names, sign=-1.0).interval
    assert (turned.low, turned.high) == pytest.approx((other.low, other.high))


@pytest.mark.parametrize(("before", "after"), [(1, 1), (2, 5), (5, 2)])
def test_fewer_than_three_repeats_are_compared_by_their_rows(before: int, after: int) -> None:
    base, head = drawn(1, before), drawn(2, after)
    found = compare(base, head)
    assert found.interval.method == mixed.ROWS_ONLY
    assert found.interval.error == pytest.approx(means.error(head.mean(0) - base.mean(0))[0])


def test_one_row_says_nothing() -> None:
    found = compare(drawn(1, rows=1), drawn(2, rows=1))
    assert (found.interval.low, found.interval.high) == (-math.inf, math.inf)
    assert found.smallest_drop == math.inf


def right(random: np.random.Generator, *, seeds: int, rows: int, easy: Table, of_seeds: float) -> Table:
    """Return which rows each training gets right: some are easy for all, and some trainings are better on all."""
    effects = of_seeds * random.normal(size=(seeds, 1)) + random.normal(size=(seeds, rows))
    return (easy + effects > 0).astype(np.float64)


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [3, 5])
@pytest.mark.parametrize("of_seeds", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("names", ["abcde", "vwxyz"], ids=["paired", "independent"])
def test_code_that_is_as_good_is_called_worse_as_often_as_asked(seeds: int, of_seeds: float, names: str) -> None:
    random, draws, worse, better = np.random.default_rng(seeds), 2_000, 0, 0
    for _ in range(draws):
        easy = random.normal(1.5, 1.5, 300)
        base, head = (right(random, seeds=seeds, rows=300, easy=easy, of_seeds=of_seeds) for _ in range(2))
        found = compare(base, head, names=("abcde"[:seeds], names[:seeds])).interval
        worse, better = worse + (found.high < 0), better + (found.low > 0)
    # Four standard errors of a share of 5 % in so many draws; without variance of seeds the answer is careful.
    assert max(worse, better) / draws <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / draws)
    assert min(worse, better) / draws >= 0.01
