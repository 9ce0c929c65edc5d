"""`mltool accept`: a line in the configuration, and nothing else."""

import tomllib
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from mltool.commands import accept, gate
from mltool.commands.compare import compare
from mltool.errors import UserError
from mltool.gates.verdict import Outcome
from mltool.report import junit
from support.predicted import GATES, commit, project
from support.predicted import predictions as made
from support.repos import Repo
from support.said import mltool


@pytest.fixture
def worse(tmp_path: Path) -> Repo:
    """Return a repository whose branch has a regression of accuracy, and a comment in its configuration."""
    repo = project(tmp_path / "p", gates=f"# ours, and odd\r\n{GATES}")
    commit(repo, made())
    repo.git("checkout", "-q", "-b", "try")
    commit(repo, made(others=0.08))
    return repo


def run(repo: Repo, metric: str = "accuracy", reason: str = 'cheaper "features", \\ see #4', **more: object) -> str:
    return accept.accept(compare(repo.folder), metric, reason=reason, **more)  # type: ignore[arg-type] # as a user types


def test_the_entry_is_appended_and_the_gate_passes_as_accepted(worse: Repo) -> None:
    file = worse.folder / "mltool.toml"
    before = file.read_bytes()
    said = run(worse)
    assert file.read_bytes().startswith(before)
    (entry,) = tomllib.loads(file.read_text())["accepted"]
    assert entry["reason"] == 'cheaper "features", \\ see #4'
    assert said.startswith("mltool.toml:\n\n[[accepted]]\nmetric = ")
    report = gate.judge(compare(worse.folder), committed=False)
    assert report.outcome is Outcome.PASS
    assert report.verdicts[0].accepted.endswith("see #4")


def test_it_expires_and_covers_no_further_fall(worse: Repo) -> None:
    run(worse)
    commit(worse, made(others=0.2))
    assert gate.judge(compare(worse.folder), committed=False).outcome is Outcome.FAIL
    file = worse.folder / "mltool.toml"
    file.write_text(file.read_text().replace("until = 20", "until = 19"))
    commit(worse, made(others=0.08))
    found = gate.judge(compare(worse.folder), committed=False)
    assert found.outcome is Outcome.FAIL
    assert "held until 19" in found.verdicts[0].sentence


def test_a_project_configured_in_pyproject_gets_it_there(worse: Repo) -> None:
    gates = GATES.replace("[gates", "[tool.mltool.gates")
    (worse.folder / "mltool.toml").unlink()
    worse.commit({"pyproject.toml": f'[project]\nname = "x"\n{gates}'})
    assert run(worse).startswith("pyproject.toml:\n\n[[tool.mltool.accepted]]")
    assert gate.judge(compare(worse.folder), committed=False).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"metric": "f2"}, "No gate judges `f2`. Gates here: accuracy."),
        ({"reason": " \n"}, "needs a reason"),
        ({"until": "tomorrow"}, "`tomorrow` is no day"),
        ({"until": "2020-01-01"}, "lies before today"),
        ({"days": 4000}, "lies too far ahead"),
        ({"days": 10**12}, "is no day"),
        ({"until": "2027-01-01", "days": 3}, "say the same thing"),
        ({"slice_": "carrier=B6"}, "has no slice `carrier=B6`"),
    ],
)
def test_what_cannot_be_accepted_is_refused_and_nothing_is_written(
    worse: Repo, more: dict[str, object], words: str
) -> None:
    before = (worse.folder / "mltool.toml").read_bytes()
    with pytest.raises(UserError, match=words):
        run(worse, **more)  # type: ignore[arg-type] # the names are those of the function
    assert (worse.folder / "mltool.toml").read_bytes() == before


def test_a_gate_that_passes_or_broke_a_limit_is_nothing_to_accept(worse: Repo) -> None:
    worse.commit({"mltool.toml": GATES.replace("0.02", "0.5")})
    with pytest.raises(UserError, match="does not fail"):
        run(worse)
    worse.commit({"mltool.toml": f"{GATES}floor = 0.99\n"})
    with pytest.raises(UserError, match="no regression that could be accepted"):
        run(worse)


def test_junit_fails_what_blocks_and_passes_nothing_that_is_undecided(worse: Repo) -> None:
    report = gate.judge(compare(worse.folder), committed=False)
    suite = ET.fromstring(junit.render(report)).find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    case = suite.find("testcase/failure")
    assert case is not None
    assert (case.get("message") or "").startswith("fail: accuracy fell")


def test_a_slice_is_accepted_to_its_day_and_shown_in_every_form(tmp_path: Path) -> None:
    repo = project(tmp_path / "p", gates=f'{GATES}slices = ["group"]\n')
    commit(repo, made())
    repo.git("checkout", "-q", "-b", "try")
    head = made()
    head["y_pred"] = head.y_pred.where((head.group == "south") | (head.row_id % 16 != 0), 1 - head.y_true)
    right = head[(head.group == "south") & (head.y_true != head.y_pred)].index
    head.loc[right, "y_pred"] = head.y_true[right]  # what the north loses the south makes up for
    commit(repo, head)
    failed = gate.judge(compare(repo.folder), committed=False)
    assert {item.slice for item in failed.verdicts if item.blocks} == {"group=north"}
    with pytest.raises(UserError, match="has no slice `group=west`"):
        run(repo, slice_="group=west")
    run(repo, reason="few northerners, see #9", slice_="group=north")
    report = gate.judge(compare(repo.folder), committed=False)
    north = next(item for item in report.verdicts if item.slice == "group=north")
    assert (north.outcome, north.accepted.endswith("few northerners, see #9")) == (Outcome.PASS, True)
    assert report.outcome is Outcome.PASS
    (case,) = (it for it in ET.fromstring(junit.render(report)).iter("testcase") if "north" in it.attrib["name"])
    numbers = {item.attrib["name"]: item.attrib["value"] for item in case.iter("property")}
    assert (numbers["accepted"], numbers["rows"]) == (north.accepted, "500")
    assert {"low", "high", "method", "smallest_drop", "source"} <= set(numbers)
    said = mltool(repo.folder, "report", "--format", "markdown").out
    assert "few northerners" in said
    file = repo.folder / "mltool.toml"
    file.write_text(file.read_text().replace("until = 20", "until = 19"))
    assert gate.judge(compare(repo.folder), committed=False).outcome is Outcome.FAIL
