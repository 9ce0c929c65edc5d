"""How many uses of a test set there were, and what so many are worth."""

import numpy as np
import pytest

from mltool import config
from mltool.errors import UserError
from mltool.gates import test_set as gate
from mltool.gates.test_set import Standing
from mltool.gates.verdict import Outcome, Verdict

GATED = {"gates": {"accuracy": {"metric": "metrics.json:accuracy", "alpha": 0.05},
                   "f1": {"metric": "metrics.json:f1", "secondary": True}},
         "test_set": {"path": "test.csv", "uses": 10}}  # fmt: skip


def history(*pairs: str) -> list[Standing]:
    return [Standing(sha=str(at), test=pair[0], model=pair[1:]) for at, pair in enumerate(pairs)]


@pytest.mark.parametrize(
    ("pairs", "uses", "since"),
    [
        (("A1", "A1", "A1"), 1, "0"),
        (("A1", "A2", "A1"), 3, "0"),
        (("A1", "B2", "B3", "A3"), 2, "0"),
        (("B1", "B2"), 0, ""),
        (("A", "A1"), 1, "0"),
        (("B1", "A1", "A2"), 2, "1"),
        ((), 0, ""),
    ],
)
def test_a_use_is_a_model_that_this_test_set_judged(pairs: tuple[str, ...], uses: int, since: str) -> None:
    assert gate.count(history(*pairs), "A") == (uses, since)


def test_what_was_counted_before_only_says_what_is_new() -> None:
    known = Standing(sha="0", test="A", model="1", counted=True)
    assert gate.count((known, Standing(sha="1", test="A", model="1")), "A") == (0, "1")


def test_the_best_of_many_equal_candidates_looks_as_much_better_as_when_they_are_drawn() -> None:
    random = np.random.default_rng(0)
    for count in (2, 32, 100):
        drawn = random.normal(size=(20_000, count)).max(axis=1)
        assert gate.best_of(count) == pytest.approx(drawn.mean(), abs=0.02)
    assert gate.best_of(0) == gate.best_of(1) == 0


def test_the_optimism_is_that_of_models_that_are_equally_good() -> None:
    # 40 models that are right in 80 of 100 cases, each by its own luck, on 500 rows.
    random = np.random.default_rng(1)
    scores = random.binomial(500, 0.8, size=(5_000, 40)) / 500
    error = np.sqrt(2 * 0.8 * 0.2 / 500)
    verdict = Verdict(gate="accuracy", metric="metrics.json:accuracy", outcome=Outcome.PASS, level="fail", sentence="",
                      test="paired", alpha=0.05, smallest_drop=error * (0.841621 + 1.644854))  # fmt: skip
    found = gate.life(config.parse("x", GATED), test="A", uses=40, since="", verdicts=(verdict,))
    assert found.optimism["metrics.json:accuracy"] == pytest.approx(scores.max(axis=1).mean() - 0.8, rel=0.03)


def test_alpha_adds_up_over_uses_and_primary_gates_and_ends_at_certainty() -> None:
    settings = config.parse("x", GATED)
    spent = [gate.life(settings, test="A", uses=uses, since="", verdicts=()).alpha_spent for uses in (0, 7, 400)]
    assert spent == [0, pytest.approx(0.35), 1]


def test_a_limit_of_no_uses_is_an_error() -> None:
    settings = config.parse("x", {"test_set": {"path": "test.csv", "uses": 0}})
    with pytest.raises(UserError, match="uses = 0 is no limit"):
        gate.life(settings, test="A", uses=0, since="", verdicts=())
