"""The published figures of drift are those of its results.json, and say who is right as they ought to."""

from pathlib import Path

import numpy as np

from benchmarks import words as page
from benchmarks.drift import figures, measure, power, tables, words
from benchmarks.drift.figures import Results, Share, Speed
from benchmarks.drift.tables import SCENARIOS
from benchmarks.drift.tools import BOUND, OURS, TOOLS
from mltool.data import profile

ROOT = Path(__file__).parents[2]
AGAIN = "run `python -m benchmarks.drift --render`"


def test_the_pages_show_the_results_file() -> None:
    found, text = figures.load(), words.PAGE.read_text()

    assert text == words.with_blocks(text, found), AGAIN
    assert words.section(found) in (ROOT / page.PAGE).read_text(), "run `python -m benchmarks --render`"


def test_the_results_have_every_tool_and_scenario_and_name_no_machine() -> None:
    found = figures.load()

    assert list(found.speed) == [OURS, BOUND, *(tool.name for tool in TOOLS)]
    assert list(found.scenarios) == [OURS, *(tool.name for tool in TOOLS if tool.scenarios)]
    assert set(found.scenarios[OURS]) == {scenario.key for scenario in SCENARIOS}
    assert all(each.draws >= power.DRAWS and each.quiet >= 500 for each in found.power)
    assert "/" not in figures.FILE.read_text()


def test_results_survive_their_file(tmp_path: Path) -> None:
    found = figures.load()

    figures.write(found, tmp_path / "results.json")

    assert figures.load(tmp_path / "results.json") == found


def test_false_alarms_are_no_more_than_alpha() -> None:
    for each in figures.load().power:
        assert each.false <= power.ALPHA * each.quiet
        assert each.edge <= power.ALPHA * each.draws


def test_what_is_wrong_is_bold() -> None:
    said = {"s1": Share(called=9, of=150), "s3": Share(called=1, of=3), "s4": Share(called=3, of=3)}
    lines = words.scenarios(Results(scenarios={"tool": said})).splitlines()

    assert lines[2].endswith("| quiet | **6 %** |")
    assert lines[4].endswith("| seen | **1 of 3** |")
    assert lines[5].endswith("| seen | 3 of 3 |")
    assert lines[3].endswith("| quiet | not run |")


def test_a_tool_that_does_not_run_is_said_to() -> None:
    ours = figures.load().speed[OURS]
    lines = words.speed(Results(speed={OURS: ours, "other": Speed(failed="No module named 'dill'")})).splitlines()

    assert lines[-1] == "| other | no figure: `No module named 'dill'` | | | | |"


def test_ours_is_right_in_a_scenario_of_each_kind(tmp_path: Path) -> None:
    for scenario in SCENARIOS:
        if scenario.key in ("s4", "s4b", "s8"):
            calls = [measure.ours(*pair) for pair in tables.write(scenario, tmp_path)]
            assert all(names == set(scenario.drifts) for names in calls)


def test_the_same_tables_are_drawn_each_time(tmp_path: Path) -> None:
    scenario = next(each for each in SCENARIOS if each.key == "s5")
    first, again = (
        [path.read_bytes() for pair in tables.write(scenario, tmp_path / name) for path in pair] for name in "ab"
    )
    assert first == again
    assert len(set(first)) == len(first)


def test_power_counts_a_shift_and_no_more_than_a_shift() -> None:
    (few, *_) = power.measure(2)
    random = np.random.default_rng(0)

    assert (few.rows, few.draws, few.quiet) == (200, 2, 1)
    assert abs(power.EDGE - 0.2513) < 1e-4
    with power.table(random.standard_normal((1000, 2))) as source:
        known = profile.make(source)
    assert power.called(known, random.normal(1, 1, (1000, 2)))
    assert power.shapes(known, random.normal(1, 1, (1000, 2)))
    assert not power.called(known, random.standard_normal((1000, 2)))
