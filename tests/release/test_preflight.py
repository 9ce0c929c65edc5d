"""Budgets against what was measured: pass, fail, and undecided where nobody could measure."""

from mltool.config import Budget
from mltool.gates.verdict import Outcome
from mltool.release.preflight import Measured, judge, outcome


def test_each_budget_is_judged_and_what_was_not_measured_is_never_passed() -> None:
    budget = Budget(start_seconds=5, memory_mb=100, p99_ms=2)

    verdicts = judge(budget, Measured(start_seconds=5.0, memory_mb=120.5), target="exec")

    assert [verdict.outcome for verdict in verdicts] == [Outcome.PASS, Outcome.FAIL, Outcome.UNDECIDED]
    assert [verdict.sentence for verdict in verdicts] == [
        "start_seconds: 5 s until ready, within 5.",
        "memory_mb: 120.5 MB of memory; the budget is 100.",
        "p99_ms: not measured: the target exec cannot, and the budget is 2 ms at p99.",
    ]
    assert outcome(verdicts) is Outcome.FAIL


def test_a_budget_of_nothing_is_exceeded_by_anything() -> None:
    (verdict,) = judge(Budget(p99_ms=0), Measured(p99_ms=0.1), target="local")
    assert verdict.outcome is Outcome.FAIL


def test_without_budgets_nothing_is_judged() -> None:
    assert judge(Budget(), Measured(), target="local") == ()
    assert outcome(()) is Outcome.SKIP
    assert outcome(judge(Budget(p99_ms=1), Measured(), target="exec")) is Outcome.UNDECIDED
