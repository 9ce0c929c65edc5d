"""`mltool gate` on repositories that have predictions."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mltool.commands import evidence, gate, predictions
from mltool.commands.compare import compare
from mltool.gates.verdict import Outcome, Verdict
from mltool.report.model import Report
from support.predicted import GATES, PATH, commit, commit_to_dvc, parquet, project
from support.predicted import predictions as made
from support.repos import Repo
from support.said import mltool


def judge(repo: Repo, base: str, head: str | None = "HEAD") -> Report:
    return gate.judge(compare(repo.folder, base, head), committed=False)


def verdict(report: Report, where: str = "") -> Verdict:
    return next(item for item in report.verdicts if item.metric and item.slice == where)


def test_a_drop_that_the_rows_show_is_a_regression_with_its_interval(tmp_path: Path) -> None:
    repo = project(tmp_path / "p")
    base = commit(repo, made())
    commit(repo, made(others=0.08))
    found = verdict(judge(repo, base))
    assert (found.outcome, found.test, found.method) == (Outcome.FAIL, "paired", "McNemar, mid-p")
    assert found.low is not None
    assert found.high is not None
    assert found.low < (found.delta or 0) < found.high < 0
    assert found.rows == 2_000
    assert "Fagerland" in found.source


def test_a_change_within_the_margin_is_not_worse(tmp_path: Path) -> None:
    repo = project(tmp_path / "p")
    base = commit(repo, made(others=0.001, seed=1))
    commit(repo, made(others=0.002, seed=2))
    found = verdict(judge(repo, base))
    assert found.outcome is Outcome.PASS
    assert found.low is not None
    assert found.low > -0.02


def test_what_few_rows_cannot_show_is_undecided_and_says_how_many_would(tmp_path: Path) -> None:
    repo = project(tmp_path / "p")
    base = commit(repo, made(60, others=0.1, seed=1))
    commit(repo, made(60, others=0.1, seed=2))
    report = judge(repo, base)
    found = verdict(report)
    assert (found.outcome, report.outcome) == (Outcome.UNDECIDED, Outcome.UNDECIDED)
    assert found.rows_needed is not None
    assert found.rows_needed > 60
    assert f"About {found.rows_needed:,} rows would decide." in found.sentence


def test_an_equally_good_model_is_seldom_blocked_where_a_bare_comparison_blocks_half(tmp_path: Path) -> None:
    repo = project(tmp_path / "p", gates=GATES.replace("0.02", "0"))
    base = commit(repo, made(400, others=0.05, seed=100))
    outcomes = []
    for seed in range(12):
        commit(repo, made(400, others=0.05, seed=seed))
        outcomes.append(verdict(judge(repo, base)).outcome)
    assert outcomes.count(Outcome.FAIL) <= 2
    assert Outcome.UNDECIDED in outcomes


def test_the_same_predictions_are_unchanged_whatever_the_tolerance(tmp_path: Path) -> None:
    repo = project(tmp_path / "p", gates=GATES.replace("0.02", "0"))
    base = commit(repo, made())
    repo.commit({"README.md": "words"})
    found = verdict(judge(repo, base))
    assert (found.outcome, found.trend, found.test) == (Outcome.PASS, "same", "paired")


def test_predictions_come_from_the_cache_of_dvc(tmp_path: Path) -> None:
    repo = project(tmp_path / "p")
    base = commit_to_dvc(repo, made())
    commit_to_dvc(repo, made(others=0.08))
    for head in ("HEAD", None):
        found = verdict(judge(repo, base, head))
        assert (found.outcome, found.test) == (Outcome.FAIL, "paired"), found.why


def test_predictions_come_from_a_remote(tmp_path: Path) -> None:
    repo = project(tmp_path / "p")
    remote = tmp_path / "remote"
    repo.write({".dvc/config": f"[core]\n    remote = away\n['remote \"away\"']\n    url = {remote}\n"})
    base = commit_to_dvc(repo, made())
    commit_to_dvc(repo, made(others=0.08))
    (repo.folder / ".dvc/cache").rename(remote)
    assert verdict(judge(repo, base)).test == "paired"


def test_base_predictions_that_nobody_has_fall_back_and_say_so(tmp_path: Path) -> None:
    repo = project(tmp_path / "p")
    base = commit_to_dvc(repo, made(), cached=False)
    commit_to_dvc(repo, made(others=0.08))
    found = verdict(judge(repo, base))
    assert (found.outcome, found.test) == (Outcome.FAIL, "tolerance")
    assert "neither in DVC's cache nor in a remote" in found.why


def test_a_gate_that_asks_for_pairs_and_gets_none_is_undecided(tmp_path: Path) -> None:
    repo = project(tmp_path / "p", gates=f'{GATES}test = "paired"\n')
    base = repo.commit({"metrics.json": {"accuracy": 0.9}})
    repo.commit({"metrics.json": {"accuracy": 0.91}})
    report = judge(repo, base)
    found = verdict(report)
    assert (found.outcome, report.outcome) == (Outcome.UNDECIDED, Outcome.UNDECIDED)
    assert f"the base and this change have no {PATH}" in found.sentence


def strings(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(y_true=[f"class {label}" for label in table.y_true])


def nan(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(y_score=np.where(table.row_id < 4, np.nan, table.y_score))


def infinite(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(y_score=np.where(table.row_id == 4, np.inf, table.y_score))


def empty(table: pd.DataFrame) -> pd.DataFrame:
    return table.head(0)


def shifted_ids(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(row_id=table.row_id + 10**6)


def text_ids(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(row_id=[f"row {number}" for number in table.row_id])


def twice(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(row_id=table.row_id.where(table.row_id != 1, 0))


def no_score(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(y_score=table.y_score.where(table.row_id > 3))


def words(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(y_score=[f"{score:.2f}!" for score in table.y_score])


def other_truth(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(y_true=1 - table.y_true)


def no_label(table: pd.DataFrame) -> pd.DataFrame:
    return table.drop(columns="y_pred")


def missing(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(y_pred=table.y_pred.astype("Int64").where(table.row_id > 9))


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (strings, "string, and int64 at the base)"),
        (nan, "`y_score` is missing in 4 of 500 rows"),
        (infinite, "`y_score` holds an infinite value"),
        (empty, "shares no row id with the base's predictions"),
        (shifted_ids, "shares no row id with the base's predictions"),
        (text_ids, "shares no row id with the base's predictions"),
        (twice, "1 rows have an id that another row has too"),
        (no_score, "`y_score` is missing in 4 of 500 rows"),
        (words, ", not numbers"),
        (other_truth, "has the same truth on both sides"),
        (no_label, "has no column `y_pred`"),
        (missing, "`y_pred` is missing in 10 of 500 rows"),
    ],
)
def test_predictions_that_are_there_and_cannot_be_compared_leave_it_undecided_and_are_named(
    tmp_path: Path, spoil: Callable[[pd.DataFrame], pd.DataFrame], why: str
) -> None:
    repo = project(tmp_path / "p")
    base = commit(repo, made(500))
    # By its values alone this would pass.
    repo.commit({PATH: parquet(spoil(made(500, others=0.1))), "metrics.json": {"accuracy": 0.95}})
    report = judge(repo, base)
    found = verdict(report)
    assert (found.outcome, report.outcome, found.test) == (Outcome.UNDECIDED, Outcome.UNDECIDED, "paired")
    assert why in found.sentence
    assert any(note.startswith("The predictions were not compared. ") and why in note for note in report.notes)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (twice, f"{PATH} of the base: 1 rows have an id that another row has too"),
        (no_label, f"{PATH} of the base has no column `y_pred`"),
        (no_score, f"{PATH} of the base: `y_score` is missing in 4 of 500 rows"),
    ],
)
def test_what_is_wrong_with_the_base_cannot_be_mended_by_a_change_so_its_values_decide(
    tmp_path: Path, spoil: Callable[[pd.DataFrame], pd.DataFrame], why: str
) -> None:
    repo = project(tmp_path / "p")
    base = repo.commit({PATH: parquet(spoil(made(500))), "metrics.json": {"accuracy": 0.9}})
    head = made(500, others=0.1)
    commit(repo, head[head.row_id != 7])  # another row less, so that the ids of the base are looked at
    found = verdict(judge(repo, base))
    assert (found.outcome, found.test) == (Outcome.FAIL, "tolerance")
    assert why in found.why


def test_a_base_file_that_is_no_table_is_said_to_be_the_bases(tmp_path: Path) -> None:
    repo = project(tmp_path / "p")
    base = repo.commit({PATH: b"PAR1 and no more", "metrics.json": {"accuracy": 0.9}})
    commit(repo, made(500))
    found = verdict(judge(repo, base))
    assert found.test == "tolerance"
    assert f"{PATH} of the base cannot be read" in found.why


@pytest.mark.parametrize("content", [b"", b"PAR1 and no more", b"\x00\xff\x00", b"row_id,y_true\n1,2,3\n"])
def test_a_file_that_is_no_table_is_named(tmp_path: Path, content: bytes) -> None:
    repo = project(tmp_path / "p")
    base = commit(repo, made(500))
    repo.commit({PATH: content, "metrics.json": {"accuracy": 0.95}})
    found = verdict(judge(repo, base))
    assert found.outcome is Outcome.UNDECIDED
    assert PATH in found.sentence


def test_predictions_of_the_head_that_nobody_pushed_are_undecided(tmp_path: Path) -> None:
    repo = project(tmp_path / "p")
    base = commit_to_dvc(repo, made())
    commit_to_dvc(repo, made(others=0.001), cached=False)
    report = judge(repo, base)
    assert verdict(report).outcome is Outcome.UNDECIDED
    assert "neither in DVC's cache nor in a remote" in verdict(report).sentence


def test_rows_without_a_partner_are_left_out_and_counted(tmp_path: Path) -> None:
    repo = project(tmp_path / "p")
    base = commit(repo, made(1_000))
    head = made(1_000, others=0.08)
    commit(repo, head[head.row_id >= 50])
    report = judge(repo, base)
    found = verdict(report)
    assert (found.test, found.rows) == ("paired", 950)
    assert report.notes == ("Compared row by row: 950 rows that both sides have. Left out: 50 of the base only.",)


@pytest.mark.parametrize(
    ("named", "remedy"),
    [
        ("", "Compare on the same rows, or name the file under [test_set], and the base is evaluated on the new ones."),
        ('\n[test_set]\npath = "mltool.toml"\n', "Compare on the same rows."),
    ],
)
def test_rows_that_are_not_here_ask_for_what_would_help(tmp_path: Path, named: str, remedy: str) -> None:
    repo = project(tmp_path / "p", gates=f"{GATES}{named}")
    base = commit(repo, made(1_000))
    commit(repo, made(1_000, others=0.001).query("row_id >= 50"))
    found = verdict(judge(repo, base))
    assert (found.outcome, found.lost, found.rows_needed) == (Outcome.UNDECIDED, 0.05, None)
    assert found.sentence.endswith(f"may be those that got worse. {remedy}")


def test_a_broken_floor_fails_and_the_rows_say_beside_it_how_far_it_fell(tmp_path: Path) -> None:
    repo = project(tmp_path / "p", gates=f"{GATES}floor = 0.85\n")
    base = commit(repo, made())
    commit(repo, made(others=0.08))
    report = judge(repo, base)
    found = verdict(report)
    assert (found.outcome, found.limit, found.method, found.rows) == (Outcome.FAIL, 0.85, "McNemar, mid-p", 2_000)
    assert found.low is not None
    assert found.low < (found.measured or 0) < (found.high or 0) < 0
    assert "below the floor of 0.85. accuracy fell to" in found.sentence


def test_the_same_predictions_are_unchanged_though_one_metrics_file_rounds(tmp_path: Path) -> None:
    repo = project(tmp_path / "p")
    base = commit(repo, made(1_777))
    file = repo.folder / "metrics.json"
    value = json.loads(file.read_text())["accuracy"]
    file.write_text(json.dumps({"accuracy": round(value, 5)}))
    repo.commit(message="rounded")
    found = verdict(judge(repo, base))
    assert found.head != found.base
    assert (found.outcome, found.trend, found.test) == (Outcome.PASS, "same", "paired")


@pytest.mark.parametrize(("share", "outcome"), [(0.0, Outcome.PASS), (0.009, Outcome.PASS), (0.02, Outcome.UNDECIDED)])
@pytest.mark.parametrize("way", ["left out", "relabelled"])
def test_a_change_that_hides_the_rows_it_gets_wrong_is_no_pass(
    tmp_path: Path, way: str, share: float, outcome: Outcome
) -> None:
    repo = project(tmp_path / "p")
    base = commit(repo, made(1_000))
    head = made(1_000, wrong=0.1 + share, others=0.001)
    hidden = (made(1_000).y_pred == made(1_000).y_true) & (made(1_000, wrong=0.1 + share).y_pred != head.y_true)
    commit(repo, head[~hidden] if way == "left out" else head.assign(y_true=head.y_pred.where(hidden, head.y_true)))
    found = verdict(judge(repo, base))
    assert (found.test, found.outcome) == ("paired", outcome), found.sentence
    assert ("of the base's rows are not here or have another truth" in found.sentence) == (share > 0.01)


def test_another_test_set_is_said(tmp_path: Path) -> None:
    repo = project(tmp_path / "p")
    base = commit(repo, made(1_000))
    head = made(1_000, others=0.08)
    commit(repo, head.assign(row_id=head.row_id + 500))
    report = judge(repo, base)
    assert any("The test set has changed between base and head" in note for note in report.notes)


def test_a_metric_that_is_computed_otherwise_is_not_compared_as_if_it_were_known(tmp_path: Path) -> None:
    repo = project(tmp_path / "p")
    base = commit(repo, made(500), accuracy=0.95)
    commit(repo, made(500, others=0.1), accuracy=0.9)
    found = verdict(judge(repo, base))
    assert found.test == "tolerance"
    assert "the metrics files 0.95 and 0.9" in found.why


@pytest.mark.parametrize("rows", [500, 497])
def test_a_metrics_file_that_is_not_of_its_predictions_is_no_pass(tmp_path: Path, rows: int) -> None:
    repo = project(tmp_path / "p")
    base = commit(repo, made(500))
    commit(repo, made(500, others=0.2).head(rows), accuracy=0.9)
    found = verdict(judge(repo, base))
    assert (found.test, found.outcome) == ("paired", Outcome.UNDECIDED)
    assert "so its metrics file, unlike the base's, is not of them" in found.sentence


def test_a_metrics_file_that_rounds_is_not_accused(tmp_path: Path) -> None:
    repo = project(tmp_path / "p")
    base = commit(repo, made(500))
    head = made(500, others=0.013)
    commit(repo, head, accuracy=round(float((head.y_true == head.y_pred).mean()), 2))
    assert verdict(judge(repo, base)).test == "tolerance"


def test_two_rows_on_which_both_agree_are_no_pass(tmp_path: Path) -> None:
    repo = project(tmp_path / "p")
    base = commit(repo, made(2))
    commit(repo, made(2).assign(y_score=[0.3, 0.9]))
    found = verdict(judge(repo, base))
    assert found.outcome is Outcome.UNDECIDED
    assert "Fewer than 30 rows that are alike say nothing of others." in found.sentence


def test_labels_that_the_base_did_not_have_are_compared_all_the_same(tmp_path: Path) -> None:
    repo = project(tmp_path / "p")
    base = commit(repo, made(800))
    head = made(800)
    head.loc[:40, "y_pred"] = 2
    repo.commit({PATH: parquet(head), "metrics.json": {"accuracy": float((head.y_true == head.y_pred).mean())}})
    found = verdict(judge(repo, base))
    assert (found.test, found.outcome) == ("paired", Outcome.FAIL)


def test_one_class_only_leaves_what_needs_two_to_the_tolerance(tmp_path: Path) -> None:
    gates = GATES + '[gates.auc]\nmetric = "metrics.json:roc_auc"\ntolerance = 0.1\n'
    repo = project(tmp_path / "p", gates=gates)
    one = made(300).assign(y_true=1)
    other = one.assign(y_score=one.y_score * 0.9)
    sides = [{PATH: parquet(table), "metrics.json": {"accuracy": float((table.y_true == table.y_pred).mean()),
                                                     "roc_auc": 0.5}} for table in (one, other)]  # fmt: skip
    base = repo.commit(sides[0])
    repo.commit(sides[1])
    report = judge(repo, base)
    found = {item.gate: item for item in report.verdicts}
    assert found["accuracy"].test == "paired"
    assert "one class" in found["auc"].why


def test_a_regression_of_amounts_is_compared(tmp_path: Path) -> None:
    repo = project(tmp_path / "p", gates='[gates.rmse]\nmetric = "metrics.json:rmse"\ntolerance = "1%"\n')
    random = np.random.default_rng(3)
    truth = random.normal(size=500)

    def side(spread: float) -> dict[str, Any]:
        label = truth + random.normal(scale=spread, size=500)
        table = pd.DataFrame({"row_id": range(500), "y_true": truth, "y_pred": label})
        return {PATH: parquet(table), "metrics.json": {"rmse": float(np.sqrt(((truth - label) ** 2).mean()))}}

    base = repo.commit(side(1.0))
    repo.commit(side(1.5))
    found = verdict(judge(repo, base))
    assert (found.outcome, found.test, found.direction) == (Outcome.FAIL, "paired", "lower")
    assert found.low is not None
    assert 0 < found.low < (found.delta or 0)


def test_slices_are_judged_together_and_one_that_sees_nothing_is_never_green(tmp_path: Path) -> None:
    repo = project(tmp_path / "p", gates=f'{GATES}slices = ["group"]\n')
    base = commit(repo, made(2_000))
    head = made(2_000)
    rare = head.row_id < 40
    north = (head.group == "north") & (head.row_id % 8 == 0)
    head["y_pred"] = head.y_pred.where(~north, 1 - head.y_true)
    head["group"] = head.group.where(~rare, "rare")
    commit(repo, head)
    report = judge(repo, base)
    assert verdict(report, "group=north").outcome is Outcome.FAIL
    assert verdict(report, "group=south").outcome is Outcome.PASS
    small = verdict(report, "group=rare")
    assert (small.outcome, small.rows, small.blind) == (Outcome.UNDECIDED, 40, True)


def test_a_blind_slice_is_said_in_the_headline_and_fails_where_undecided_does(tmp_path: Path) -> None:
    repo = project(tmp_path / "p", gates=f'{GATES}slices = ["group"]\n')
    rare = made().assign(group=lambda table: table.group.where(table.row_id >= 3, "rare"))
    base = commit(repo, rare)
    head = rare.copy()
    head.loc[[5, 9], "y_pred"] = 1 - head.y_true  # both right before; nothing falls that is not allowed
    commit(repo, head)
    said = mltool(repo.folder, "gate", base, "HEAD")
    assert said.code == 0
    assert said.out.startswith("⚠️ Passed, with doubts: 1 slice too small to see")
    assert mltool(repo.folder, "gate", base, "HEAD", "--fail-undecided").code == 3


def test_a_slice_column_that_is_not_there_is_undecided_and_spoils_no_other_gate(tmp_path: Path) -> None:
    repo = project(tmp_path / "p", gates=f'{GATES}slices = ["colour"]\n')
    base = commit(repo, made(500))
    commit(repo, made(500, others=0.001))
    report = judge(repo, base)
    assert verdict(report).test == "paired"
    lost = verdict(report, "colour")
    assert (lost.outcome, report.outcome) == (Outcome.UNDECIDED, Outcome.UNDECIDED)
    assert "has no column `colour`" in lost.sentence


def test_groups_that_nobody_declared_are_shown_and_not_judged(tmp_path: Path) -> None:
    repo = project(tmp_path / "p", gates=f'{GATES}[predictions]\nslices = ["group"]\n')
    base = commit(repo, made(4_000))
    head = made(4_000)
    hurt = (head.group == "north") & (np.random.default_rng(1).random(4_000) < 0.3)
    head["y_pred"] = head.y_pred.where(~hurt, 1 - head.y_true)
    commit(repo, head)
    report = judge(repo, base)
    found = verdict(report, "group=north")
    assert (found.outcome, found.declared) == (Outcome.SKIP, False)


def test_clusters_widen_the_interval(tmp_path: Path) -> None:
    found = []
    for number, more in enumerate(("", '[predictions]\ncluster = "shop"\n')):
        repo = project(tmp_path / str(number), gates=GATES + more)
        shops = np.arange(1_000) // 50
        bad = np.isin(shops, (3, 7))
        base = commit(repo, made(1_000).assign(shop=shops))
        head = made(1_000).assign(shop=shops)
        head["y_pred"] = head.y_pred.where(~bad, 1 - head.y_true)
        commit(repo, head)
        found.append(verdict(judge(repo, base)))
    alone, clustered = found
    assert clustered.groups == 20
    assert (clustered.high or 0) > (alone.high or 0)


def test_the_same_commits_give_the_same_figures(tmp_path: Path) -> None:
    gates = '[gates.f1]\nmetric = "metrics.json:f1"\ntolerance = 0.01\n'
    repo = project(tmp_path / "p", gates=gates)
    base = commit(repo, made(700))
    commit(repo, made(700, others=0.02))
    assert judge(repo, base).verdicts == judge(repo, base).verdicts


def test_a_large_file_is_copied_and_not_held(tmp_path: Path) -> None:
    repo = project(tmp_path / "p")
    base = commit_to_dvc(repo, made())
    commit_to_dvc(repo, made(others=0.08))
    compared = compare(repo.folder, base, "HEAD", objects=lambda _hashes, *, download=True: {})
    assert predictions.compare(compared, evidence.load_config(compared.head_tree)).paired


def test_a_repository_without_predictions_loads_nothing_heavy(tmp_path: Path) -> None:
    repo = project(tmp_path / "p")
    base = repo.commit({"metrics.json": {"accuracy": 0.9}})
    repo.commit({"metrics.json": {"accuracy": 0.9}})
    code = f"import sys; sys.argv = ['mltool', 'gate', {base!r}, 'HEAD']\nfrom mltool.cli import main\ntry: main()\n"
    code += "finally: print({'numpy', 'pyarrow', 'scipy', 'pandas'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=repo.folder, capture_output=True, text=True, env=dict(os.environ), check=False
    )
    assert done.stdout.endswith("set()\n"), done.stdout + done.stderr
