"""A verdict from a difference and its interval."""

import math
from typing import Any

import pytest

from mltool.config import Gate
from mltool.gates import accepted, interval, metric, rules
from mltool.gates.difference import Difference
from mltool.gates.grounds import Grounds
from mltool.gates.verdict import Outcome, Verdict, overall
from mltool.report import standing
from mltool.snapshot.model import Values


def difference(low: float, high: float, **more: Any) -> Difference:
    delta = more.pop("delta", (low + high) / 2)
    known: dict[str, Any] = {
        "metric": "m.json:accuracy",
        "base": 0.8,
        "head": 0.8 + delta,
        "delta": delta,
        "low": low,
        "high": high,
        "error": (high - low) / 3.29,
        "rows": 1_000,
        "method": "a method",
        "source": "a source",
        "smallest_drop": (high - low) / 3.29 * 2.486,
    }
    return Difference(**{**known, **more})


def judge(found: Difference | str, *, base: float = 0.8, head: float = 0.79, **gate: Any) -> Verdict:
    rule = rules.settings("a", Gate(metric="m.json:accuracy", **{"tolerance": 0.01, **gate}))
    sides = (Values(path="m.json", values={"accuracy": value}) for value in (base, head))
    return metric.judge(rule, base=next(sides), head=next(sides), grounds=Grounds(paired={("a", ""): found}))


@pytest.mark.parametrize(
    ("low", "high", "tolerance", "outcome"),
    [
        (-0.03, -0.02, 0.01, Outcome.FAIL),  # certain, and more than is allowed
        (-0.02, -0.001, 0.01, Outcome.FAIL),  # certain, and measured to be more than is allowed
        (-0.015, -0.001, 0.01, Outcome.UNDECIDED),  # certain, measured to be allowed, and maybe more
        (-0.009, -0.001, 0.01, Outcome.PASS),  # certain, and allowed
        (-0.009, 0.02, 0.01, Outcome.PASS),
        (0.001, 0.02, 0.0, Outcome.PASS),
        (-0.02, 0.01, 0.01, Outcome.UNDECIDED),
        (-0.001, 0.01, 0.0, Outcome.UNDECIDED),
        (-0.01, 0.01, 0.01, Outcome.UNDECIDED),  # as low as the margin is not above it
        (-math.inf, math.inf, 0.01, Outcome.UNDECIDED),
    ],
)
def test_the_interval_decides_against_the_margin(low: float, high: float, tolerance: float, outcome: Outcome) -> None:
    delta = 0.0 if math.isinf(low) else (low + high) / 2
    assert judge(difference(low, high, delta=delta), tolerance=tolerance).outcome is outcome


def test_models_that_do_equally_well_on_every_row_are_unchanged() -> None:
    found = judge(difference(-0.002, 0.002, delta=0.0, error=0.0, smallest_drop=0.0), tolerance=0)
    assert (found.outcome, found.trend) == (Outcome.PASS, "same")


def test_bounds_are_those_of_the_metric_where_lower_is_better() -> None:
    rule = rules.settings("a", Gate(metric="m.json:loss", tolerance=0.01))
    start = Verdict(gate="a", metric="m.json:loss", outcome=Outcome.SKIP, level="fail", sentence="", test="paired")
    found = interval.judge(rule, difference(-0.05, -0.03, base=0.5, head=0.54, metric="m.json:loss"), start)
    assert (found.low, found.high, found.outcome) == (0.03, 0.05, Outcome.FAIL)


def test_undecided_says_the_smallest_drop_that_shows_and_the_rows_that_would_decide() -> None:
    found = judge(difference(-0.03, 0.02))
    assert found.smallest_drop == pytest.approx(0.0378, abs=1e-4)
    assert found.rows_needed == 15_000
    assert found.sentence.endswith("The smallest drop that can be seen here is 0.0378. About 15,000 rows would decide.")


def test_a_certain_drop_that_may_be_more_than_is_allowed_is_said() -> None:
    found = judge(difference(-0.015, -0.001), head=0.792)
    assert found.outcome is Outcome.UNDECIDED
    assert found.sentence.endswith("The drop is certain and measured to be within what is allowed; it may be more.")


def test_undecided_without_a_tolerance_asks_for_one() -> None:
    found = judge(difference(-0.03, 0.02), tolerance=0)
    assert found.rows_needed is None
    assert found.sentence.endswith("say which drop would matter.")


def test_a_strict_gate_fails_what_is_undecided() -> None:
    found = rules.settings("a", Gate(metric="m.json:accuracy", fail_on="undecided"))
    assert found.strict


