"""Groups of rows, and the weakest of them: found on one half, confirmed on the other."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from mltool.paired import grouping, ids, metrics, slices
from mltool.paired.interval import Dependence
from mltool.paired.join import Pairs
from support.paired import asked, binary, swapped

METRICS = ("accuracy", "f1", "roc_auc", "log_loss")


def grouped(random: np.random.Generator, rows: int) -> Pairs:
    """Two models of which neither is better, in rows with a column of 25 values and one of 2."""
    pairs = swapped(binary(random, rows), random.random(rows) < 0.5)
    extra = {
        "city": pa.array([f"c{code}" for code in random.integers(25, size=rows)]).dictionary_encode(),
        "kind": pa.array(random.integers(2, size=rows)),
    }
    return replace(pairs, extra=extra, keys=ids.mixed(random.integers(2**63, size=rows).astype(np.uint64)))


def broken(pairs: Pairs, rows: np.ndarray) -> Pairs:
    """The head is a coin in these rows."""
    random = np.random.default_rng(0)
    score = np.where(rows, random.random(len(pairs)), pairs.head_scores[""])
    return replace(pairs, head=(score > 0.5).astype(np.intp), head_scores={"": score}, known={})


def weakest(pairs: Pairs, key: str, **how: object) -> tuple[slices.Difference, ...]:
    metric = next(metrics.candidates(key, pairs))
    return slices.weakest(pairs, metric, ("city", "kind"), asked(**how), name=key)  # type: ignore[arg-type]


@pytest.mark.parametrize("key", METRICS)
def test_the_group_that_lost_is_found(key: str) -> None:
    pairs = grouped(np.random.default_rng(1), 20_000)
    lost = grouping.by("city", pairs.extra)

    found = weakest(broken(pairs, lost.codes == lost.names.index("c7")), key, sign=-1.0 if key == "log_loss" else 1.0)

    assert "city=c7" in [part.slice for part in found]
    for part in found:  # half of the other column's groups have rows of it, and so lost too
        assert part.delta < 0
        assert part.p_worse is not None
        assert part.p_worse <= 0.05
        assert part.notes == (slices.FOUND,)


def test_a_group_of_two_columns_is_found() -> None:
    pairs = grouped(np.random.default_rng(2), 20_000)
    lost = grouping.by("city & kind", pairs.extra)

    found = weakest(broken(pairs, lost.codes == lost.names.index("c7 & 1")), "accuracy")

    assert found[0].slice == "city & kind=c7 & 1"


def test_where_nothing_is_lost_a_group_is_named_no_more_often_than_alpha() -> None:
    random = np.random.default_rng(3)
    named = sum(bool(weakest(grouped(random, 4000), "accuracy")) for _ in range(200))

    assert named <= 200 * 0.05 + 3 * np.sqrt(200 * 0.05 * 0.95)


def test_the_same_rows_in_another_order_give_the_same_groups() -> None:
    pairs = grouped(np.random.default_rng(4), 8000)
    pairs = broken(pairs, grouping.by("city", pairs.extra).codes < 3)
    order = np.random.default_rng(5).permutation(8000)

    one, other = weakest(pairs, "accuracy"), weakest(pairs.at(order), "accuracy")

    assert one == other
    assert one


def test_rows_of_one_cluster_are_in_one_half() -> None:
    pairs = grouped(np.random.default_rng(6), 4000)
    groups = np.repeat(np.arange(400), 10)

    first = slices._half(pairs, asked(dependence=Dependence(groups=groups)))

    assert set(np.bincount(groups, weights=first)) == {0.0, 10.0}
    assert weakest(pairs, "accuracy", dependence=Dependence(groups=groups)) == ()


def test_missing_values_are_a_group_and_whole_numbers_have_no_point() -> None:
    extra = {"size": pa.array([1.0, None, 2.5, 1.0]), "name": pa.array(["x", None, "(missing)", "y"])}

    size, name = grouping.by("size", extra), grouping.by("name", extra)

    assert [size.names[code] for code in size.codes] == ["1", "(missing)", "2.5", "1"]
    assert [name.names[code] for code in name.codes] == ["x", "(missing)", "(missing)", "y"]


def test_a_number_with_many_values_is_cut_at_its_quartiles() -> None:
    random = np.random.default_rng(7)
    pairs = grouped(random, 8000)
    age = random.uniform(0, 100, 8000)
    pairs = replace(pairs, extra={"age": pa.array(age)})
    pairs = broken(pairs, age > np.quantile(age, 0.75))

    metric = next(metrics.candidates("accuracy", pairs))
    found = slices.weakest(pairs, metric, ("age",), asked(), name="accuracy")

    assert [part.slice.startswith("age=7") and part.slice.endswith("…") for part in found] == [True]


def test_groups_too_small_to_be_seen_on_both_halves_are_not_looked_at() -> None:
    pairs = grouped(np.random.default_rng(8), 1000)  # 40 rows a city

    assert weakest(broken(pairs, grouping.by("city", pairs.extra).codes == 0), "accuracy") == ()
