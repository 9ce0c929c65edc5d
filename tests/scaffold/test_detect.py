"""What a repository is made of is told from its files, each with its reason."""

import pytest

from mltool.config import Ci
from mltool.errors import UserError
from mltool.scaffold import detect, packages, remotes
from mltool.snapshot.model import Problem, Snapshot, Values


@pytest.mark.parametrize(
    ("files", "manager", "file"),
    [
        ({"uv.lock": b"", "requirements.txt": b"", "pyproject.toml": b""}, "uv", "uv.lock"),
        ({"poetry.lock": b"", "requirements.txt": b""}, "poetry", "poetry.lock"),
        ({"pyproject.toml": b"[tool.poetry]\n"}, "poetry", "poetry.lock"),
        ({"pixi.toml": b""}, "pixi", "pixi.toml"),
        ({"pyproject.toml": b"[tool.pixi.workspace]\n"}, "pixi", "pyproject.toml"),
        ({"environment.yml": b"", "requirements.txt": b""}, "conda", "environment.yml"),
        ({"conda.yaml": b""}, "conda", "conda.yaml"),
        ({"requirements-dev.txt": b"", "requirements.txt": b""}, "pip", "requirements.txt"),
        ({"requirements/ci.txt": b"", "requirements/base-and-more.txt": b""}, "pip", "requirements/ci.txt"),
        ({"pyproject.toml": b"[project]\nname = 'x'\n"}, "pip", "pyproject.toml"),
        ({}, "pip", ""),
    ],
)
def test_the_package_manager_is_told_from_the_files(files: dict[str, bytes], manager: str, file: str) -> None:
    found = packages.packages(files)
    assert (found.manager, found.file) == (manager, file)


@pytest.mark.parametrize(
    ("files", "version", "file"),
    [
        ({".python-version": b"3.13.2\n", "runtime.txt": b"python-3.9"}, "3.13", ".python-version"),
        ({"pyproject.toml": b"[project]\nrequires-python = '>=3.11,<3.14'"}, "3.11", "pyproject.toml"),
        ({"pyproject.toml": b"[tool.poetry.dependencies]\npython = '^3.10'"}, "3.10", "pyproject.toml"),
        ({"environment.yml": b"name: x\ndependencies:\n  - python=3.12.*\n  - pip\n"}, "3.12", "environment.yml"),
        ({"environment.yml": b"dependencies:\n  - python-dateutil=2.9\n"}, "", ""),
        ({"pixi.toml": b"[dependencies]\npython = \">=3.11\"\n"}, "3.11", "pixi.toml"),
        ({"runtime.txt": b"python-3.9.1"}, "3.9", "runtime.txt"),
        ({}, "", ""),
    ],
)  # fmt: skip
def test_the_python_version_is_told_from_the_files(files: dict[str, bytes], version: str, file: str) -> None:
    assert packages.python(files) == (version, file)


@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("dvc[s3]>=3\n", True),
        ("pandas\ndvc\n", True),
        ('name = "dvc"\n', True),
        ("  - dvc=3.60\n", True),
        ("dvc = '>=3'\n", True),
        ("dvclive\n", False),
        ("dvc-s3==3\n", False),
        ("my-dvc\n", False),
    ],
)
def test_dvc_is_found_among_the_packages(text: str, *, there: bool) -> None:
    assert packages.mentions({"requirements.txt": text.encode()}, "dvc") is there


def test_a_broken_pyproject_is_named() -> None:
    with pytest.raises(UserError, match=r"pyproject\.toml is not valid TOML"):
        packages.packages({"pyproject.toml": b"[tool"})


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("s3://bucket/x", "s3"),
        ("gs://bucket", "gs"),
        ("azure://container", "azure"),
        ("https://host/x", "http"),
        ("webdavs://host/x", "http"),
        ("ssh://host/x", "ssh"),
        ("/mnt/data", "local"),
        ("../../data", "local"),
        ("hdfs://host/x", ""),
        ("remote://other/sub", "s3"),
        ("remote://me/sub", ""),
    ],
)
def test_the_kind_of_the_remote_is_told_from_its_url(url: str, kind: str) -> None:
    text = f"[core]\n    remote = me\n['remote \"me\"']\n    url = {url}\n['remote \"other\"']\n    url = s3://b\n"
    found = remotes.default(text.encode())
    assert found is not None
    assert (found.name, found.kind) == ("me", kind)


def test_no_default_remote_is_none_and_a_broken_file_is_an_error() -> None:
    assert remotes.default(b"['remote \"x\"']\nurl = s3://b\n") is None
    assert remotes.default(b"") is None
    with pytest.raises(UserError, match=r"\.dvc/config cannot be read"):
        remotes.default(b"remote = x\n")


