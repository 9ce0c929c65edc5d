"""The gate and scikit-learn give the same differences on the repository that is measured."""

from pathlib import Path

import pytest

from benchmarks import gate

OURS = {("", "accuracy"): {"delta": 0.01, "low": 0.0, "high": 0.02}}


@pytest.mark.slow
def test_a_small_repository_is_judged_as_scikit_learn_and_the_bootstrap_do(tmp_path: Path) -> None:
    found = gate.measure(tmp_path, rows=30_000, fewer=20_000, resamples=400, rounds=1)

    assert list(found.whole) == [gate.GATE, gate.VALUES]
    assert list(found.part) == [gate.GATE, gate.VALUES, gate.DRAWN]
    assert found.part[gate.DRAWN].cpu > found.part[gate.GATE].cpu
    gate.write(found, tmp_path / "gate.json")
    assert gate.load(tmp_path / "gate.json").slices == 20


def test_answers_that_differ_stop_the_benchmark() -> None:
    gate.compare(OURS, {("", "accuracy"): 0.01}, {"accuracy": (0.0005, 0.0201)})
    with pytest.raises(RuntimeError, match=r"the gate says 0\.01"):
        gate.compare(OURS, {("", "accuracy"): 0.0101}, {})
    with pytest.raises(RuntimeError, match="the gate's interval is"):
        gate.compare(OURS, {("", "accuracy"): 0.01}, {"accuracy": (0.004, 0.02)})
    with pytest.raises(RuntimeError, match="judged 1 differences, and there are 2"):
        gate.compare(OURS, {("", "accuracy"): 0.01, ("segment=s1", "accuracy"): 0.02}, {})


def test_the_ratio_is_the_cpu_of_the_bootstrap_over_ours() -> None:
    part = {name: gate.Cost(wall=1.0, cpu=cpu) for name, cpu in ((gate.GATE, 0.5), (gate.DRAWN, 100.0))}
    found = gate.Figures(rows=10, fewer=5, slices=20, resamples=2000, rounds=5, whole=part, part=part)

    assert "**200× the CPU** of the gate" in gate.section(found)
    assert "| 10 | mltool gate | 0.50 s | 1.00 s |" in gate.section(found)
