"""`mltool test`, and what the report takes from its record, on a real repository with a pytest of its own."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from mltool import git
from mltool.cli.app import app
from mltool.commands import model_tests
from mltool.commands import test as verb
from mltool.commands.compare import compare
from mltool.errors import Exit, UserError
from mltool.gates.model_tests import ModelTests, judge
from mltool.gates.verdict import Outcome
from support.repos import Repo

GOOD = "def test_good():\n    pass\n"
BAD = "def test_bad():\n    assert False\n"
UNSURE = "from mltool.testing.undecided import UndecidedError\n\ndef test_unsure():\n    raise UndecidedError('rows')\n"


@pytest.fixture
def project(repo: Repo) -> Repo:
    repo.commit({"tests/test_good.py": GOOD, ".gitignore": "__pycache__\n.pytest_cache\n", "metrics.json": "{}"})
    return repo


def run(repo: Repo, *words: str, fail_undecided: bool = False) -> Exit:
    return verb.run(repo.folder, words, environ=os.environ, fail_undecided=fail_undecided)


def report(repo: Repo, *words: str) -> Result:
    return CliRunner().invoke(app, ["report", "-C", str(repo.folder), "--format", "json", *words])


def ran(**more: Any) -> ModelTests:
    return ModelTests(commit="c", finished=True, **more)


@pytest.mark.parametrize(
    ("code", "counts", "fail_undecided", "wanted"),
    [
        (0, {"passed": 3}, True, Exit.GOOD),
        (1, {"passed": 3, "failed": 1}, False, Exit.FAILED),
        (1, {"failed": 1, "undecided": 1}, True, Exit.FAILED),
        (1, {"passed": 3, "undecided": 1}, False, Exit.UNDECIDED),
        (0, {"passed": 3, "undecided": 1}, False, Exit.GOOD),
        (0, {"passed": 3, "undecided": 1}, True, Exit.UNDECIDED),
        # Something else made pytest fail, such as a plug-in that wants more coverage.
        (1, {"passed": 3}, False, Exit.FAILED),
    ],
)
def test_the_exit_code_says_what_the_tests_said(
    code: int, counts: dict[str, int], fail_undecided: object, wanted: Exit
) -> None:  # fmt: skip
    assert verb.answer(code, ran(**counts), fail_undecided=bool(fail_undecided)) is wanted


@pytest.mark.parametrize(
    ("found", "outcome", "sentence"),
    [
        (ran(passed=12), Outcome.PASS, "All 12 tests pass."),
        (ran(passed=1), Outcome.PASS, "The one test passes."),
        (ran(passed=2, arguments=("-k", "x")), Outcome.PASS, "All 2 tests that `pytest -k x` ran pass."),
        (ran(), Outcome.SKIP, "No test ran."),
        (ran(skipped=2), Outcome.SKIP, "All tests were skipped."),
        (ModelTests(commit="c", passed=9), Outcome.FAIL, "The tests broke off before their end."),
    ],
)
def test_the_verdict_is_one_sentence(found: ModelTests, outcome: Outcome, sentence: str) -> None:
    assert (judge(found).outcome, judge(found).sentence) == (outcome, sentence)


def test_tests_that_pass_exit_0_and_arguments_are_passed_on(project: Repo) -> None:
    assert run(project, "-q", "tests/test_good.py") is Exit.GOOD


def test_a_failing_test_exits_1_and_the_report_says_which(project: Repo) -> None:
    project.commit({"tests/test_bad.py": BAD})
    assert run(project) is Exit.FAILED
    found = report(project)
    assert found.exit_code == Exit.FAILED
    said = json.loads(found.output)
    assert (said["outcome"], said["tests"]["failed"], said["tests"]["passed"]) == ("fail", 1, 1)
    assert [item["name"] for item in said["tests"]["tests"]] == ["tests/test_bad.py::test_bad"]
    assert [item["sentence"] for item in said["verdicts"] if item["gate"] == "tests"] == [
        "1 of 2 tests fails: `test_bad`."
    ]


def test_an_undecided_test_exits_3_and_is_no_pass_in_the_report(project: Repo) -> None:
    project.commit({"tests/test_unsure.py": UNSURE})
    assert run(project) is Exit.UNDECIDED
    assert json.loads(report(project).output)["outcome"] == "undecided"
    assert report(project, "--fail-undecided").exit_code == Exit.UNDECIDED


def test_where_the_repository_skips_what_is_undecided_the_report_still_doubts(project: Repo) -> None:
    project.commit({"tests/test_unsure.py": UNSURE, "pytest.ini": "[pytest]\nmltool_undecided = skip\n"})
    assert run(project) is Exit.GOOD
    assert run(project, fail_undecided=True) is Exit.UNDECIDED
    (verdict,) = [item for item in json.loads(report(project).output)["verdicts"] if item["gate"] == "tests"]
    assert (verdict["outcome"], verdict["level"]) == ("undecided", "warn")


def test_no_tests_is_an_error_that_says_what_to_do(project: Repo) -> None:
    with pytest.raises(UserError, match="pytest found no tests"):
        run(project, "-k", "nothing_like_it")


def test_a_run_that_breaks_off_is_no_failed_test(project: Repo) -> None:
    project.commit({"tests/test_broken.py": "import nothing_like_it\n"})
    with pytest.raises(UserError, match="broke off, with exit code 2"):
        run(project)
    assert json.loads(report(project).output)["outcome"] == "fail"


def test_a_pytest_without_mltool_leaves_no_older_record(project: Repo) -> None:
    assert run(project) is Exit.GOOD
    with pytest.raises(UserError, match="Nothing was recorded"):
        run(project, "-p", "no:mltool")
    assert json.loads(report(project).output)["tests"] is None


@pytest.mark.parametrize(
    ("files", "words", "code"),
    [
        ({"conftest.py": "raise RuntimeError\n"}, (), 4),
        ({"tests/test_kill.py": "import os\n\ndef test_kill():\n    os._exit(0)\n"}, (), 0),
        ({}, ("--no-such-flag",), 4),
    ],
)
def test_tests_that_never_came_to_their_end_are_no_pass_anywhere(
    project: Repo, files: dict[str, str], words: tuple[str, ...], code: int
) -> None:  # fmt: skip
    project.commit(files) if files else None
    with pytest.raises(UserError, match=f"broke off, with exit code {code}"):
        run(project, *words)
    assert json.loads(report(project).output)["outcome"] == "fail"


def test_tests_of_code_alone_are_no_judgement_of_the_model(project: Repo) -> None:
    assert run(project) is Exit.GOOD
    assert json.loads(report(project).output)["outcome"] == "skip"
    marked = "import pytest\n\n@pytest.mark.ml_test_score('model-2')\ndef test_model():\n    pass\n"
    project.commit({"tests/test_model.py": marked})
    assert run(project) is Exit.GOOD
    assert json.loads(report(project).output)["outcome"] == "pass"
    said = report(project, "--format", "terminal").output
    assert "All 2 tests pass; no gate judged a metric." in said


def test_flags_of_pytest_need_no_dashes_before_them(project: Repo) -> None:
    words = ["test", "-k", "good", "-C", str(project.folder), "-q", "--tb=no", "--fail-undecided"]
    assert CliRunner().invoke(app, words).exit_code == Exit.GOOD
    found = model_tests.last(git.find(project.folder))
    assert found is not None
    assert found.arguments == ("-k", "good", "-q", "--tb=no")


def test_a_record_of_another_commit_or_of_other_files_is_not_reported(project: Repo) -> None:
    assert run(project) is Exit.GOOD
    assert read(project)[0] is not None
    (project.folder / "metrics.json").write_text('{"a": 1}')
    assert read(project) == (None, "Files have changed since the last run of the model tests. `mltool test` runs them.")
    assert read(project, head="HEAD")[0] is not None
    project.commit()
    found, note = read(project)
    assert found is None
    assert note.startswith("The last run of the model tests here was of ")


def test_a_run_on_changed_files_is_not_one_of_the_commit(project: Repo) -> None:
    (project.folder / "metrics.json").write_text('{"a": 1}')
    assert run(project) is Exit.GOOD
    assert read(project)[0] is not None
    assert read(project, head="HEAD")[0] is None


@pytest.mark.parametrize(
    "content", [b"{", b"[]", b'{"commit": 1}', b'{"commit": "c", "tests": [[[[[[[[[1]]]]]]]]]}', b""]
)
def test_a_record_that_is_none_is_said(project: Repo, content: bytes) -> None:
    place = project.folder / ".git/mltool/tests.json"
    place.parent.mkdir()
    place.write_bytes(content)
    with pytest.raises(UserError, match="The record of the model tests is not one of"):
        read(project)
    said = json.loads(report(project).output)
    assert (said["outcome"], said["tests"]) == ("undecided", None)


def read(repo: Repo, head: str | None = None) -> tuple[ModelTests | None, str]:
    return model_tests.read(compare(repo.folder, None, head))


def test_a_folder_that_is_no_project_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not in a Git repository"):
        verb.run(tmp_path, (), environ={}, fail_undecided=False)