def test_gates_are_proposed_for_names_that_everybody_reads_the_same_way() -> None:
    values = {"accuracy": 0.9, "train.loss": 0.1, "val.loss": 0.2, "rows": 100, "ok": True, "note": "x", "weird": 1.0}
    gates = detect.propose_gates(Snapshot(metrics=(Values(path="m.json", values=values),)))
    assert [(gate.name, gate.metric, gate.direction) for gate in gates] == [
        ("accuracy", "m.json:accuracy", "higher"),
        ("val-loss", "m.json:val.loss", "lower"),
    ]


def test_gates_for_one_key_in_two_files_have_two_names() -> None:
    files = tuple(Values(path=path, values={"auc": 0.9}) for path in ("a.json", "b/c.json"))
    names = [gate.name for gate in detect.propose_gates(Snapshot(metrics=files))]
    assert names == ["a-json-auc", "b-c-json-auc"]


def test_metrics_that_are_out_of_reach_are_not_taken_for_unknown_ones() -> None:
    lost = Problem(path="eval/metrics.json", kind="unreachable", sentence="eval/metrics.json is elsewhere.")
    there = Snapshot(metrics=(Values(path="eval/metrics.json", values={}, problem=lost),))
    assert gates_for(there).startswith("nothing yet: eval/metrics.json could not be read here; `dvc pull` first")
    assert gates_for(Snapshot()) == "nothing: no well-known metric"


def gates_for(snapshot: Snapshot) -> str:
    findings = detect.propose((), {}, snapshot=snapshot, branch="main", python="3.12", given={}).findings
    return next(found.what for found in findings if found.about == "gates for")


def propose(files: dict[str, bytes], **given: object) -> detect.Proposal:
    return detect.propose(tuple(files), files, snapshot=Snapshot(), branch="trunk", python="3.12", given=given)


def test_settings_are_what_was_detected_unless_the_user_said_otherwise() -> None:
    files = {
        "requirements.txt": b"dvc[s3]\n",
        "tests/test_x.py": b"",
        ".dvc/config": b"[core]\nremote = r\n['remote \"r\"']\nurl = s3://b\n",
    }
    assert propose(files).ci == Ci(default_branch="trunk", tests="python -m pytest", remote="s3")
    assert propose(files, tests="", python="3.13").ci == Ci(default_branch="trunk", remote="s3", python="3.13")


def test_tests_are_recorded_by_our_verb_where_the_project_installs_mltool() -> None:
    files = {"requirements.txt": b"mltool-ci[measure]\npytest\n", "tests/test_x.py": b""}
    assert propose(files).ci.tests == "mltool test"


def test_without_a_file_that_says_which_the_python_that_runs_here_is_taken() -> None:
    found = detect.propose((), {}, snapshot=Snapshot(), branch="main", python="3.99", given={})
    assert found.ci.python == "3.99"
    said = next(finding.what for finding in found.findings if finding.about == "Python")
    assert said == "3.99, which runs mltool here: no file says which"


def test_dvc_is_installed_by_us_where_the_project_does_not_with_what_its_remote_needs() -> None:
    files = {"uv.lock": b"", ".dvc/config": b"[core]\nremote = r\n['remote \"r\"']\nurl = gs://b\n"}
    assert propose(files).ci.dvc == "dvc[gs]>=3.64,<4"
    assert propose({"uv.lock": b""}).ci.dvc == "dvc>=3.64,<4"


@pytest.mark.parametrize(
    ("packages_", "complaint"),
    [("dvc\n", True), ("dvc[gdrive,s3]\n", False), ("dvc\ndvc-s3\n", False), ("dvc[gs]\n", True), ("pandas\n", False)],
)
def test_a_plug_in_that_the_remote_needs_and_the_packages_lack_is_named(packages_: str, *, complaint: bool) -> None:
    config = b"[core]\nremote = r\n['remote \"r\"']\nurl = s3://b\n"
    found = propose({"requirements.txt": packages_.encode(), ".dvc/config": config}).findings
    (said,) = (finding.what for finding in found if finding.about == "DVC remote")
    assert ("add dvc[s3]" in said) is complaint


def test_without_any_list_of_packages_the_workflow_says_where_to_put_one() -> None:
    assert propose({}).ci.setup == detect.NO_SETUP
    assert propose({}, requirements="x.txt").ci.setup == ""
    assert any("no list found" in finding.what for finding in propose({}).findings)
