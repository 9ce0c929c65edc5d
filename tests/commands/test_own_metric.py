"""`mltool gate` with a metric that a function of the repository computes."""

import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from support.predicted import PATH, measured, parquet
from support.predicted import predictions as made
from support.repos import Repo
from support.said import Said, mltool

PROFIT = """
import numpy as np

GAIN = 40


def profit(truth, label, score):
    asked = label == 1
    return float(np.mean(asked * (GAIN * (truth == 1) - 10)))
"""
GATE = """
[gates.profit]
metric = "metrics.json:profit"
direction = "higher"
tolerance = 0.5
function = "scoring.py:profit"
"""


def profit(table: pd.DataFrame) -> float:
    return float(np.mean((table.y_pred == 1) * (40 * (table.y_true == 1) - 10)))


def files(table: pd.DataFrame, **more: Any) -> dict[str, Any]:
    return {PATH: parquet(table), "metrics.json": measured(table) | {"profit": profit(table)} | more}


def project(
    folder: Path, *, function: str = PROFIT, gate: str = GATE, base: pd.DataFrame | None = None, **more: Any
) -> Repo:
    """Return a repository whose base is committed and whose work tree has a clearly worse head, uncommitted."""
    repo = Repo.create(folder)
    repo.write({"dvc.yaml": {"metrics": ["metrics.json"]}, "mltool.toml": gate, "scoring.py": function})
    before = made(600) if base is None else base
    repo.commit(files(before, **more))
    repo.write(files(made(600, others=0.15), **more))
    return repo


def gated(repo: Repo, *words: str) -> tuple[Said, dict[str, Any]]:
    """Return what `mltool gate` says of the work tree, and its verdict on all rows."""
    out = repo.folder.parent / "gate.json"
    said = mltool(repo.folder, "gate", *(words or ("HEAD",)), "--output", out)
    found = pd.read_json(out, typ="series").to_dict()
    return said, next(each for each in found["verdicts"] if each.get("gate") == "profit" and not each.get("slice"))


def test_a_drop_in_a_metric_of_ones_own_is_a_regression_with_its_interval(tmp_path: Path) -> None:
    said, verdict = gated(project(tmp_path / "p"))
    assert (said.code, verdict["outcome"], verdict["test"]) == (1, "fail", "paired")
    assert verdict["method"] == "bootstrap and permutation"
    assert verdict["low"] < verdict["delta"] < verdict["high"] < 0


def test_the_same_files_give_the_same_figures(tmp_path: Path) -> None:
    repo = project(tmp_path / "p")
    assert gated(repo)[1] == gated(repo)[1]


def test_a_model_that_is_as_good_is_not_worse(tmp_path: Path) -> None:
    gate = GATE.replace("0.5", "3")
    repo = project(tmp_path / "p", gate=gate, base=made(600, others=0.02, seed=1))
    repo.write(files(made(600, others=0.02, seed=2)))
    said, verdict = gated(repo)
    assert (said.code, verdict["outcome"], verdict["test"]) == (0, "pass", "paired")
    assert verdict["low"] < 0 < verdict["high"]


def test_the_function_sees_classes_as_the_file_has_them_and_scores(tmp_path: Path) -> None:
    function = """
def profit(truth, label, score):
    assert truth.dtype.kind == label.dtype.kind == "U" and score.shape == truth.shape
    return ((truth == "yes") * score).mean()
"""
    table = made(300)
    words = {"y_true": np.where(table.y_true, "yes", "no"), "y_pred": np.where(table.y_pred, "yes", "no")}
    before, after = table.assign(**words), table.assign(**words, y_score=table.y_score * 0.9)
    values = [float(((each.y_true == "yes") * each.y_score).mean()) for each in (before, after)]
    repo = project(tmp_path / "p", function=function)
    repo.commit({PATH: parquet(before), "metrics.json": {"profit": values[0]}})
    repo.write({PATH: parquet(after), "metrics.json": {"profit": values[1]}})
    assert gated(repo)[1]["test"] == "paired"


def test_slices_and_clusters_are_judged_too(tmp_path: Path) -> None:
    gate = GATE + 'slices = ["group"]\n[predictions]\ncluster = "row_id"\n'
    repo = project(tmp_path / "p", gate=gate)
    out = tmp_path / "gate.json"
    mltool(repo.folder, "gate", "HEAD", "--output", out)
    found = {each["slice"]: each for each in pd.read_json(out, typ="series")["verdicts"] if each["gate"] == "profit"}
    assert set(found) == {"", "group=north", "group=south"}
    assert not [each["why"] for each in found.values() if each["why"]]
    assert {each["method"] for each in found.values()} == {"cluster bootstrap and permutation"}
    assert (found["group=north"]["rows"], found[""]["groups"]) == (150, 600)


