"""What a run of pytest leaves for the report, in a small project of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from mltool import git
from support.repos import Repo

CHECKS = """
import numpy as np
import pandas as pd
import pytest
from mltool.errors import UserError
from mltool.testing import check

ROWS = pd.DataFrame({"secret_name": ["Ada", "Bob", "Cy", "Di"] * 50, "x": range(200)})

def says(rows):
    return pd.DataFrame({"label": (rows["x"] > 1000).astype(int)})

def test_it_moves():
    check.invariant(says, ROWS.head(50), lambda rows: rows.assign(x=rows["x"] + 2000))

def test_few_rows():
    check.invariant(says, ROWS.head(20), lambda rows: rows.assign(x=rows["x"] + 1), max_failures=0.02)

def test_many_rows():
    check.invariant(says, ROWS, lambda rows: rows.assign(x=rows["x"] + 1), max_failures=0.05)

def test_groups():
    check.demographic_parity([0, 1] * 500, ["Ada", "Ada", "Bob", "Bob"] * 250, max_gap=0.2)

def test_code():
    pass

def test_broken_code():
    assert ROWS["secret_name"][0] == "Zoe"

@pytest.fixture
def bad():
    raise KeyError("Ada")

def test_broken_fixture(bad):
    pass

@pytest.mark.skip(reason="Ada")
@pytest.mark.ml_test_score("model-2")
def test_skipped():
    pass
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    repo = Repo.create(tmp_path_factory.mktemp("recorded") / "project")
    repo.commit({"tests/test_model.py": CHECKS, ".gitignore": "__pycache__\n"})
    return repo


def recorded(repo: Repo, *words: str) -> tuple[int, dict[str, Any]]:
    """Run pytest as a job does, and return its exit code and what it recorded."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words]
    done = subprocess.run(command, cwd=repo.folder, env=environ(), capture_output=True, check=False)
    return done.returncode, json.loads(place(repo).read_bytes())


def environ() -> dict[str, str]:
    return {**os.environ, "MLTOOL_TESTS": "record"}


def place(repo: Repo) -> Path:
    return git.private(git.find(repo.folder), "tests.json")


TWO = pytest.param(("-n", "2"), id="two processes", marks=pytest.mark.slow)


@pytest.fixture(scope="module", params=[pytest.param((), id="one process"), TWO])
def run(project: Repo, request: pytest.FixtureRequest) -> dict[str, Any]:
    code, found = recorded(project, *request.param)
    assert code == 1
    return found


def test_each_test_has_its_result_and_each_check_its_numbers(run: dict[str, Any]) -> None:
    results = {item["name"].partition("::")[2]: item["result"] for item in run["tests"]}
    assert results == {
        "test_it_moves": "failed",
        "test_few_rows": "undecided",
        "test_many_rows": "passed",
        "test_groups": "passed",
        "test_broken_code": "failed",
        "test_broken_fixture": "error",
        "test_skipped": "skipped",
    }
    claims = {item["name"].partition("::")[2]: item["claims"] for item in run["tests"]}
    assert claims["test_it_moves"] == [
        {
            "statement": "The same prediction after the change", "answer": "fail", "unit": "share", "measured": 1.0,
            "low": None, "high": None, "allowed": 0.0, "rows": 50, "failed": 50, "needed": None,
        }
    ]  # fmt: skip
    (unsure,) = claims["test_few_rows"]
    assert (unsure["answer"], unsure["rows"], unsure["failed"], unsure["needed"]) == ("undecided", 20, 0, 149)
    assert unsure["high"] == pytest.approx(1 - 0.05 ** (1 / 20))
    (groups,) = claims["test_groups"]
    assert groups["answer"] == "pass"
    assert groups["statement"] == "Demographic parity: positive decisions"
    assert groups["rows"] == 1000
    assert 0 == groups["measured"] < groups["high"] < 0.2


def test_the_rest_is_counted(run: dict[str, Any], project: Repo) -> None:
    assert (run["passed"], run["failed"], run["undecided"], run["skipped"]) == (3, 3, 1, 1)
    assert run["finished"]
    assert run["commit"] == project.git("rev-parse", "HEAD")
    assert run["states"] == ["", ""]


def test_no_value_of_the_data_is_in_the_record(run: dict[str, Any]) -> None:
    text = json.dumps(run)
    assert not [name for name in ("Ada", "Bob", "Zoe", "secret_name") if name in text]
    said = {item["name"].partition("::")[2]: item["said"] for item in run["tests"] if item["said"]}
    assert said["test_broken_code"].startswith("AssertionError at tests/test_model.py:")
    assert said["test_broken_fixture"].startswith("KeyError at tests/test_model.py:")


def test_a_run_that_dies_is_not_over(project: Repo) -> None:
    dies = "import os\n\ndef test_dies():\n    os._exit(1)\n"
    (project.folder / "tests/test_dies.py").write_text(dies)
    try:
        _, found = recorded(project, "tests/test_dies.py")
    finally:
        (project.folder / "tests/test_dies.py").unlink()
    assert not found["finished"]
    assert [path.name for path in place(project).parent.iterdir()] == ["tests.json"]


def test_a_file_that_cannot_be_collected_fails(project: Repo) -> None:
    (project.folder / "tests/test_broken.py").write_text("import nothing_like_this\n")
    try:
        code, found = recorded(project, "tests/test_broken.py")
    finally:
        (project.folder / "tests/test_broken.py").unlink()
    assert code == 2
    assert (found["finished"], found["failed"]) == (False, 1)
    assert found["tests"] == [
        {
            "name": "tests/test_broken.py", "result": "error", "seconds": 0.0, "model": False, "claims": [],
            "said": "cannot be collected",
        }
    ]  # fmt: skip


def test_an_undecided_test_that_the_repository_skips_is_still_undecided(project: Repo) -> None:
    code, found = recorded(project, "-k", "few_rows", "-o", "mltool_undecided=skip")
    assert code == 0
    assert (found["passed"], found["undecided"], found["skipped"], found["level"]) == (0, 1, 0, "warn")
    assert found["arguments"][-4:] == ["-k", "few_rows", "-o", "mltool_undecided=skip"]


def test_nobody_is_recorded_who_did_not_ask(project: Repo) -> None:
    place(project).unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-k", "test_code"]
    done = subprocess.run(command, cwd=project.folder, capture_output=True, check=False)
    assert done.returncode == 0
    assert not place(project).exists()


def test_a_folder_that_is_no_project_is_said(tmp_path: Path) -> None:
    (tmp_path / "test_x.py").write_text("def test_x(): pass\n")
    command = [sys.executable, "-m", "pytest", "-q"]
    done = subprocess.run(command, cwd=tmp_path, env=environ(), capture_output=True, text=True, check=False)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "MLTOOL_TESTS asks for a record." in done.stderr


FORKS = """
import atexit, os

