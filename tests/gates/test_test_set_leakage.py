"""How many test rows may stand in training."""

from dataclasses import replace

import msgspec
import pytest

from mltool import config
from mltool.errors import UserError
from mltool.gates import test_set_leakage as gate
from mltool.gates.test_set_leakage import Leakage
from mltool.gates.verdict import Outcome

NONE = Leakage(train="train.csv", test="test.csv", digest="md5:1", train_rows=9, test_rows=1_000, columns=("a", "b"),
               leaked=0, repeated=0)  # fmt: skip


def settings(leaked: float | None) -> config.Config:
    table = {} if leaked is None else {"leaked": leaked}
    return config.parse("x", {"test_set": {"path": "test.csv", **table}})


@pytest.mark.parametrize(
    ("leaked", "allowed", "outcome"),
    [(0, 0, Outcome.PASS), (1, 0, Outcome.FAIL), (10, 0.01, Outcome.PASS), (11, 0.01, Outcome.FAIL)],
)
def test_what_leaks_is_held_against_what_may(leaked: int, allowed: float, outcome: Outcome) -> None:
    verdict = gate.judge(settings(allowed), replace(NONE, leaked=leaked), test="md5:1")
    assert verdict is not None
    assert (verdict.outcome, verdict.level) == (outcome, "fail")


def test_a_fact_that_is_missing_broken_or_of_another_table_is_never_a_pass() -> None:
    broken = gate.read("eval/leakage.json", b'{"leaked": 0}')
    impossible = gate.read("eval/leakage.json", msgspec.json.encode({**msgspec.to_builtins(NONE), "leaked": 2_000}))
    assert isinstance(broken, str)
    assert isinstance(impossible, str)
    for found, why in ((None, "There is no eval/leakage.json"), (broken, "does not say what leaks"),
                       (impossible, "2000 of 1000"), (NONE, "of another test.csv")):  # fmt: skip
        verdict = gate.judge(settings(0), found, test="md5:2")
        assert verdict is not None
        assert verdict.outcome is Outcome.UNDECIDED
        assert why in verdict.sentence


@pytest.mark.parametrize("test", ["md5:2", "md5:1.dir", ""])
def test_a_fact_of_a_table_of_another_name_is_never_a_pass(test: str) -> None:
    verdict = gate.judge(settings(0), replace(NONE, test="easy.csv"), test=test)
    assert verdict is not None
    assert verdict.outcome is Outcome.UNDECIDED
    assert "eval/leakage.json is of easy.csv, and the test set is test.csv." in verdict.sentence


def test_the_same_rows_under_another_name_are_the_test_set() -> None:
    verdict = gate.judge(settings(0), replace(NONE, test="copy.csv"), test="md5:1")
    assert verdict is not None
    assert verdict.outcome is Outcome.PASS


def test_nothing_is_judged_where_nothing_was_asked() -> None:
    assert gate.judge(settings(None), None, test="") is None
    assert gate.judge(settings(None), NONE, test="") is None


@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan")])
def test_a_share_that_is_none_is_an_error(share: float) -> None:
    with pytest.raises(UserError, match="is no share of rows"):
        gate.judge(settings(share), NONE, test="")


def test_the_sentence_says_what_a_reader_of_the_count_must_know() -> None:
    found = Leakage(train="a", test="b", digest="", train_rows=9, test_rows=1_000, columns=("a",), leaked=1, repeated=2,
                    label="y", relabelled=3)  # fmt: skip
    assert gate.sentence(found, allowed=0) == (
        "1 of 1,000 test rows (0.1 %) stands in the training table too (the same in 1 column); 0 % are allowed. "
        "2 test rows equal earlier ones, so some of it may be chance. 3 test rows equal training rows but for `y`."
    )
    assert gate.sentence(NONE) == "No test row stands in the training table too (the same in 2 columns)."
