"""The plugin in a real project: pytest runs there, in a process of its own, with the models that DVC holds."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from support import released
from support.repos import Repo

MODEL_TESTS = """
import pandas as pd
import pytest
from mltool.errors import UserError
from mltool.testing import check

LATER = lambda rows: rows.assign(hour=rows["hour"].fillna(10.0) + 1)

def test_the_model_is_that_of_the_work_tree(model):
    assert (model.name, model.revision) == ("delay", "work tree")

def test_rows_are_golden_without_another_table(test_set, predict):
    assert len(test_set) == 15
    assert list(predict(test_set).columns) == ["label", "score"]

def test_the_base_is_another_model(model, baseline, test_set):
    assert baseline.revision == BASE
    assert (baseline.predict(test_set)["score"] - model.predict(test_set)["score"]).abs().max() > 0.01

def test_production_is_what_the_ledger_says(production, baseline, test_set):
    assert production.revision == "v1.0.0"
    assert production.predict(test_set).equals(baseline.predict(test_set))

def test_processes_agree(model, test_set):
    check.deterministic(model, test_set)
    check.memory(model, test_set, budget_mb=2000)
    with pytest.raises(AssertionError, match="where 1 MB may be"):
        check.memory(model, test_set, budget_mb=1)

def test_the_server_agrees(model, test_set):
    check.served(model, test_set)
    with pytest.raises(AssertionError, match="not the same"):
        check.served(model, test_set, tolerance=-1)

def test_looks_like_pytest_and_fails(predict, test_set):
    check.invariant(predict, test_set, lambda rows: rows.assign(carrier="AA"))

def test_cannot_tell(predict, test_set):
    check.directional(predict, test_set.dropna(), LATER, "up", max_failures=0.02)

def test_pipeline_left_no_predictions(predictions):
    pass

def test_golden(golden, predict, test_set):
    golden(predict(test_set)["score"], margin=0.3)
    golden(predict(test_set)["label"], margin=0.3, name="label")
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """Return a project with a live model, and a branch that trained another one."""
    repo = released.create(tmp_path_factory.mktemp("tested") / "project")
    base = repo.git("rev-parse", "HEAD")[:7]
    for name in ("delay@v1.0.0", "delay#prod#1"):
        repo.git("tag", "--annotate", name, "-m", "Live")
    repo.git("switch", "--quiet", "--create", "next")
    released.train_again(repo, strength=0.2)
    # What is on this disk of a model is no longer what DVC holds: the base and production are taken by their hashes.
    repo.write({"tests/test_model.py": MODEL_TESTS.replace("BASE", repr(base))})
    return repo


def pytest_in(repo: Repo, *words: str) -> tuple[dict[str, str], str]:
    """Return what became of each test, and all that was said."""
    command = [sys.executable, "-m", "pytest", "-q", "--tb=short", "-rA", "-p", "no:cacheprovider", *words]
    done = subprocess.run(command, cwd=repo.folder, capture_output=True, text=True, check=False)
    lines = re.findall(r"^(PASSED|FAILED|ERROR) \S+::(\w+)", done.stdout, re.MULTILINE)
    return {name: outcome for outcome, name in lines}, done.stdout + done.stderr


@pytest.mark.slow
def test_a_project_is_tested_with_the_models_that_it_has(project: Repo) -> None:
    found, out = pytest_in(project)
    bad = {"test_looks_like_pytest_and_fails", "test_cannot_tell", "test_golden"}
    assert {name for name, outcome in found.items() if outcome == "FAILED"} == bad
    assert [name for name, outcome in found.items() if outcome == "ERROR"] == ["test_pipeline_left_no_predictions"]
    assert list(found.values()).count("PASSED") == 6
    assert "UA → AA" in out
    assert "undecided: A prediction that moves up: not so in 0 of 13 rows" in out
    assert "eval/predictions.parquet does not exist. Run the stage that writes it" in out
    assert "pytest --mltool-update" in out
    assert "toolkit/mltool" not in out  # a failure ends in the test, not in our code


@pytest.mark.slow
def test_goldens_are_written_when_asked_for_and_undecided_tests_skipped(project: Repo) -> None:
    words = ("-k", "test_golden or cannot_tell", "--mltool-update", "-o", "mltool_undecided=skip")
    found, out = pytest_in(project, *words)
    assert found == {"test_golden": "PASSED"}
    assert "1 skipped" in out
    assert "undecided: A prediction" in out
    folder = project.folder / "tests/goldens/test_model"
    assert sorted(path.name for path in folder.iterdir()) == ["test_golden.json", "test_golden.label.json"]
    assert pytest_in(project, "-k", "test_golden")[0] == {"test_golden": "PASSED"}


def test_a_setting_that_means_nothing_is_refused(tmp_path: Path) -> None:
    said = pytest_in(Repo(tmp_path), "-o", "mltool_undecided=green")[1]
    assert "mltool_undecided is fail or skip" in said


@pytest.mark.slow
def test_what_is_not_there_is_skipped_or_said(tmp_path: Path) -> None:
    repo = released.create(tmp_path / "project")
    repo.write({
        "pytest.ini": "[pytest]\nmltool_test_set = data.csv\n",
        "test_it.py": "def test_a(baseline): pass\ndef test_b(production): pass\n"
        "def test_c(test_set): assert len(test_set) == 200\n",
    })  # fmt: skip
    found, out = pytest_in(repo)
    assert found == {"test_c": "PASSED"}
    assert "This is the first commit, so there is no base to compare with." in out
    assert "Nothing of delay is in prod." in out
    assert "There is no model `late`" in pytest_in(repo, "-k", "test_c", "--mltool-model", "late")[1]


@pytest.mark.slow
def test_before_the_first_commit_the_model_on_disk_is_tested(tmp_path: Path) -> None:
    repo = released.create(tmp_path / "project")
    repo.git("update-ref", "-d", "HEAD")
    repo.write({
        "test_it.py": "def test_a(baseline): pass\ndef test_b(production): pass\n"
        "def test_c(model, test_set): assert len(model.predict(test_set)) == 15\n",
    })  # fmt: skip
    found, out = pytest_in(repo)
    assert found == {"test_c": "PASSED"}
    assert "Nothing is committed yet, so there is no base to compare with." in out
    assert "Nothing of delay is in prod." in out


def test_pytest_starts_without_heavy_libraries(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import sys\n"
        "def test_light(pytestconfig):\n"
        "    assert pytestconfig.pluginmanager.has_plugin('mltool')\n"
        "    heavy = {'numpy', 'pandas', 'scipy', 'sklearn', 'msgspec', 'dvc', 'typer'}\n"
        "    assert not heavy & sys.modules.keys()\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