def test_code_of_the_repository_does_not_run_for_a_commit_that_is_named(tmp_path: Path) -> None:
    repo = project(tmp_path / "p", function=f"open({str(tmp_path / 'ran')!r}, 'w')\n{PROFIT}")
    repo.commit()
    _, verdict = gated(repo, "HEAD~1", "HEAD")
    assert verdict["test"] == "tolerance"
    assert "scoring.py: `profit` runs only where this change is checked out" in verdict["why"]
    assert not (tmp_path / "ran").exists()
    gated(repo, "HEAD~1")
    assert (tmp_path / "ran").exists()


BROKEN = {
    "raise KeyError('x')": "raises KeyError at line 3",
    "import os; os._exit(0)": "ended its process with exit code 0, without a number",
    "return '0.9'": "returns a str, not a number",
}


@pytest.mark.parametrize("body", BROKEN)
def test_a_function_that_is_broken_leaves_the_gate_undecided_in_one_sentence(tmp_path: Path, body: str) -> None:
    repo = project(tmp_path / "p", function=f"\ndef profit(truth, label, score):\n    {body}\n")
    said, verdict = gated(repo, "HEAD", "--fail-undecided")
    assert (said.code, verdict["outcome"]) == (3, "undecided")
    assert f"scoring.py: `profit` {BROKEN[body]}" in verdict["sentence"]
    assert "Traceback" not in said.out


def test_a_function_that_hangs_is_ended_with_all_that_it_began(tmp_path: Path) -> None:
    mark = f"{tmp_path.name}-{time.time_ns()}"
    function = f"""
import subprocess, sys

def profit(truth, label, score):
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", {mark!r}])
    while True:
        print("endless" * 1000)
"""
    repo = project(tmp_path / "p", function=function, gate=GATE + "seconds = 1\n")
    _, verdict = gated(repo)
    assert verdict["outcome"] == "undecided"
    assert "scoring.py: `profit` did not come to an end within 2 s" in verdict["sentence"]
    assert mark not in subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout


def test_a_slow_function_is_drawn_less_often_and_one_that_is_too_slow_not_at_all(tmp_path: Path) -> None:
    slow = PROFIT.replace("    asked", "    time.sleep(0.002)\n    asked").replace("import", "import time\nimport", 1)
    _, verdict = gated(project(tmp_path / "p", function=slow, gate=GATE + "seconds = 3\n"))
    assert verdict["outcome"] == "fail"
    assert "draws" in verdict["method"]
    slower = slow.replace("0.002", "0.2")
    _, verdict = gated(project(tmp_path / "q", function=slower, gate=GATE + "seconds = 4\n"))
    assert verdict["outcome"] == "undecided"
    assert "s a call, so that 150 draws take more than 4 s" in verdict["sentence"]


def test_a_function_that_gives_other_values_than_the_metrics_files_does_not_judge(tmp_path: Path) -> None:
    _, verdict = gated(project(tmp_path / "p", profit=123.0))
    assert (verdict["outcome"], verdict["test"]) == ("pass", "tolerance")
    assert "the metrics files 123 and 123" in verdict["why"]


def test_a_metrics_file_that_is_not_of_this_changes_predictions_leaves_the_gate_undecided(tmp_path: Path) -> None:
    repo = project(tmp_path / "p")
    repo.write({"metrics.json": {"profit": 99.0}})
    _, verdict = gated(repo)
    assert verdict["outcome"] == "undecided"
    assert "its metrics file, unlike the base's, is not of them" in verdict["sentence"]


def test_a_file_that_leads_out_of_the_repository_is_not_run(tmp_path: Path) -> None:
    outside = tmp_path / "elsewhere.py"
    outside.write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n{PROFIT}")
    repo = project(tmp_path / "p")
    (repo.folder / "scoring.py").unlink()
    (repo.folder / "scoring.py").symlink_to(outside)
    _, verdict = gated(repo)
    assert verdict["outcome"] == "undecided"
    assert "scoring.py leads out of the repository" in verdict["sentence"]
    assert not (tmp_path / "ran").exists()
    for path in ("../elsewhere.py", str(outside)):
        repo.write({"mltool.toml": GATE.replace("scoring.py", path)})
        said = mltool(repo.folder, "gate", "HEAD")
        assert said.code == 2
        assert "leads out of the repository" in said.err


def test_the_function_has_no_token_of_the_job_and_leaves_nothing_in_the_repository(tmp_path: Path) -> None:
    function = f"""
import os
{PROFIT}
assert "GITHUB_TOKEN" not in os.environ
import beside
"""
    repo = project(tmp_path / "p", function=function)
    repo.write({"beside.py": ""})
    said = mltool(repo.folder, "gate", "HEAD", GITHUB_TOKEN="secret")
    assert said.code == 1
    assert not (repo.folder / "__pycache__").exists()


def test_a_change_of_the_function_is_seen(tmp_path: Path) -> None:
    repo = project(tmp_path / "p")
    repo.write({"scoring.py": PROFIT.replace("40", "50")})
    said = mltool(repo.folder, "report", "HEAD", "--format", "markdown")
    assert "This change edits scoring.py, which computes the gate `profit`." in said.out.replace("\\", "")
