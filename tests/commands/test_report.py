"""`mltool report` and `mltool gate` on real repositories: what they gather, print, write and exit with."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.repos import Repo, entry, lock
from support.said import mltool

STAGE = """\
stages:
  train:
    cmd: python train.py
    deps: [train.py]
    params: [lr]
    outs: [model.bin]
    metrics: [{metrics.json: {cache: false}}]
plots:
  - roc.json: {x: fpr, y: tpr, title: ROC}
"""
GATE = '[gates.acc]\nmetric = "metrics.json:accuracy"\ntolerance = 0.01\n'


def side(accuracy: object, *, lr: float = 0.1, ran: float | None = None, config: str = GATE) -> dict[str, Any]:
    """Return a project whose last run had `ran` as its rate of learning."""
    metrics = f'{{"accuracy": {accuracy}, "seconds": 3}}'
    recorded = {
        "cmd": "python train.py",
        "deps": [entry("train.py", "pass")],
        "params": {"params.yaml": {"lr": lr if ran is None else ran}},
        "outs": [entry("metrics.json", metrics), entry("model.bin", str(accuracy))],
    }
    return {
        "dvc.yaml": STAGE,
        "train.py": "pass",
        "params.yaml": f"lr: {lr}\n",
        "metrics.json": metrics,
        "roc.json": [{"fpr": 0, "tpr": 0}, {"fpr": 1, "tpr": accuracy if isinstance(accuracy, float) else 1}],
        "eval/slices.json": {"country": {"NL": {"rows": 40, "accuracy": 0.5}}},
        "dvc.lock": lock(train=recorded),
        ".gitignore": "/model.bin\n",
        "mltool.toml": config,
    }


@pytest.fixture
def project(repo: Repo) -> Repo:
    """Return a project with a branch on which accuracy fell by five points."""
    repo.commit(side(0.8), "first")
    repo.commit(side(0.9), "second")
    repo.git("switch", "--quiet", "--create", "topic")
    repo.commit(side(0.85, lr=0.3), "worse")
    return repo


def test_a_fall_beyond_the_tolerance_exits_1_and_says_why(project: Repo) -> None:
    said = mltool(project.folder, "report")
    assert said.code == 1
    assert "accuracy fell 5 points" in said.out
    assert "lr 0.1 → 0.3" in said.out
    gate = mltool(project.folder, "gate")
    assert gate.code == 1
    assert "worse than allowed" in gate.out


def test_the_json_holds_every_fact(project: Repo) -> None:
    found = mltool(project.folder, "report", "--format", "json").json
    assert found["outcome"] == "fail"
    assert found["base"]["sha"] == project.git("rev-parse", "main")
    assert [verdict["gate"] for verdict in found["verdicts"]] == ["acc", "dvc.lock"]
    assert [line["values"] for line in found["history"]["lines"]] == [[0.8, 0.9]]
    assert found["slices"][0]["value"] == "NL"
    assert {line["side"] for curve in found["curves"] for line in curve["series"]} == {"base", "head"}
    assert found["graph"]["nodes"][0]["stage"] == "train"


def test_any_two_revisions_can_be_reported_on(project: Repo) -> None:
    said = mltool(project.folder, "report", "main~1", "main")
    assert said.code == 0
    assert "accuracy rose" in said.out


def test_the_forms_are_written_beside_what_is_printed(project: Repo, tmp_path: Path) -> None:
    out = tmp_path / "made" / "here"
    said = mltool(project.folder, "report", "--output", out, "--format", "markdown")
    assert said.code == 1
    assert said.out == (out / "report.md").read_text()
    assert (out / "report.html").read_text().startswith("<!doctype html>")
    again = mltool(tmp_path, "report", "--from", out / "report.json", "--format", "markdown")
    assert (again.code, again.out) == (1, said.out)


def test_a_live_release_has_a_column_of_its_own(project: Repo) -> None:
    project.git("tag", "-m", "x", "model@v1.0.0", "main~1")
    found = mltool(project.folder, "report", "--format", "json").json
    assert found["production"]["version"] == "v1.0.0"
    assert found["metrics"][0]["production"] == 0.8
    project.git("tag", "-m", "x", "other@v2.0.0", "main")
    found = mltool(project.folder, "report", "--format", "json").json
    assert found["production"] is None
    assert found["notes"] == ["No production column: several models are live (model, other)."]


def test_a_loosened_gate_is_named(project: Repo) -> None:
    project.commit({"mltool.toml": GATE.replace("0.01", "0.5")})
    said = mltool(project.folder, "report")
    assert said.code == 0
    assert "This change edits the gate acc: tolerance 0.01 → 0.5." in said.out.replace("\n", " ")


def test_a_stale_lock_fails_unless_the_repository_says_otherwise(project: Repo) -> None:
    project.commit(side(0.9, lr=0.3, ran=0.1))
    said = mltool(project.folder, "gate")
    assert said.code == 1
    assert "dvc.lock is not what this commit produces: train (param lr changed)" in said.out.replace("\n", " ")
    for level in ("warn", "off"):
        project.write({"mltool.toml": f'{GATE}\n[ci]\nlock = "{level}"\n'})
        assert mltool(project.folder, "gate").code == 0


def test_where_the_pipeline_was_reproduced_the_commit_is_compared_with_its_lock(project: Repo, tmp_path: Path) -> None:
    """In CI the work tree has the fresh dvc.lock; what was committed is the stale one."""
    sha = project.commit(side(0.9, lr=0.3, ran=0.1))
    project.write(side(0.9, lr=0.3))
    assert mltool(project.folder, "report").code == 0
    event = tmp_path / "event.json"
    head = {"sha": sha, "ref": "topic", "repo": {"full_name": "o/r"}}
    base = {"sha": project.git("rev-parse", "main"), "ref": "main", "repo": {"full_name": "o/r"}}
    event.write_text(
        json.dumps({"repository": {"full_name": "o/r"}, "pull_request": {"number": 1, "head": head, "base": base}})
    )
    job = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_REPOSITORY": "o/r",
        "GITHUB_SHA": "f" * 40,
    }
    said = mltool(project.folder, "report", "--format", "json", **job)
    assert said.code == 1
    assert said.json["head"] == {"sha": sha, "ref": "topic", "subject": "change", "dirty": False}
    assert [item["stage"] for item in said.json["stale"]] == ["train"]


def test_without_a_baseline_the_gate_is_skipped_with_a_sentence(repo: Repo) -> None:
    repo.commit(side(0.9))
    said = mltool(repo.folder, "gate")
    assert said.code == 0
    assert said.out.startswith("➖ First run: nothing to compare with yet")
    assert "no baseline yet" in said.out


def test_a_base_that_cannot_be_read_is_undecided_and_exits_3_where_asked(project: Repo) -> None:
    project.git("switch", "--quiet", "main")
    project.commit({"metrics.json": "{broken"})
    project.git("switch", "--quiet", "--create", "mend")
    project.commit(side(0.9))
    assert mltool(project.folder, "gate").code == 0
    said = mltool(project.folder, "gate", "--fail-undecided")
    assert said.code == 3
    assert "Undecided" in said.out


@pytest.mark.parametrize("accuracy", ["NaN", '"high"', "null"])
def test_a_metric_that_is_no_number_fails(project: Repo, accuracy: str) -> None:
    project.commit(side(accuracy))
    said = mltool(project.folder, "gate")
    assert said.code == 1
    assert "metrics.json" in said.out


def test_an_unreadable_metrics_file_fails_and_names_file_and_line(project: Repo) -> None:
    project.commit({"metrics.json": '{\n"accuracy": }'})
    said = mltool(project.folder, "report")
    assert said.code == 1
    assert "metrics.json" in said.out
    assert "line 2" in said.out


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ("[gates.acc\n", "mltool: mltool.toml is not valid TOML"),
        ("[gates.acc]\nmetric = 'metrics.json:x'\n", "mltool: [gates.acc]: `x` does not say which way is better."),
        ("[gate.acc]\n", "mltool: mltool.toml: unknown key `gate`. Did you mean `gates`?"),
    ],
)
def test_a_configuration_that_cannot_be_understood_exits_2(project: Repo, config: str, sentence: str) -> None:
    project.write({"mltool.toml": config})
    for verb in ("gate", "report"):
        said = mltool(project.folder, verb)
        assert said.code == 2
        assert " ".join(said.err.split()).replace(" → ", " ").startswith(sentence.replace("mltool: ", "mltool: ", 1))


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "Cannot read"), ("{}", "This is not a report"), ("not json", "This is not a report"), ("", "This is not")],
)
def test_a_file_that_is_no_report_exits_2(tmp_path: Path, content: str | None, words: str) -> None:
    path = tmp_path / "report.json"
    if content is not None:
        path.write_text(content)
    said = mltool(tmp_path, "report", "--from", path)
    assert said.code == 2
    assert words in said.err


def test_posting_from_a_laptop_exits_2_with_what_to_do(project: Repo) -> None:
    said = mltool(project.folder, "report", "--post")
    assert said.code == 2
    assert "needs a job of GitHub Actions" in said.err


def test_a_folder_that_cannot_be_written_is_one_sentence_and_leaves_nothing(project: Repo, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    said = mltool(project.folder, "report", "--output", blocked / "report")
    assert said.code == 2
    assert said.err.startswith(f"mltool: Cannot write {blocked / 'report'}")
    assert blocked.read_text() == "in the way"


def test_a_reader_that_goes_away_is_no_failed_gate(project: Repo) -> None:
    command = (
        f"{sys.executable} -m mltool report main~1 main --format html | head -c 10 >/dev/null; echo ${{PIPESTATUS[0]}}"
    )
    done = subprocess.run(["bash", "-c", command], cwd=project.folder, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0"
    assert done.stderr == ""
