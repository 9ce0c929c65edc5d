"""Model tests in words: what the samples of whole pages do not show."""

from mltool.gates.model_tests import ModelTest, ModelTests, judge, short
from mltool.gates.verdict import Outcome
from mltool.report import markdown
from mltool.report.model import Report, Revision
from mltool.report.page import page


def words(*names: str, failed: int) -> str:
    tests = tuple(ModelTest(name=name, result="failed", said="KeyError at a.py:3") for name in names)
    run = ModelTests(commit="c", finished=True, failed=failed, tests=tests)
    report = Report(head=Revision(sha="c"), outcome=Outcome.FAIL, tests=run, verdicts=(judge(run),))
    return markdown.render(page(report))


def test_tests_of_one_name_are_told_with_their_files() -> None:
    said = words("tests/a.py::test_same", "tests/b.py::test_same", "tests/b.py::test_other", failed=3)
    assert said.count("`tests/a.py::test_same`") == said.count("`tests/b.py::test_same`") == 1
    assert "| ❌\u00a0`test_other` |" in said


def test_tests_that_a_record_does_not_hold_are_counted() -> None:
    assert "… and 1,399 more." in words(*(f"tests/a.py::test_many[{i}]" for i in range(500)), failed=1_429)


def test_the_name_of_a_test_is_without_its_file_whatever_its_parameters_are() -> None:
    assert short("tests/test_a.py::TestIt::test_ids[a/b::c]") == "TestIt::test_ids[a/b::c]"
    assert short("tests/test_broken.py") == "tests/test_broken.py"
