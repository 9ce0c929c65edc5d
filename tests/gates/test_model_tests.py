"""What a run of the model tests says, alone and beside metrics."""

import pytest

from mltool.gates.model_tests import ModelTest, ModelTests, judge, unreadable
from mltool.gates.verdict import Outcome, overall

OF_MODEL = ModelTest(name="tests/test_model.py::test_age", result="passed")
OF_CODE = ModelTest(name="tests/test_code.py::test_read", result="passed", model=False)


@pytest.mark.parametrize(
    ("run", "outcome"),
    [
        (ModelTests(commit="c", finished=True, passed=1, tests=(OF_MODEL,)), Outcome.PASS),
        (ModelTests(commit="c", finished=True, passed=1, tests=(OF_CODE,)), Outcome.SKIP),
        (ModelTests(commit="c", finished=True, skipped=2), Outcome.SKIP),
        (ModelTests(commit="c", finished=True, passed=1, failed=1, tests=(OF_MODEL,)), Outcome.FAIL),
        (ModelTests(commit="c", finished=True, passed=1, undecided=1, tests=(OF_MODEL,)), Outcome.UNDECIDED),
        (ModelTests(commit="c", finished=True, undecided=1, level="warn"), Outcome.SKIP),
    ],
)
def test_without_a_gate_on_a_metric_the_tests_of_the_model_decide(run: ModelTests, outcome: Outcome) -> None:
    assert overall([judge(run)]) is outcome


def test_a_record_that_nobody_can_read_is_no_pass() -> None:
    assert overall([unreadable("It is broken.")]) is Outcome.UNDECIDED
