"""The gate on one metric."""

import math
from typing import Any

import pytest

from mltool.config import Gate
from mltool.errors import UserError
from mltool.gates import metric, rules
from mltool.gates.grounds import Grounds
from mltool.gates.verdict import Outcome, Verdict
from mltool.snapshot.model import Leaf, Problem, Values

ABSENT = object()


def file(value: Any) -> Values | None:
    return None if value is ABSENT else Values(path="metrics.json", values={"accuracy": value, "auc": 0.5})


def judge(base: Leaf | object, head: Leaf | object, **gate: Any) -> Verdict:
    rule = rules.settings("accuracy", Gate(metric="metrics.json:accuracy", **gate))
    return metric.judge(rule, base=file(base), head=file(head))


@pytest.mark.parametrize(
    ("base", "head", "gate", "outcome", "trend"),
    [
        (0.9, 0.9, {}, Outcome.PASS, "same"),
        (0.9, 0.91, {}, Outcome.PASS, "better"),
        (0.9, 0.8999, {}, Outcome.FAIL, "worse"),
        (0.905, 0.9, {"tolerance": 0.005}, Outcome.PASS, "worse"),
        (0.905, 0.8999, {"tolerance": 0.005}, Outcome.FAIL, "worse"),
        (200, 198, {"tolerance": "1%"}, Outcome.PASS, "worse"),
        (200, 197.9, {"tolerance": "1 %"}, Outcome.FAIL, "worse"),
        (-200, -202, {"tolerance": "1%"}, Outcome.PASS, "worse"),
        (0.2, 0.3, {"direction": "lower"}, Outcome.FAIL, "worse"),
        (0.3, 0.2, {"direction": "lower"}, Outcome.PASS, "better"),
        (0.9, 0.92, {"floor": 0.95}, Outcome.FAIL, "unknown"),
        (0.9, 0.96, {"floor": 0.95}, Outcome.PASS, "better"),
        (0.9, 0.8, {"direction": "lower", "ceiling": 0.7}, Outcome.FAIL, "unknown"),
        (0, 1, {}, Outcome.PASS, "better"),
    ],
)
def test_a_metric_may_fall_by_its_tolerance_and_no_further(
    base: float, head: float, gate: dict[str, Any], outcome: Outcome, trend: str
) -> None:
    verdict = judge(base, head, **gate)
    assert (verdict.outcome, verdict.trend) == (outcome, trend)
    assert verdict.delta == pytest.approx(head - base)
    assert verdict.test == "tolerance"


@pytest.mark.parametrize("head", [math.nan, math.inf, 10**400, "0.9", None, True, (0.9,)])
def test_a_head_that_is_no_finite_number_fails_and_names_the_file(head: Leaf) -> None:
    verdict = judge(0.9, head)
    assert verdict.outcome is Outcome.FAIL
    assert "metrics.json" in verdict.sentence
    assert "not a finite number" in verdict.sentence


def test_a_missing_metric_fails_and_suggests_the_nearest_name() -> None:
    rule = rules.settings("accuracy", Gate(metric="metrics.json:acuracy", direction="higher"))
    verdict = metric.judge(rule, base=None, head=file(0.9))
    assert verdict.outcome is Outcome.FAIL
    assert verdict.sentence == "metrics.json has no `acuracy`. Did you mean `accuracy`?"


def test_a_missing_file_fails() -> None:
    verdict = judge(0.9, ABSENT)
    assert verdict.outcome is Outcome.FAIL
    assert verdict.sentence == (
        "metrics.json is not a metrics file of this revision, so `accuracy` cannot be judged. "
        "List it under `metrics` in dvc.yaml, or mend the path in mltool.toml."
    )


def test_an_unreadable_file_fails_with_its_line() -> None:
    problem = Problem(path="metrics.json", kind="unreadable", line=3, sentence="this is not JSON.")
    rule = rules.settings("accuracy", Gate(metric="metrics.json:accuracy"))
    verdict = metric.judge(rule, base=None, head=Values(path="metrics.json", values={}, problem=problem))
    assert verdict.outcome is Outcome.FAIL
    assert verdict.sentence == "metrics.json: line 3: this is not JSON."


@pytest.mark.parametrize("base", [ABSENT])
def test_no_baseline_yet_is_a_skip_with_a_sentence(base: object) -> None:
    verdict = judge(base, 0.9)
    assert (verdict.outcome, verdict.sentence) == (Outcome.SKIP, "accuracy is 0.9; there is no baseline yet.")