def end(pipe):
    os.close(pipe)
    os.wait()

def test_forks():
    here, there = os.pipe()
    if os.fork():
        atexit.register(end, there)
    else:
        os.close(there)
        os.read(here, 1)  # until the parent has written all
        raise SystemExit(0)

def test_late():
    pass
"""


def test_a_child_that_a_test_forked_does_not_speak_for_the_run(project: Repo) -> None:
    (project.folder / "tests/test_forks.py").write_text(FORKS)
    try:
        code, found = recorded(project, "tests/test_forks.py")
    finally:
        (project.folder / "tests/test_forks.py").unlink()
    assert (code, found["passed"], found["failed"]) == (0, 2, 0)


NESTED = """
import subprocess, sys

def test_runs_pytest(tmp_path):
    (tmp_path / "test_inner.py").write_text("def test_fails(): assert False")
    for folder in (tmp_path, None):
        done = subprocess.run([sys.executable, "-m", "pytest", str(tmp_path)], cwd=folder, capture_output=True)
        assert done.returncode == 1
"""


def test_a_pytest_that_a_test_runs_is_not_recorded(project: Repo) -> None:
    (project.folder / "tests/test_nested.py").write_text(NESTED)
    try:
        code, found = recorded(project, "tests/test_nested.py")
    finally:
        (project.folder / "tests/test_nested.py").unlink()
    assert (code, found["passed"], found["failed"]) == (0, 1, 0)


def test_text_is_cut_and_what_utf_8_cannot_say_is_replaced(project: Repo) -> None:
    long = """
        import pytest
        from mltool.gates.model_tests import Claim
        from mltool.testing import record

        @pytest.mark.parametrize("word", ["x"], ids=["x" * 60_000])
        def test_long(word):
            record.claimed(Claim(statement="y" * 100_000 + "\\ud83d", answer="pass"))

        def test_surrogate():
            record.claimed(Claim(statement="z\\ud83d", answer="pass"))
    """
    (project.folder / "tests/test_long.py").write_text(dedent(long))
    try:
        code, found = recorded(project, "tests/test_long.py")
    finally:
        (project.folder / "tests/test_long.py").unlink()
    assert code == 0
    assert [len(item["name"]) for item in found["tests"]] == [300, len("tests/test_long.py::test_surrogate")]
    assert [item["claims"][0]["statement"] for item in found["tests"]] == ["y" * 300, "z?"]
