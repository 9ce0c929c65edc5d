"""Regressions that people decided to live with."""

from datetime import date
from typing import Any

import pytest

from mltool.config import Accepted
from mltool.gates import accepted
from mltool.gates.verdict import Outcome, Verdict

TODAY = date(2026, 5, 1)


def verdict(**more: Any) -> Verdict:
    known: dict[str, Any] = {
        "gate": "a",
        "metric": "m:acc",
        "outcome": Outcome.FAIL,
        "level": "fail",
        "sentence": "acc fell.",
        "direction": "higher",
        "base": 0.9,
        "head": 0.85,
        "allowed": 0.01,
    }
    return Verdict(**{**known, **more})


def entry(**more: Any) -> Accepted:
    return Accepted(**{"metric": "m:acc", "reason": "cheaper", "value": 0.85, "until": TODAY, **more})


def test_an_accepted_regression_passes_and_says_why_and_how_long() -> None:
    found = accepted.apply(verdict(), [entry()], today=TODAY)
    assert (found.outcome, found.accepted) == (Outcome.PASS, "until 2026-05-01: cheaper")
    assert found.sentence == "acc fell. Accepted until 2026-05-01: cheaper."


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"until": date(2026, 4, 30)}, "That it was accepted held until 2026-04-30."),
        ({"value": 0.86}, "What was accepted is 0.86, and this is worse."),
        ({"metric": "m:f1"}, ""),
        ({"slice": "carrier=B6"}, ""),
    ],
)
def test_what_is_over_further_or_of_another_metric_does_not_count(more: dict[str, Any], said: str) -> None:
    found = accepted.apply(verdict(), [entry(**more)], today=TODAY)
    assert found.outcome is Outcome.FAIL
    assert found.sentence == f"acc fell. {said}".strip()


def test_a_better_value_than_the_accepted_one_is_accepted_too() -> None:
    assert accepted.apply(verdict(head=0.87), [entry()], today=TODAY).outcome is Outcome.PASS
    lower = verdict(direction="lower", base=0.1, head=0.2)
    assert accepted.apply(lower, [entry(value=0.15)], today=TODAY).outcome is Outcome.FAIL
    assert accepted.apply(lower, [entry(value=0.25)], today=TODAY).outcome is Outcome.PASS


@pytest.mark.parametrize("more", [{"allowed": None}, {"base": None}, {"head": None, "allowed": None}])
def test_a_broken_limit_or_a_missing_number_is_nothing_to_accept(more: dict[str, Any]) -> None:
    assert accepted.apply(verdict(**more), [entry()], today=TODAY).outcome is Outcome.FAIL


def test_what_passes_is_left_as_it_is() -> None:
    good = verdict(outcome=Outcome.PASS)
    assert accepted.apply(good, [entry()], today=TODAY) is good
