"""Every verdict on one head."""

import math

from mltool.config import Config, Gate
from mltool.gates import lock, pipeline
from mltool.gates.verdict import Outcome, overall
from mltool.snapshot.model import Leaf, Problem, Stale, Values


def file(**values: Leaf) -> Values:
    return Values(path="metrics.json", values=values)


def test_declared_gates_come_first_and_in_their_order() -> None:
    config = Config(gates={"b": Gate(metric="metrics.json:auc"), "a": Gate(metric="metrics.json:loss")})
    verdicts = pipeline.judge(config, base=[file(auc=0.9, loss=1.0)], head=[file(auc=0.8, loss=0.9)], has_base=True)
    assert [(verdict.gate, verdict.outcome) for verdict in verdicts] == [("b", Outcome.FAIL), ("a", Outcome.PASS)]
    assert overall(verdicts) is Outcome.FAIL


def test_without_a_gate_a_change_is_shown_and_not_judged() -> None:
    (verdict,) = pipeline.judge(Config(), base=[file(auc=0.9, x=1)], head=[file(auc=0.8, x=2)], has_base=True)
    assert (verdict.outcome, verdict.trend, verdict.declared) == (Outcome.SKIP, "worse", False)
    assert overall([verdict]) is Outcome.SKIP


def test_a_metric_without_a_gate_that_only_got_other_last_digits_is_no_news() -> None:
    before, after = file(auc=0.7149587750294464, loss=0.3), file(auc=0.714959, loss=math.nan)
    verdicts = pipeline.judge(Config(), base=[before], head=[after], has_base=True)
    assert [verdict.metric for verdict in verdicts] == ["metrics.json:loss"]


def test_a_number_that_is_none_warns_even_without_a_gate() -> None:
    (verdict,) = pipeline.judge(Config(), base=[file(loss=1.0)], head=[file(loss=math.nan)], has_base=True)
    assert (verdict.outcome, verdict.level) == (Outcome.FAIL, "warn")


def test_a_broken_metrics_file_fails_without_any_gate_and_an_unreachable_one_is_undecided() -> None:
    broken = Values(path="a.json", values={}, problem=Problem(path="a.json", kind="unreadable", sentence="no"))
    away = Values(path="b.json", values={}, problem=Problem(path="b.json", kind="unreachable", sentence="no"))
    verdicts = pipeline.judge(Config(), base=[], head=[broken, away], has_base=True)
    assert [verdict.outcome for verdict in verdicts] == [Outcome.FAIL, Outcome.UNDECIDED]
    assert overall(verdicts[1:]) is Outcome.UNDECIDED


def test_a_base_without_the_pipeline_is_no_baseline() -> None:
    config = Config(gates={"auc": Gate(metric="metrics.json:auc")})
    (verdict,) = pipeline.judge(config, base=[file(auc=0.9)], head=[file(auc=0.8)], has_base=False)
    assert verdict.outcome is Outcome.SKIP


def test_a_warning_does_not_block() -> None:
    config = Config(gates={"auc": Gate(metric="metrics.json:auc", level="warn")})
    verdicts = pipeline.judge(config, base=[file(auc=0.9)], head=[file(auc=0.8)], has_base=True)
    assert [verdict.outcome for verdict in verdicts] == [Outcome.FAIL]
    assert overall(verdicts) is Outcome.PASS


def test_a_warning_gate_that_is_undecided_blocks_nothing_and_is_no_pass() -> None:
    config = Config(gates={"auc": Gate(metric="metrics.json:auc", level="warn")})
    verdicts = pipeline.judge(config, base=[file(auc=math.nan)], head=[file(auc=0.8)], has_base=True)
    assert [verdict.outcome for verdict in verdicts] == [Outcome.UNDECIDED]
    assert overall(verdicts) is Outcome.SKIP


def test_an_integer_that_no_float_can_hold_is_no_number() -> None:
    (verdict,) = pipeline.judge(Config(), base=[file(loss=1)], head=[file(loss=10**400)], has_base=True)
    assert (verdict.outcome, verdict.level) == (Outcome.FAIL, "warn")


def test_a_pipeline_in_order_alone_is_no_pass() -> None:
    in_order = lock.judge((), level="fail", stages=6)
    assert in_order.outcome is Outcome.PASS
    assert overall([in_order]) is Outcome.SKIP


def test_a_stale_lock_is_named_with_its_stages() -> None:
    stale = tuple(Stale(stage=f"s{i}", reason=f"param lr{i} changed") for i in range(5))
    verdict = lock.judge(stale, level="fail", stages=6)
    assert verdict.blocks
    assert verdict.sentence.startswith("dvc.lock is not what this commit produces: s0 (param lr0 changed); ")
    assert "and 2 more. Run `dvc repro`" in verdict.sentence
    assert lock.judge((), level="fail", stages=6).sentence.endswith("all 6 stages are up to date.")
    assert lock.judge((), level="fail", stages=1).sentence.endswith("its one stage is up to date.")
    assert lock.judge((), level="fail", stages=0).outcome is Outcome.SKIP


def test_a_reason_that_many_stages_share_is_said_once() -> None:
    stale = tuple(Stale(stage=f"train@{i}", reason="dependency train.py changed") for i in range(74))
    sentence = lock.judge((*stale, Stale(stage="plot", reason="never ran")), level="fail", stages=80).sentence
    assert sentence == (
        "dvc.lock is not what this commit produces: train@0, train@1 and 72 more (dependency train.py changed);"
        f" plot (never ran). {lock.REMEDY}"
    )
