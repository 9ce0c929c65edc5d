"""The base model on the head's test set: real Git, real DVC, and everything that may stand in the way."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from support import moved
from support.repos import Repo
from support.said import Said, mltool

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    repo = moved.project(tmp_path_factory.mktemp("moved") / "project")
    moved.move(repo, cut=0.45)
    return repo


@pytest.fixture
def repo(original: Repo, tmp_path: Path) -> Repo:
    """Return a copy of a project whose branch has another test set and another model."""
    shutil.copytree(original.folder, tmp_path / "project", symlinks=True)
    return Repo(tmp_path / "project")


def gate(repo: Repo) -> dict[str, Any]:
    said = mltool(repo.folder, "gate", "--json")
    assert said.code in (0, 1), said.err
    found: dict[str, Any] = said.json
    return found


def accuracy(report: dict[str, Any]) -> dict[str, Any]:
    return next(item for item in report["verdicts"] if item["gate"] == "accuracy")


def measure(repo: Repo, **environ: str) -> Said:
    return mltool(repo.folder, "measure", "base", TMPDIR=str(repo.folder.parent), **environ)


def left_alone(repo: Repo) -> bool:
    """Return whether nothing stays behind: no checkout, no folder, no change."""
    trees = repo.git("worktree", "list").splitlines()
    return len(trees) == 1 and not list(repo.folder.parent.glob("mltool-*")) and not repo.git("status", "--porcelain")


def test_both_models_are_compared_on_the_rows_of_the_new_test_set(repo: Repo) -> None:
    shared = accuracy(gate(repo))
    assert shared["rows"] == 500  # which this test set and the old one share; the base counts 800

    said = measure(repo)

    assert said.code == 0, said.err
    assert "Run predict of the base" in said.err
    assert left_alone(repo)
    assert (repo.folder / "times.log").read_text() == "trained\ntrained\n"  # once for each commit, and never again
    report = gate(repo)
    found = accuracy(report)
    assert (found["rows"], found["test"]) == (500, "paired")
    assert found["base"] == pytest.approx(0.75)
    assert found["recorded"] == pytest.approx(0.80625, abs=0.001)
    assert found["delta"] == pytest.approx(found["head"] - found["base"])
    assert "Base evaluated anew on this change's test set (its own metrics file says 0.8" in found["sentence"]
    assert any("the base was evaluated anew on this change's" in note for note in report["notes"])
    row = next(row for row in report["metrics"] if row["key"] == "accuracy")
    assert row["base"] == found["base"]
    assert "before" in measure(repo).out


def test_ci_run_does_it_after_the_pipeline_and_says_so(repo: Repo) -> None:
    said = mltool(repo.folder, "ci", "run", TMPDIR=str(repo.folder.parent))
    assert said.code == 0, said.err
    assert said.out.rstrip().endswith("is evaluated on this change's data/test.csv.")
    assert accuracy(gate(repo))["recorded"] is not None
    assert left_alone(repo)


def test_without_it_the_shared_rows_decide_and_the_report_says_why(repo: Repo) -> None:
    report = gate(repo)
    assert accuracy(report)["recorded"] is None
    note = next(note for note in report["notes"] if "differs between base and head" in note)
    assert note.endswith("was not evaluated on the new one: `mltool measure base` evaluates the base on it.")
    assert (accuracy(report)["outcome"], accuracy(report)["lost"]) == ("fail", 0.375)
    file = repo.folder / "mltool.toml"
    file.write_text(file.read_text().replace("tolerance = 0.02", "tolerance = 0.05"))
    open_to_doubt = accuracy(gate(repo))
    assert open_to_doubt["outcome"] == "undecided"
    assert open_to_doubt["sentence"].endswith(
        "may be those that got worse. The base was not evaluated on this change's data/test.csv: `mltool measure base` "
        "evaluates the base on it."
    )


def test_a_base_that_does_not_run_on_the_new_test_set_is_named_and_fails_no_job(repo: Repo) -> None:
    renamed = moved.rows().replace("row_id,x,late", "row_id,z,late")
    steps = moved.STEPS.replace('row.get("x")', 'row.get("z")')
    repo.write({"raw.csv": renamed, "steps.py": steps})
    repo.dvc("repro", "--quiet")
    repo.commit(message="columns renamed")
    said = mltool(repo.folder, "ci", "run", TMPDIR=str(repo.folder.parent))
    assert said.code == 0, said.err
    assert "The base was not evaluated on this change's test set. Stage `predict` failed" in said.out
    report = gate(repo)
    note = next(note for note in report["notes"] if "differs between base and head" in note)
    assert note.endswith("not evaluated on the new one: stage `predict` failed: its command ended with exit code 1.")
    assert accuracy(report)["recorded"] is None
    assert left_alone(repo)
    assert measure(repo).code == 2


def test_a_model_that_nobody_has_is_named(repo: Repo) -> None:
    model = repo.git("show", "main:dvc.lock").split("path: model.json")[1].split("md5: ")[1][:32]
    (repo.folder / ".dvc/cache/files/md5" / model[:2] / model[2:]).unlink()
    said = measure(repo)
    assert said.code == 2
    assert "model.json is neither in DVC's cache nor in a remote" in said.err
    assert left_alone(repo)
    assert any("model.json is neither in DVC's cache" in note for note in gate(repo)["notes"])


def test_a_stopped_run_leaves_nothing_behind_and_nothing_half_written(repo: Repo) -> None:
    repo.git("checkout", "-q", "main")
    started = repo.folder.parent / "started"
    waits = f"import os, time\nif '/tree' in os.getcwd(): open({str(started)!r}, 'w').close(); time.sleep(60)\n"
    repo.write({"steps.py": f"{waits}{moved.STEPS}"})
    repo.commit(message="slow where it is checked out")
    repo.git("checkout", "-q", "work")
    environ = os.environ | {"TMPDIR": str(repo.folder.parent)}
    words = (sys.executable, "-m", "mltool", "measure", "base", "main")
    running = subprocess.Popen(words, cwd=repo.folder, env=environ, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not started.exists() and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    running.send_signal(signal.SIGTERM)
    _, said = running.communicate(timeout=30)
    assert running.returncode == 128 + signal.SIGTERM, said
    assert left_alone(repo)
    assert not list((repo.folder / ".dvc/tmp/mltool").glob("*"))


def test_a_base_that_was_trained_on_rows_of_the_new_test_set_is_not_taken_for_a_better_model(tmp_path: Path) -> None:
    repo = moved.project(tmp_path / "project")
    moved.move(repo, first=300, cut=0.45)  # its rows 300 to 399 are among those that the base was trained on
    said = measure(repo)
    assert said.code == 2
    assert "The base's model was trained on 11.1 % of the rows of this change's data/test.csv" in said.err
    assert left_alone(repo)
    report = gate(repo)
    assert accuracy(report)["rows"] == 800  # those that both test sets have
    assert any("the base's model was trained on 11.1 %" in note for note in report["notes"])


def test_the_same_test_set_needs_nothing(repo: Repo) -> None:
    said = mltool(repo.folder, "measure", "base", "HEAD")
    assert said.code == 0, said.err
    assert "nothing to evaluate anew" in said.out


def test_a_repository_that_names_no_test_set_is_told_how(repo: Repo) -> None:
    (repo.folder / "mltool.toml").write_text(moved.CONFIG.partition("[test_set]")[0])
    said = measure(repo)
    assert said.code == 2
    assert "names no test set" in said.err
    assert "differs between base and head" not in str(gate(repo)["notes"])
