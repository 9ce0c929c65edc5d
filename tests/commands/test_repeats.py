"""`mltool gate` on repositories that train with several seeds, and on gaps between groups."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mltool.commands import gate
from mltool.commands.compare import compare
from mltool.errors import UserError
from mltool.gates.verdict import Outcome, Verdict
from mltool.report.model import Report
from support.predicted import measured, parquet
from support.predicted import predictions as made
from support.repos import Repo

GATES = """
[gates.accuracy]
metric = "metrics.json:accuracy"
tolerance = 0.02

[predictions]
path = "eval/predictions-*.parquet"
"""
SEEDS = (1, 2, 3, 4, 5)


def project(folder: Path, gates: str = GATES) -> Repo:
    repo = Repo.create(folder)
    repo.write({"dvc.yaml": {"metrics": ["metrics.json"]}, "mltool.toml": gates})
    return repo


def trained(shift: int = 0, *, seeds: Sequence[int] = SEEDS, loss: float = 0.0) -> dict[int, pd.DataFrame]:
    """Return predictions of several trainings that differ in what they miss, `loss` more of the rows each."""
    return {seed: made(others=0.03 + loss, seed=100 * shift + seed) for seed in seeds}


def mean(tables: dict[int, pd.DataFrame]) -> dict[str, float]:
    each = [measured(table) for table in tables.values()]
    return {name: float(np.mean([one[name] for one in each])) for name in each[0]}


def commit(repo: Repo, tables: dict[int, pd.DataFrame], metrics: Any = None) -> str:
    files = {f"eval/predictions-{seed}.parquet": parquet(table) for seed, table in tables.items()}
    return repo.commit({**files, "metrics.json": metrics or mean(tables)})


def judge(repo: Repo, base: str, head: str | None = "HEAD") -> Report:
    return gate.judge(compare(repo.folder, base, head), committed=False)


def verdict(report: Report, where: str = "") -> Verdict:
    return next(item for item in report.verdicts if item.metric and item.slice == where)


@pytest.mark.parametrize(("loss", "outcome"), [(0.0, Outcome.PASS), (0.06, Outcome.FAIL)])
def test_the_predictions_of_several_seeds_are_judged_by_seed_and_row(
    tmp_path: Path, loss: float, outcome: Outcome
) -> None:
    repo = project(tmp_path / "p")
    base = commit(repo, trained())
    commit(repo, trained(1, loss=loss))
    for head in ("HEAD", None):
        found = verdict(judge(repo, base, head))
        assert (found.outcome, found.test, found.repeats, found.rows) == (outcome, "repeats", 5, 2_000), found.why
        assert "mixed t interval over seeds and rows" in found.method
        assert "2,000 rows, 5 repeats" in found.sentence
        assert "5 repeats, each beside its namesake" in found.sentence


def test_seeds_of_other_names_are_independent(tmp_path: Path) -> None:
    repo = project(tmp_path / "p")
    base = commit(repo, trained())
    repo.git("rm", "-q", *(f"eval/predictions-{seed}.parquet" for seed in SEEDS))
    commit(repo, trained(1, seeds=(7, 8, 9)))
    found = verdict(judge(repo, base))
    assert found.repeats == 3
    assert "5 repeats at the base and 3 here" in found.sentence


def test_two_repeats_fall_back_to_the_rows_and_say_so(tmp_path: Path) -> None:
    repo = project(tmp_path / "p")
    base = commit(repo, trained(seeds=(1, 2)))
    commit(repo, trained(1, seeds=(1, 2)))
    found = verdict(judge(repo, base))
    assert (found.test, found.repeats) == ("paired", 2)
    assert "how far the seed alone moves the metric is not in this interval" in found.sentence


def test_a_gate_that_asks_for_repeats_and_has_two_is_undecided(tmp_path: Path) -> None:
    repo = project(tmp_path / "p", GATES.replace("tolerance", 'test = "repeats"\ntolerance'))
    base = commit(repo, trained(seeds=(1, 2)))
    commit(repo, trained(1, seeds=(1, 2)))
    found = verdict(judge(repo, base))
    assert found.outcome is Outcome.UNDECIDED
    assert "fewer than 3 repeats" in found.sentence


def test_a_metrics_file_of_one_seed_alone_is_named(tmp_path: Path) -> None:
    repo = project(tmp_path / "p")
    tables = trained()
    base = commit(repo, tables, measured(tables[3]))
    head = trained(1)
    commit(repo, head, measured(head[3]))
    assert "the value of repeat 3 alone, not the mean over 5" in verdict(judge(repo, base)).why


def test_one_file_may_hold_several_repeats(tmp_path: Path) -> None:
    gates = GATES.replace('path = "eval/predictions-*.parquet"', 'path = "eval/all.parquet"\nrepeat = "seed"')
    repo = project(tmp_path / "p", gates)
    shas = []
    for shift in (0, 1):
        tables = trained(shift)
        whole = pd.concat([table.assign(seed=seed) for seed, table in tables.items()])
        shas.append(repo.commit({"eval/all.parquet": parquet(whole), "metrics.json": mean(tables)}))
    found = verdict(judge(repo, shas[0]))
    assert (found.test, found.repeats, found.rows) == ("repeats", 5, 2_000)


def test_the_values_of_several_metrics_files_are_compared_by_their_seeds(tmp_path: Path) -> None:
    gates = '[gates.accuracy]\nmetric = "metrics/seed-*.json:accuracy"\ntolerance = 0.01\n'
    repo = project(tmp_path / "p", gates)
    repo.write({"dvc.yaml": {"metrics": [f"metrics/seed-{seed}.json" for seed in SEEDS]}})
    values = (0.90, 0.91, 0.905, 0.895, 0.9)
    files = {f"metrics/seed-{seed}.json": {"accuracy": value} for seed, value in zip(SEEDS, values, strict=True)}
    base = repo.commit(files)
    worse = {path: {"accuracy": each["accuracy"] - 0.05 + 0.001 * len(path)} for path, each in files.items()}
    worse["metrics/seed-1.json"]["accuracy"] += 0.002
    repo.commit(worse)
    report = judge(repo, base)
    found = verdict(report)
    assert (found.outcome, found.test, found.method) == (Outcome.FAIL, "repeats", "paired t interval over seeds")
    assert [item.metric for item in report.verdicts if item.metric] == ["metrics/seed-*.json:accuracy"]


def test_a_gap_between_groups_is_judged_with_its_interval(tmp_path: Path) -> None:
    gates = """