def test_a_floor_judges_even_without_a_baseline() -> None:
    assert judge(ABSENT, 0.9, floor=0.8).outcome is Outcome.PASS
    assert judge(ABSENT, 0.7, floor=0.8).outcome is Outcome.FAIL


def test_a_base_that_cannot_be_read_is_undecided_and_never_a_pass() -> None:
    problem = Problem(path="metrics.json", kind="unreadable", sentence="metrics.json is not JSON.")
    rule = rules.settings("accuracy", Gate(metric="metrics.json:accuracy"))
    broken = Values(path="metrics.json", values={}, problem=problem)
    assert metric.judge(rule, base=broken, head=file(0.9)).outcome is Outcome.UNDECIDED
    assert judge(math.nan, 0.9).outcome is Outcome.UNDECIDED
    assert judge(math.nan, 0.9, floor=0.95).outcome is Outcome.FAIL


def test_a_range_has_a_floor_and_a_ceiling_whichever_way_is_better() -> None:
    assert judge(ABSENT, 0.999, floor=0.8, ceiling=0.99).outcome is Outcome.FAIL
    assert judge(ABSENT, 0.9, floor=0.8, ceiling=0.99, direction="lower").outcome is Outcome.PASS


def test_a_sentence_says_how_far_and_how_much_is_allowed() -> None:
    assert judge(0.9, 0.88, tolerance=0.005).sentence == "accuracy fell to 0.88 from 0.9, 0.02 worse; 0.005 is allowed."
    assert judge(0.9, 0.898, tolerance=0.005).sentence == "accuracy fell to 0.898 from 0.9, within the 0.005 allowed."


@pytest.mark.parametrize(
    ("gate", "words"),
    [
        ({"metric": "accuracy"}, "is not `path:key`"),
        ({"metric": "m.json:alpha"}, "does not say which way is better"),
        ({"metric": "m.json:acc", "tolerance": "a lot"}, "tolerance `a lot` is not a number"),
        ({"metric": "m.json:acc", "tolerance": -1}, "tolerance `-1` is not a number"),
        ({"metric": "m.json:acc", "tolerance": "nan"}, "tolerance `nan` is not a number"),
        ({"metric": "m.json:acc", "floor": math.nan}, "floor = nan is no limit"),
        ({"metric": "m.json:loss", "ceiling": math.inf}, "ceiling = inf is no limit"),
        ({"metric": "m.json:acc", "floor": 0.9, "ceiling": 0.8}, "the floor 0.9 is above the ceiling 0.8"),
        ({"metric": "m.json:rmse", "floor": 30}, "a floor alone holds back a metric where lower is better"),
        ({"metric": "m.json:acc", "ceiling": 0.9}, "a ceiling alone holds back a metric where higher is better"),
    ],
)
def test_a_gate_that_cannot_be_understood_names_itself(gate: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=r"\[gates.x\]") as caught:
        rules.settings("x", Gate(**gate))
    assert words in str(caught.value)


ROUNDS = [
    (0.7149587750294464, 0.714959, True, "same"),  # both sides predict the same, and one file rounds
    (0.2838002436053593, 0.28, True, "worse"),  # no rounding gives that: it is computed in another way
    (0.100004, 0.1, True, "same"),
    (0.100004, 0.1, False, "worse"),  # without predictions nobody knows that it is the same
    (0.2838002436, 0.2838, False, "same"),
    (0.7149587750294464, 0.714959, False, "same"),
    (1_234_567.0, 1_234_566.0, False, "worse"),  # a count is not rounded
    (0.0, -1e-12, False, "worse"),
]


@pytest.mark.parametrize(("base", "head", "unmoved", "trend"), ROUNDS)
def test_what_differs_by_rounding_alone_is_unchanged(base: float, head: float, unmoved: bool, trend: str) -> None:  # noqa: FBT001 - a parameter of the test
    rule = rules.settings("accuracy", Gate(metric="metrics.json:accuracy"))
    found = metric.judge(rule, base=file(base), head=file(head), grounds=Grounds(unmoved=unmoved))
    assert found.trend == trend
    assert found.outcome is (Outcome.PASS if trend == "same" else Outcome.FAIL)
    assert ("is unchanged at" in found.sentence) is (trend == "same")
    assert (found.base, found.head) == (base, head)
