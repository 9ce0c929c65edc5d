"""The published figures are those of results.json, and the clock tells the truth. Nothing here depends on speed."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import clock, repositories, results, words
from benchmarks.__main__ import measure_case
from benchmarks.cases import CASES, DVC, MLTOOL, Case
from benchmarks.clock import Took

ROOT = Path(__file__).parents[2]


def test_the_readme_shows_the_results_file() -> None:
    text = (ROOT / words.README).read_text()

    assert text == words.with_block(text, words.block(results.load())), "run `python -m benchmarks --render`"


def test_the_page_shows_the_results_file() -> None:
    assert (ROOT / words.PAGE).read_text() == words.page(results.load()), "run `python -m benchmarks --render`"


def test_the_results_file_has_every_case_and_names_no_machine() -> None:
    found = results.load()
    text = results.FILE.read_text()

    assert [case.key for case in found.cases] == [case.key for case in CASES]
    assert all(set(case.commands) == {*MLTOOL, *DVC} for case in found.cases)
    assert "/" not in text


def test_help_loaded_nothing_heavy() -> None:
    assert results.load().start.heavy == ()


def test_results_survive_their_file(tmp_path: Path) -> None:
    found = results.load()

    results.write(found, tmp_path / "results.json")

    assert results.load(tmp_path / "results.json") == found


def test_a_ratio_is_the_time_of_dvc_over_ours() -> None:
    found = results.load()
    took = Took(wall=0.5, cpu=0.5, memory=1)
    case = replace(found.cases[0], dvc=replace(took, wall=10), commands=dict.fromkeys((*MLTOOL, *DVC), took))

    lines = words.table(replace(found, cases=(case,))).splitlines()

    assert lines[-1].endswith("| 10.0 s | 0.50 s, **20× less** | 0.50 s, **20× less** |")


def test_a_readme_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="substring not found"):
        words.with_block("# A readme\n", "a table\n")


def test_the_clock_counts_what_a_child_of_the_command_burns(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    burn = "import time\nwhile time.process_time() < 0.3: pass\nprint('done')"
    nested = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}], check=True)"

    ran = clock.run((sys.executable, "-c", nested), tmp_path)

    assert ran.out == b"done\n"
    assert ran.took.cpu >= 0.3


def test_a_command_that_fails_is_no_measurement(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()

    with pytest.raises(RuntimeError, match="exited 3: gone wrong"):
        clock.run((sys.executable, "-c", "import sys; print('gone wrong', file=sys.stderr); sys.exit(3)"), tmp_path)


def test_medians_are_taken_quantity_by_quantity() -> None:
    runs = [Took(wall=wall, cpu=cpu, memory=8) for wall, cpu in ((1, 9), (2, 8), (30, 7))]

    assert clock.median(runs) == Took(wall=2, cpu=8, memory=8)
    assert clock.together(runs) == Took(wall=33, cpu=24, memory=8)


@pytest.mark.slow
def test_a_small_case_is_measured_with_dvc_in_agreement(tmp_path: Path) -> None:
    size = repositories.Size(stages=2, metrics=3)
    case = Case(key="tiny", words="2 stages", size=size, quarter=size, rounds=1, dvc_rounds=1)

    found = measure_case(tmp_path, case)

    assert found.same == 4
    assert set(found.commands) == {*MLTOOL, *DVC}
    assert found.dvc.wall == pytest.approx(sum(found.commands[name].wall for name in DVC))
    assert set(found.quarter) == set(MLTOOL)
