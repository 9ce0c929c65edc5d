"""Gaps between groups beside direct formulas, and what is said of groups that are too small to tell."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mltool.paired import by_groups, compare, gaps
from mltool.paired.compare import Refused, Wanted
from mltool.paired.interval import Dependence
from mltool.paired.join import Pairs
from support.paired import asked, binary, several


def grouped(seed: int = 0, rows: int = 600, *, sizes: tuple[float, ...] = (0.5, 0.3, 0.2), loss: float = 0.0) -> Pairs:
    random = np.random.default_rng(seed)
    pairs = binary(random, rows, loss=loss)
    names = [f"g{code}" for code in random.choice(len(sizes), size=rows, p=sizes)]
    return replace(pairs, extra={"team": pa.array(names)})


def gap(key: str, pairs: Pairs, **wanted: Any) -> gaps.Gap:
    found = gaps.candidates(key, pairs, "team")
    return next(each for each in found if all(getattr(each, name) == value for name, value in wanted.items()))


def rates(pairs: Pairs, rate: Callable[[Any, Any], float]) -> list[float]:
    team = np.array(pairs.extra["team"].to_pylist())
    return [rate(pairs.truth[team == name], pairs.head[team == name]) for name in sorted(set(team))]


def selected(truth: Any, label: Any) -> float:
    return float(label.mean())


def hit(truth: Any, label: Any) -> float:
    return float(label[truth == 1].mean())


def alarm(truth: Any, label: Any) -> float:
    return float(label[truth == 0].mean())


def right(truth: Any, label: Any) -> float:
    return float((label == truth).mean())


def precise(truth: Any, label: Any) -> float:
    return float(truth[label == 1].mean())


def apart(values: list[float]) -> float:
    return max(values) - min(values)


@pytest.mark.parametrize(
    ("key", "formula"),
    [
        ("demographic_parity_difference", lambda pairs: apart(rates(pairs, selected))),
        ("demographic_parity_ratio", lambda pairs: min(rates(pairs, selected)) / max(rates(pairs, selected))),
        ("equalized_odds_difference", lambda pairs: max(apart(rates(pairs, hit)), apart(rates(pairs, alarm)))),
        ("test.equalised_odds_difference", lambda pairs: max(apart(rates(pairs, hit)), apart(rates(pairs, alarm)))),
        (
            "equalized_odds_ratio",
            lambda pairs: min(min(found) / max(found) for found in (rates(pairs, hit), rates(pairs, alarm))),
        ),
        ("equal_opportunity_difference", lambda pairs: apart(rates(pairs, hit))),
        ("accuracy_gap", lambda pairs: apart(rates(pairs, right))),
        ("accuracy_score_group_min", lambda pairs: min(rates(pairs, right))),
        ("false_positive_rate_group_max", lambda pairs: max(rates(pairs, alarm))),
        ("precision_score_difference", lambda pairs: apart(rates(pairs, precise))),
    ],
)
def test_a_gap_is_what_the_formula_says(key: str, formula: Callable[[Pairs], float]) -> None:
    for seed in range(5):
        pairs = grouped(seed)
        assert by_groups.values(gap(key, pairs), pairs)[1] == pytest.approx(formula(pairs))


def test_a_gap_to_all_rows_together_and_the_mean_of_two_are_known_too() -> None:
    pairs = grouped()
    overall = selected(pairs.truth, pairs.head)
    farthest = max(abs(each - overall) for each in rates(pairs, selected))
    found = gap("demographic_parity_difference", pairs, to_overall=True)
    assert by_groups.values(found, pairs)[1] == pytest.approx(farthest)
    mean = (apart(rates(pairs, hit)) + apart(rates(pairs, alarm))) / 2
    assert by_groups.values(gap("equalized_odds_difference", pairs, mean=True), pairs)[1] == pytest.approx(mean)


def test_f1_of_several_classes_has_a_gap() -> None:
    random = np.random.default_rng(0)
    pairs = replace(several(random, 900), extra={"team": pa.array(random.choice(["a", "b"], 900))})
    found = compare.measure(gap("f1_macro_gap", pairs), pairs, asked(sign=-1), name="m:f1_macro_gap")
    assert not isinstance(found, Refused)
    assert found.low < found.delta < found.high


def test_what_is_meant_is_what_gives_the_values_of_the_metrics_files() -> None:
    pairs = grouped(sizes=(0.6, 0.37, 0.03))
    large = gap("demographic_parity_difference", pairs, least=30)
    base, head = by_groups.values(large, pairs)
    wanted = Wanted(metric="m:demographic_parity_difference", higher=False, base=base, head=head, group="team")
    assert compare.meaning(pairs, wanted) == large
    assert isinstance(compare.meaning(pairs, replace(wanted, head=head + 0.01)), Refused)


def test_the_bootstrap_over_cells_is_that_over_rows() -> None:
    pairs, random = grouped(3), np.random.default_rng(1)
    metric = gap("equalized_odds_difference", pairs)
    found = by_groups.interval(metric, pairs, asked(sign=-1))
    drawn = []
    for _ in range(400):
        base, head = by_groups.values(metric, pairs.at(random.integers(len(pairs), size=len(pairs))))
        drawn.append(base - head)
    assert found.error == pytest.approx(np.std(drawn), rel=0.15)


def test_two_models_that_are_alike_are_seldom_called_worse() -> None:
    false = 0
    for seed in range(150):
        pairs = grouped(seed, 400)
        coin = np.random.default_rng(seed + 10_000).random(400) < 0.5
        metric = gap("equalized_odds_difference", pairs)
        false += by_groups.interval(metric, pairs.swapped(coin), asked(seed, sign=-1)).high < 0
    assert false <= 150 * 0.05 + 2.33 * (150 * 0.05 * 0.95) ** 0.5


def test_a_gap_that_widens_is_found() -> None:
    pairs = grouped(0, 4_000)
    team = np.array(pairs.extra["team"].to_pylist())
    blind = np.where((team == "g2") & (np.arange(4_000) % 3 == 0), 0, pairs.base)
    metric = gap("equal_opportunity_difference", pairs)
    assert by_groups.interval(metric, replace(pairs, head=blind), asked(sign=-1)).high < 0


def test_a_thin_group_is_said_and_nothing_is_ruled_out_by_it() -> None:
    pairs = grouped(sizes=(0.6, 0.39, 0.01))
    found = by_groups.interval(gap("demographic_parity_difference", pairs), pairs, asked(sign=-1))
    base = by_groups.values(gap("demographic_parity_difference", pairs), pairs)[0]
    assert found.low == pytest.approx(base - 1.0)
    assert any("selection rate of g2: " in note for note in found.notes)


def test_groups_of_one_class_and_small_groups_are_said() -> None:
    pairs = grouped(sizes=(0.6, 0.3, 0.1))
    team = np.array(pairs.extra["team"].to_pylist())
    truth = np.where(team == "g2", 0, pairs.truth)
    notes = by_groups.interval(
        gap("equal_opportunity_difference", pairs), replace(pairs, truth=truth), asked(sign=-1)
    ).notes
    assert "Not counted in the true positive rate, for no row tells it: g2." in notes
    large = replace(gap("accuracy_gap", pairs), least=100)
    assert any(note.startswith("Not counted, with fewer than 100 rows: g2 (") for note in
               by_groups.interval(large, pairs, asked(sign=-1)).notes)  # fmt: skip


def test_chance_makes_a_gap_of_small_groups_that_are_treated_alike() -> None:
    random = np.random.default_rng(0)
    pairs = replace(binary(random, 2_000), extra={"team": pa.array(np.arange(2_000) % 40)})
    notes = by_groups.interval(gap("accuracy_gap", pairs), pairs, asked(sign=-1)).notes
    assert any(note.startswith("Of groups of these sizes that are treated alike, chance makes a gap") for note in notes)


@pytest.mark.parametrize(
    ("column", "why"),
    [
        (pa.array(["a"] * 600), "makes 1"),
        (pa.array(np.arange(600)), "600 values"),
    ],
)
def test_a_column_that_makes_no_groups_is_refused(column: pa.Array, why: str) -> None:
    pairs = replace(grouped(), extra={"team": column})
    found = compare.measure(gap("accuracy_gap", pairs), pairs, asked(sign=-1), name="m:accuracy_gap")
    assert isinstance(found, Refused)
    assert why in found.why


def test_a_column_that_is_not_there_is_named() -> None:
    pairs = replace(grouped(), extra={})
    found = compare.measure(gap("accuracy_gap", pairs), pairs, asked(sign=-1), name="m:accuracy_gap")
    assert isinstance(found, Refused)
    assert "no column `team`" in found.why


def test_a_missing_group_is_a_group() -> None:
    pairs = grouped()
    names: list[str | None] = pairs.extra["team"].to_pylist()
    names[:100] = [None] * 100
    found = by_groups.counted(gap("accuracy_gap", pairs), replace(pairs, extra={"team": pa.array(names)}))
    assert "(missing)" in found.groups.names


@pytest.mark.parametrize("dependence", [Dependence(groups=np.arange(600) // 4), Dependence(block=8)])
def test_clusters_and_blocks_are_drawn_whole(dependence: Dependence) -> None:
    pairs = grouped()
    found = by_groups.interval(gap("accuracy_gap", pairs), pairs, asked(sign=-1, dependence=dependence))
    alone = by_groups.interval(gap("accuracy_gap", pairs), pairs, asked(sign=-1))
    assert 0.5 < found.error / alone.error < 2
    assert found.low < found.high