@pytest.mark.parametrize(("low", "high", "suspicious"), [(0.11, 0.15, True), (0.02, 0.15, False), (-0.1, 0.19, False)])
def test_an_improvement_that_surely_takes_away_half_of_what_was_wrong_is_named(
    low: float,
    high: float,
    suspicious: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    found = judge(difference(low, high), head=0.9)
    assert found.suspicious is suspicious
    assert ("leakage" in found.sentence) is suspicious


def test_a_limit_holds_whatever_the_interval_says() -> None:
    assert judge(difference(0.001, 0.02), floor=0.85).outcome is Outcome.FAIL


def test_without_a_better_test_the_tolerance_decides_and_says_why() -> None:
    found = judge("mltool cannot compute `accuracy` from predictions", head=0.7)
    assert (found.outcome, found.test) == (Outcome.FAIL, "tolerance")
    assert found.why == (
        "not paired: mltool cannot compute `accuracy` from predictions; "
        "not history: the metric moved only 0 times on the target branch, and 8 moves are needed"
    )


def test_undecided_is_no_pass_of_the_whole() -> None:
    assert overall([judge(difference(-0.03, 0.02))]) is Outcome.UNDECIDED


def test_numbers_that_machines_do_not_agree_on_are_rounded_away() -> None:
    found = judge(difference(-0.030000000000000004, 0.02))
    assert found.low == -0.03


@pytest.mark.parametrize("alpha", [0, 0.5, 1.0, -0.1])
def test_a_level_that_is_none_is_named(alpha: float) -> None:
    with pytest.raises(Exception, match="is no level"):
        rules.settings("a", Gate(metric="m.json:accuracy", alpha=alpha))


def test_a_broken_limit_fails_with_the_interval_beside_it() -> None:
    found = judge(difference(-0.09, -0.03, base=0.8, head=0.74), head=0.74, floor=0.75)
    assert (found.outcome, found.limit, found.trend) == (Outcome.FAIL, 0.75, "worse")
    assert (found.test, found.method, found.rows) == ("paired", "a method", 1_000)
    assert (found.low, found.measured, found.high) == (-0.09, -0.06, -0.03)
    assert found.sentence == (
        "accuracy is 0.74, below the floor of 0.75. accuracy fell to 0.74 from 0.8: 0.03 to 0.09 worse "
        "(90 % interval, 1,000 rows, a method); 0.01 is allowed."
    )
    assert not accepted.regressed(found)  # a limit cannot be accepted
    better = judge(difference(0.001, 0.02), floor=0.85)
    assert (better.outcome, better.trend, better.low) == (Outcome.FAIL, "unknown", 0.001)
    alone = judge("the base has no predictions.csv", floor=0.85)
    assert alone.sentence == "accuracy is 0.79, below the floor of 0.85."
    assert alone.why.startswith("not paired: the base has no predictions.csv; not history")


def test_what_is_bounded_is_the_difference_of_the_rows_that_were_compared() -> None:
    found = judge(difference(-0.0075, 0.0056, base=0.742, head=0.741, delta=-0.001), base=0.756, head=0.739)
    assert (found.base, found.head, found.delta) == (0.756, 0.739, pytest.approx(-0.017))
    assert found.measured == -0.001
    assert found.outcome is Outcome.PASS  # by the files it would be worse than allowed
    assert (found.low or 0) < (found.measured or 0) < (found.high or 0)


def test_where_lower_is_better_getting_worse_is_a_rise() -> None:
    def loss(found: Difference, **gate: Any) -> Verdict:
        rule = rules.settings("a", Gate(metric="m.json:loss", **{"tolerance": 0.01, **gate}))
        sides = [Values(path="m.json", values={"loss": value}) for value in (0.5, 0.505)]
        return metric.judge(rule, base=sides[0], head=sides[1], grounds=Grounds(paired={("a", ""): found}))

    said = [
        loss(difference(-0.03, 0.02)),
        loss(difference(-0.03, 0.02), tolerance=0),
        loss(difference(-0.015, -0.001)),
        loss(difference(-0.0105, 0.02, smallest_drop=0.001)),
    ]
    assert [found.outcome for found in said] == [Outcome.UNDECIDED] * 4
    assert said[0].measured == 0.005
    for found in said:
        assert " rise " in found.sentence
        assert "drop" not in found.sentence


def test_rows_that_were_left_out_are_the_reason_and_not_their_number() -> None:
    known = difference(-0.03, 0.02, lost=0.596)
    found = judge(known)
    assert (found.outcome, found.lost, found.rows_needed) == (Outcome.UNDECIDED, 0.596, None)
    assert standing.words(found) == "undecided: rows left out"
    assert found.sentence.endswith("may be those that got worse. Compare on the same rows.")
    rule = rules.settings("a", Gate(metric="m.json:accuracy", tolerance=0.01))
    start = Verdict(gate="a", metric="m.json:accuracy", outcome=Outcome.SKIP, level="fail", sentence="", test="paired")
    why = "The base was not evaluated on this change's test.csv: its model was trained on half of it."
    assert interval.judge(rule, known, start, unseen=why).sentence.endswith(f"may be those that got worse. {why}")


def test_no_end_of_an_interval_is_less_than_nothing() -> None:
    assert interval.span(0.0, 0.04) == "0 worse to 0.04 better"
