"""How far a metric usually moves."""

import pytest

from mltool.gates import history
from mltool.gates.difference import Difference

PAST = [0.80, 0.81, 0.805, 0.812, 0.808, 0.811, 0.806, 0.809, 0.807]


def look(past: list[float], head: float, **more: bool) -> Difference | str:
    return history.difference("m:acc", past, base=0.81, head=head, higher=more.get("higher", True), alpha=0.05)


def test_a_usual_move_is_within_the_interval_and_an_unusual_one_is_not() -> None:
    usual, far = look(PAST, 0.805), look(PAST, 0.70)
    assert isinstance(usual, Difference)
    assert isinstance(far, Difference)
    assert usual.low < 0 < usual.high
    assert far.high < 0
    assert usual.rows == 8


def test_lower_is_better_turns_it_round() -> None:
    found = look(PAST, 0.70, higher=False)
    assert isinstance(found, Difference)
    assert found.delta == pytest.approx(0.11)
    assert found.low > 0


def test_too_short_a_past_says_so() -> None:
    assert look(PAST[:8], 0.7) == "the metric moved only 7 times on the target branch, and 8 moves are needed"


def test_commits_that_measured_nothing_anew_are_no_moves() -> None:
    assert isinstance(look([0.8] * 40, 0.7), str)