[gates.parity]
metric = "metrics.json:group.accuracy_difference"
group = "group"
tolerance = 0.01
"""
    repo = project(tmp_path / "p", gates)

    def gap(table: pd.DataFrame) -> dict[str, Any]:
        right = (table.y_true == table.y_pred).groupby(table.group).mean()
        return {"group": {"accuracy_difference": float(right.max() - right.min())}}

    before, after = made(), made()
    lost = (after.group == "north") & (after.row_id % 5 == 0)
    after["y_pred"] = after.y_pred.where(~lost, 1 - after.y_pred)
    base = repo.commit({"eval/predictions.parquet": parquet(before), "metrics.json": gap(before)})
    repo.commit({"eval/predictions.parquet": parquet(after), "metrics.json": gap(after)})
    found = verdict(judge(repo, base))
    assert (found.outcome, found.test, found.direction) == (Outcome.FAIL, "paired", "lower"), found.why
    assert "where group is north" in found.sentence


ANOTHER = {
    "slices": ('slices = ["group"]\n', ""),
    "clusters": ("", 'cluster = "place"\n'),
    "time": ("", 'time = "place"\n'),
}


@pytest.mark.parametrize("way", ANOTHER)
@pytest.mark.parametrize("metric", ["accuracy", "f1", "roc_auc"])
def test_several_seeds_go_with_slices_with_clusters_and_with_time(tmp_path: Path, way: str, metric: str) -> None:
    in_gate, in_predictions = ANOTHER[way]
    gates = GATES.replace("tolerance = 0.02\n", f"tolerance = 0.02\n{in_gate}").replace(":accuracy", f":{metric}")
    repo = project(tmp_path / "p", gates + in_predictions)
    sides = [
        {seed: table.assign(place=table.row_id % 50) for seed, table in trained(shift, loss=loss).items()}
        for shift, loss in ((0, 0.0), (1, 0.1))
    ]
    base = commit(repo, sides[0])
    commit(repo, sides[1])
    report = judge(repo, base)
    found = verdict(report)
    assert (found.outcome, found.test, found.repeats) == (Outcome.FAIL, "repeats", 5), found.sentence
    assert found.groups == (50 if way == "clusters" else None)
    parts = {item.slice: item for item in report.verdicts if item.slice}
    assert {*parts} == ({"group=north", "group=south"} if way == "slices" else set())
    assert all(item.repeats == 5 and "mixed t interval" in item.method for item in parts.values())


def test_a_slice_of_one_row_is_no_crash(tmp_path: Path) -> None:
    repo = project(tmp_path / "p", GATES.replace("tolerance", 'slices = ["group"]\ntolerance'))
    shas = []
    for shift in (0, 1):
        tables = trained(shift, seeds=(1, 2, 3)).items()
        shas.append(commit(repo, {s: t.assign(group=["lone", *["other"] * 1_999]) for s, t in tables}))
    assert verdict(judge(repo, shas[0]), "group=lone").outcome is Outcome.UNDECIDED


def test_one_seed_that_drops_the_rows_it_gets_wrong_is_no_pass(tmp_path: Path) -> None:
    repo = project(tmp_path / "p")
    base = commit(repo, trained())
    head = trained(1)
    head[2] = head[2][head[2].y_true == head[2].y_pred]
    commit(repo, head)
    found = verdict(judge(repo, base))
    assert found.outcome is Outcome.UNDECIDED
    assert "of the base's rows are not here or have another truth" in found.sentence


def test_seeds_in_a_folder_of_dvc_come_from_its_cache(tmp_path: Path) -> None:
    repo = project(tmp_path / "p")
    repo.dvc("config", "core.analytics", "false")
    shas = []
    for shift in (0, 1):
        tables = trained(shift, seeds=(1, 2, 3))
        repo.write({f"eval/predictions-{seed}.parquet": parquet(table) for seed, table in tables.items()})
        repo.dvc("add", "-q", "eval")
        shas.append(repo.commit({"metrics.json": mean(tables)}))
    assert "eval/predictions-1.parquet" not in repo.git("ls-files")
    for head in ("HEAD", None):
        found = verdict(judge(repo, shas[0], head))
        assert (found.outcome, found.test, found.repeats, found.rows) == (Outcome.PASS, "repeats", 3, 2_000), found.why


@pytest.mark.parametrize("path", ["/tmp/*.parquet", "../*.parquet", "eval/../../x-*.parquet"])
def test_a_pattern_out_of_the_repository_is_refused(tmp_path: Path, path: str) -> None:
    repo = project(tmp_path / "p", GATES.replace("eval/predictions-*.parquet", path))
    base = commit(repo, trained(seeds=(1,)))
    commit(repo, trained(1, seeds=(1,)))
    with pytest.raises(UserError, match="leads out of the repository"):
        judge(repo, base)
