"""Costs are measured, not made up."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from mltool import measure
from mltool.errors import UserError


def test_a_block_costs_the_seconds_it_takes() -> None:
    with measure.cost() as cost:
        time.sleep(0.2)
    assert 0.2 <= cost.seconds < 2
    assert cost.cpu_seconds < 0.15


def test_the_peak_counts_native_memory_and_is_in_bytes() -> None:
    size = 200_000_000
    with measure.cost() as cost:
        np.ones(size // 8)
    assert cost.peak_memory_bytes is not None
    assert size < cost.peak_memory_bytes < 100 * size


def test_the_cost_of_a_block_that_fails_is_known_too() -> None:
    with pytest.raises(ValueError, match="no"), measure.cost() as cost:
        raise ValueError("no")
    assert cost.seconds > 0


def test_a_program_is_measured_from_outside() -> None:
    code, cost = measure.command([sys.executable, "-c", "x = b'1' * 300_000_000; sum(range(3_000_000))"])
    assert code == 0
    assert cost.seconds >= cost.cpu_seconds * 0.5 > 0
    assert cost.peak_memory_bytes is not None
    assert cost.peak_memory_bytes > 300_000_000


def test_the_memory_of_who_measures_is_not_that_of_what_is_measured() -> None:
    before = np.ones(100_000_000)  # 800 MB, which a child on Linux would start with
    _, small = measure.command([sys.executable, "-I", "-c", "pass"])
    assert small.peak_memory_bytes is not None
    assert small.peak_memory_bytes < 60_000_000
    program = "from mltool import measure\nwith measure.cost() as cost: pass\nprint(cost.peak_memory_bytes)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(done.stdout) < before.nbytes / 2


def test_a_program_that_is_not_there_is_said() -> None:
    with pytest.raises(UserError, match=r"`no-such-program` cannot be run"):
        measure.command(["no-such-program"])


def test_latency_is_the_median_and_the_slow_end_of_many_calls() -> None:
    calls = []

    def call() -> None:
        calls.append(None)
        time.sleep(0.02 if len(calls) % 10 == 0 else 0.001)

    found = measure.latency(call, name="predict_one_row", repeats=40)
    assert set(found) == {"predict_one_row_p50_seconds", "predict_one_row_p95_seconds"}
    assert len(calls) == 41
    assert 0.001 <= found["predict_one_row_p50_seconds"] < 0.02 <= found["predict_one_row_p95_seconds"]


def test_the_size_of_a_folder_is_that_of_its_files(tmp_path: Path) -> None:
    (tmp_path / "model/deep").mkdir(parents=True)
    (tmp_path / "model/a").write_bytes(b"12345")
    (tmp_path / "model/deep/b").write_bytes(b"123")
    assert measure.size(tmp_path / "model") == 8
    assert measure.size(tmp_path / "model/a") == 5
    with pytest.raises(UserError, match=r"none does not exist"):
        measure.size(tmp_path / "none")
