"""Gaps between groups, as they are measured: beside direct formulas, with what does not count said."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mltool import measure
from mltool.errors import UserError


def table(rows: int = 900, *, shares: tuple[float, ...] = (0.5, 0.3, 0.2)) -> pd.DataFrame:
    random = np.random.default_rng(3)
    truth, team = random.integers(0, 2, rows), random.choice(len(shares), rows, p=shares)
    label = np.where(random.random(rows) < 0.2 + 0.1 * team, 1 - truth, truth)
    return pd.DataFrame({"row_id": np.arange(rows), "y_true": truth, "y_pred": label, "team": [f"t{t}" for t in team]})


def apart(values: "pd.Series[float]") -> float:
    return float(values.max() - values.min())


def test_gaps_are_what_the_formulas_say() -> None:
    frame = table()
    by_team = frame.assign(right=frame.y_true == frame.y_pred).groupby("team")
    hits = frame[frame.y_true == 1].groupby("team").y_pred.mean()
    alarms = frame[frame.y_true == 0].groupby("team").y_pred.mean()
    selected = by_team.y_pred.mean()

    found = measure.evaluate(frame, groups=["team"]).gaps["team"]

    assert found == {
        "accuracy_difference": pytest.approx(apart(by_team.right.mean()), rel=1e-5),
        "demographic_parity_difference": pytest.approx(apart(selected), rel=1e-5),
        "demographic_parity_ratio": pytest.approx(selected.min() / selected.max(), rel=1e-5),
        "equal_opportunity_difference": pytest.approx(apart(hits), rel=1e-5),
        "equalized_odds_difference": pytest.approx(max(apart(hits), apart(alarms)), rel=1e-5),
    }


def test_gaps_stand_in_the_metrics_file_below_their_column(tmp_path: Path) -> None:
    evaluation = measure.evaluate(table(), groups=["team"])
    measure.write_evaluation(
        evaluation, metrics=tmp_path / "metrics.json", slices=tmp_path / "slices.json", plots=tmp_path / "plots"
    )
    written = json.loads((tmp_path / "metrics.json").read_text())
    assert written["team"] == evaluation.gaps["team"]
    assert written["accuracy"] == evaluation.metrics["accuracy"]


def test_a_small_group_does_not_count_and_is_said() -> None:
    evaluation = measure.evaluate(table(shares=(0.6, 0.39, 0.01)), groups=["team"])
    large = measure.evaluate(table(shares=(0.6, 0.39, 0.01)).query("team != 't2'"), groups=["team"])
    assert evaluation.gaps == large.gaps
    assert any("fewer than 30 rows: t2 (" in note for note in evaluation.notes)


def test_a_rate_that_no_row_of_a_group_tells_does_not_count_and_is_said() -> None:
    frame = table()
    frame.loc[frame.team == "t2", "y_true"] = 0
    evaluation = measure.evaluate(frame, groups=["team"])
    hits = frame[frame.y_true == 1].groupby("team").y_pred.mean()
    assert evaluation.gaps["team"]["equal_opportunity_difference"] == pytest.approx(apart(hits), rel=1e-5)
    assert "team: not counted in the true positive rate, for no row tells it: t2." in evaluation.notes


def test_several_classes_have_a_gap_of_accuracy() -> None:
    frame = table()
    frame["y_pred"] = frame.y_pred.where(frame.row_id % 5 > 0, 2)
    assert list(measure.evaluate(frame, groups=["team"]).gaps["team"]) == ["accuracy_difference"]


@pytest.mark.parametrize(
    ("frame", "group", "sentence"),
    [
        (table(), "where", "has no column `where`"),
        (table(shares=(1.0,)), "team", "1 of 1 groups have 30 rows or more"),
        (table().rename(columns={"team": "accuracy"}), "accuracy", "has the name of a metric"),
        (table().assign(y_pred=lambda each: each.y_pred + 0.5), "team", "this is a regression"),
    ],
)
def test_what_makes_no_groups_is_named(frame: pd.DataFrame, group: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        measure.evaluate(frame, groups=[group])
