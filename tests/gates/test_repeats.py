"""A metric with several values, one a training: told apart, put together, and compared over the seeds alone."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from scipy import stats

from mltool.config import Gate
from mltool.gates import repeats, rules
from mltool.gates.difference import Difference
from mltool.gates.rules import Settings
from mltool.snapshot.model import Problem, Values

BEFORE = (0.90, 0.91, 0.905, 0.895, 0.9)
AFTER = (0.88, 0.9, 0.87, 0.893, 0.885)


def rule(metric: str = "m.json:accuracy", **more: Any) -> Settings:
    return rules.settings("a", Gate(metric=metric, tolerance=0.01, **more))


def named(values: Sequence[float], names: str = "abcdefgh") -> Mapping[str, float]:
    return dict(zip(names, values, strict=False))


def compare(before: Mapping[str, float], after: Mapping[str, float], **more: Any) -> Difference:
    found = repeats.difference(rule(**more), before, after)
    assert isinstance(found, Difference), found
    return found


def files(**values: Mapping[str, Any]) -> dict[str, Values]:
    return {f"metrics/{name}.json": Values(path=f"metrics/{name}.json", values=each) for name, each in values.items()}


@pytest.mark.parametrize("direction", ["higher", "lower"])
@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_seeds_of_the_same_names_are_compared_by_the_paired_t_test(direction: str, alpha: float) -> None:
    found = compare(named(BEFORE), named(AFTER), direction=direction, alpha=alpha)
    turned = (AFTER, BEFORE) if direction == "higher" else (BEFORE, AFTER)
    test = stats.ttest_rel(*turned, alternative="less")
    ends = stats.ttest_rel(*turned).confidence_interval(1 - 2 * alpha)
    assert found.method == repeats.PAIRED
    assert found.p_worse == pytest.approx(test.pvalue)
    assert (found.low, found.high) == pytest.approx((ends.low, ends.high))


def test_seeds_are_matched_by_name_whatever_their_order() -> None:
    turned = dict(reversed(list(named(AFTER).items())))
    assert compare(named(BEFORE), turned) == compare(named(BEFORE), named(AFTER))


def test_seeds_of_other_names_are_compared_by_welchs_test() -> None:
    before, after = BEFORE[:3], AFTER
    found = compare(named(before), named(after, "vwxyz"))
    test = stats.ttest_ind(after, before, equal_var=False, alternative="less")
    ends = stats.ttest_ind(after, before, equal_var=False).confidence_interval(0.9)
    assert found.method == repeats.WELCH
    # The degrees of freedom are rounded down, which is never the less careful.
    assert test.pvalue <= found.p_worse <= 1.3 * test.pvalue
    assert found.low <= ends.low
    assert found.high >= ends.high
    assert found.rows == found.repeats == 3


def test_few_repeats_and_equal_ones_give_a_reason() -> None:
    assert "there are 2 values at the base and 5 here" in str(
        repeats.difference(rule(), named(BEFORE[:2]), named(AFTER))
    )
    same = named((0.9, 0.9, 0.9))
    assert repeats.difference(rule(), same, named((0.8, 0.8, 0.8))) == (
        "all repeats have the same value, so they are none"
    )


def test_a_pattern_in_the_path_takes_a_value_of_each_file() -> None:
    tables = files(**{"seed-1": {"accuracy": 0.8}, "seed-2": {"accuracy": 1}, "other": {"accuracy": 0.1}})
    found = repeats.of(rule("metrics/seed-*.json:accuracy"), tables)
    assert found.values == {"1": 0.8, "2": 1.0}
    assert found.file is not None
    assert found.file.values == {"accuracy": 0.9}
    assert found.seen == ("metrics/seed-1.json:accuracy", "metrics/seed-2.json:accuracy")


def test_a_pattern_in_the_key_takes_several_values_of_one_file() -> None:
    table = Values(path="m.json", values={"one.accuracy": 0.7, "two.accuracy": 0.9, "two.deep.accuracy": 0.1})
    found = repeats.of(rule("m.json:*.accuracy"), {"m.json": table})
    assert found.values == {"one": 0.7, "two": 0.9}


@pytest.mark.parametrize("broken", [None, True, "0.9", float("nan"), float("inf")])
def test_a_repeat_without_a_number_is_a_problem_and_not_left_out(broken: object) -> None:
    tables = files(**{"seed-1": {"accuracy": 0.8}, "seed-2": {"accuracy": broken}})
    found = repeats.of(rule("metrics/seed-*.json:accuracy"), tables)
    assert found.file is not None
    assert found.file.problem is not None
    assert "metrics/seed-2.json has no finite number `accuracy`" in found.file.problem.sentence
    assert not found.values


def test_a_file_that_cannot_be_read_is_a_problem() -> None:
    problem = Problem(path="metrics/seed-2.json", kind="unreadable", sentence="It is no JSON.")
    tables = files(**{"seed-1": {"accuracy": 0.8}})
    tables["metrics/seed-2.json"] = Values(path="metrics/seed-2.json", values={}, problem=problem)
    found = repeats.of(rule("metrics/seed-*.json:accuracy"), tables)
    assert found.file is not None
    assert found.file.problem is problem


def test_no_repeat_at_all_is_an_absent_file() -> None:
    assert repeats.of(rule("metrics/seed-*.json:accuracy"), {}).file is None


@pytest.mark.parametrize(
    ("pattern", "text", "name"),
    [
        ("m/seed-*.json", "m/seed-12.json", "12"),
        ("m/seed-?.json", "m/seed-12.json", None),
        ("m/*/*.json", "m/a/b.json", "a-b"),
        ("m/*.json", "m/a/b.json", None),
        ("m/[a]*.json", "m/[a]b.json", "b"),
        ("m/[a]*.json", "m/ab.json", None),
    ],
)
def test_a_pattern_stands_for_one_part_and_is_no_regular_expression(pattern: str, text: str, name: str | None) -> None:
    assert repeats.matched(pattern, text, between="/") == name
