"""`mltool init`: it detects, shows its plan, asks, writes only what is not there, and does so once."""

import subprocess
import sys
from pathlib import Path

import pytest

from mltool import config, disk
from mltool.commands import ci, init
from mltool.config import Ci
from mltool.errors import Exit, UserError
from mltool.snapshot.model import Snapshot, Values

METRICS = Snapshot(metrics=(Values(path="metrics.json", values={"accuracy": 0.9, "rows": 5}),))
RUNNING = "3.99"


def run(folder: Path, *, answer: bool | None = None, **request: object) -> tuple[Exit, str]:
    """Run init with the answer that a person gives (None: nobody is there)."""
    said: list[str] = []
    edges = init.Edges(
        templates=disk.templates(),
        say=said.append,
        ask=None if answer is None else lambda question: said.append(question) or answer,
        read=lambda project: METRICS,
        python=RUNNING,
    )
    code = init.run(init.Request(folder=folder, **request), edges)  # type: ignore[arg-type] # the fields of a Request
    return code, "\n".join(said)


def files(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(root).parts[:1]
    }


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a Git and DVC repository with packages, a remote and a test."""
    root = tmp_path / "project"
    root.mkdir()
    subprocess.run(["git", "init", "-q", "-b", "trunk", root], check=True)
    for path, content in {
        ".dvc/config": "[core]\n    remote = store\n['remote \"store\"']\n    url = s3://bucket\n",
        "dvc.yaml": "stages: {}\n",
        "uv.lock": '[[package]]\nname = "dvc"\nversion = "3.67.1"\n',
        "pyproject.toml": '[project]\nname = "x"\nrequires-python = ">=3.13"\n',
        "tests/test_x.py": "",
    }.items():
        disk.write(root / path, content)
    return root


def test_a_project_gets_settings_and_workflows_from_what_it_has(project: Path) -> None:
    before = files(project)
    code, said = run(project, yes=True)
    assert code is Exit.GOOD
    new = files(project).keys() - before.keys()
    assert new == {
        "mltool.toml",
        ".github/workflows/mltool.yml",
        ".github/workflows/mltool-post.yml",
        ".github/dependabot.yml",
    }
    written = config.load({config.FILE: (project / "mltool.toml").read_bytes()})
    assert written.ci == Ci(
        package_manager="uv", python="3.13", default_branch="trunk", tests="python -m pytest", remote="s3"
    )
    assert written.gates == {
        "accuracy": config.Gate(metric="metrics.json:accuracy", direction="higher", tolerance="1%")
    }
    assert "uv, from uv.lock" in said
    assert "store: s3://bucket" in said
    assert {path: content for path, content in files(project).items() if path in before} == before


def test_the_second_run_changes_nothing_and_says_so(project: Path) -> None:
    run(project, yes=True)
    before = files(project)
    code, said = run(project)
    assert code is Exit.GOOD
    assert "Nothing to do" in said
    assert files(project) == before


def test_what_init_writes_is_what_check_wants(project: Path) -> None:
    run(project, yes=True)
    assert ci.check(ci.Desk(root=project, templates=disk.templates(), say=[].append)) is Exit.GOOD


def test_a_dry_run_shows_every_file_and_writes_none(project: Path) -> None:
    before = files(project)
    _, said = run(project, dry_run=True)
    assert '+package_manager = "uv"' in said
    assert "+name: mltool post" in said
    assert files(project) == before


def test_nobody_to_ask_means_nothing_is_written_and_the_command_is_named(project: Path) -> None:
    before = files(project)
    with pytest.raises(UserError, match="mltool init --yes"):
        run(project)
    assert files(project) == before


def test_the_answer_decides(project: Path) -> None:
    before = files(project)
    _, said = run(project, answer=False)
    assert said.endswith("Write 4 files?\nNothing was written.")
    assert files(project) == before
    run(project, answer=True)
    assert (project / "mltool.toml").exists()


def test_flags_win_over_what_was_detected(project: Path) -> None:
    run(project, yes=True, given={"python": "3.11", "tests": "make test", "forks": "off", "secrets": ("A",)})
    written = config.load({config.FILE: (project / "mltool.toml").read_bytes()}).ci
    assert (written.python, written.tests, written.forks, written.secrets) == ("3.11", "make test", "off", ("A",))
    assert not (project / ".github/workflows/mltool-post.yml").exists()


def test_an_existing_file_is_never_overwritten(project: Path) -> None:
    mine = {"mltool.toml": '[ci]\npython = "3.9"\n', ".github/workflows/mltool.yml": "name: mine\n"}
    for path, content in mine.items():
        disk.write(project / path, content)
    _, said = run(project, yes=True)
    assert "keep  .github/workflows/mltool.yml" in said
    assert {path: (project / path).read_text() for path in mine} == mine
    assert 'python-version: "3.9"' not in (project / ".github/workflows/mltool-post.yml").read_text()


def test_flags_are_refused_where_the_settings_are_there_already(project: Path) -> None:
    run(project, yes=True)
    with pytest.raises(UserError, match=r"mltool\.toml is there already.*`ci\.python`"):
        run(project, yes=True, given={"python": "3.9"})


def test_settings_in_pyproject_are_enough(project: Path) -> None:
    disk.write(project / "pyproject.toml", '[project]\nname = "x"\n[tool.mltool.ci]\npython = "3.12"\n')
    run(project, yes=True)
    assert not (project / "mltool.toml").exists()
    assert 'python-version: "3.12"' in (project / ".github/workflows/mltool.yml").read_text()


@pytest.mark.parametrize("other", ["renovate.json", ".github/dependabot.yaml"])
def test_no_second_bot_is_hired(project: Path, other: str) -> None:
    disk.write(project / other, "{}\n")
    run(project, yes=True)
    assert not (project / ".github/dependabot.yml").exists()


@pytest.mark.parametrize("broken", ["mltool.toml", "pyproject.toml"])
def test_a_broken_file_is_named_and_nothing_is_written(project: Path, broken: str) -> None:
    disk.write(project / broken, "[ci\n")
    before = files(project)
    with pytest.raises(UserError, match=rf"{broken} is not valid TOML.*line 1"):
        run(project, yes=True)
    assert files(project) == before


def test_a_folder_with_files_but_without_git_or_dvc_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    disk.write(tmp_path / "train.py", "")
    with pytest.raises(UserError, match="git init"):
        run(tmp_path, yes=True)
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    with pytest.raises(UserError, match="dvc init"):
        run(tmp_path, yes=True)


def test_a_dvc_project_below_the_top_is_named(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    disk.write(tmp_path / "ml/.dvc/config", "")
    with pytest.raises(UserError, match="The DVC project is in ml"):
        run(tmp_path / "ml", yes=True)


def test_an_empty_folder_inside_another_repository_is_left_alone(project: Path) -> None:
    (project / "new").mkdir()
    with pytest.raises(UserError, match="inside the Git repository"):
        run(project / "new", yes=True)
    assert list((project / "new").iterdir()) == []


def test_the_starter_refuses_a_package_manager_it_has_no_list_for(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="for pip"):
        run(tmp_path / "new", yes=True, given={"package_manager": "uv"})
    assert not (tmp_path / "new").exists()


def test_a_path_that_is_a_file_is_an_error(tmp_path: Path) -> None:
    disk.write(tmp_path / "x", "")
    with pytest.raises(UserError, match="is a file"):
        run(tmp_path / "x", yes=True)


@pytest.mark.slow
def test_an_empty_folder_becomes_a_project_whose_pipeline_and_tests_pass_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "parcels"
    code, said = run(folder, yes=True, given={"default_branch": "trunk"})
    assert code is Exit.GOOD
    assert "Next:\n" in said
    branch = subprocess.run(["git", "symbolic-ref", "HEAD"], cwd=folder, capture_output=True, check=True).stdout
    assert branch == b"refs/heads/trunk\n"
    before = files(folder)
    assert "Nothing to do" in run(folder)[1]
    assert files(folder) == before
    environ = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(tmp_path), "DVC_NO_ANALYTICS": "1"}
    for command in (["dvc", "repro"], [sys.executable, "-m", "pytest", "-q", "-W", "error"], ["mltool", "ci", "check"]):
        done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    status = subprocess.run(["dvc", "status"], cwd=folder, env=environ, capture_output=True, text=True, check=True)
    assert "up to date" in status.stdout
    untracked = subprocess.run(
        ["git", "status", "--porcelain", "-uall"], cwd=folder, capture_output=True, text=True, check=True
    ).stdout
    made = (".skops", ".onnx", ".parquet", "clean.csv", ".pyc")
    assert not [line for line in untracked.splitlines() if line.endswith(made)]


@pytest.mark.slow
def test_the_starters_gates_pass_its_first_model_and_stop_a_worse_one(tmp_path: Path) -> None:
    run(tmp_path, yes=True)
    environ = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(tmp_path), "DVC_NO_ANALYTICS": "1"}

    def shell(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)

    def commit(message: str) -> None:
        shell("git", "add", ".")
        done = shell("git", "-c", "user.name=A", "-c", "user.email=a@b.c", "commit", "-qm", message)
        assert done.returncode == 0, done.stderr

    shell("dvc", "repro", "-q")
    commit("A first model")
    assert shell("mltool", "gate").returncode == 0
    shell("git", "switch", "-qc", "deeper")
    params = (tmp_path / "params.yaml").read_text()
    (tmp_path / "params.yaml").write_text(params.replace("max_depth: 3", "max_depth: 8"))
    shell("dvc", "repro", "-q")
    commit("Deeper trees")
    judged = shell("mltool", "gate")
    assert judged.returncode == 1, judged.stdout + judged.stderr
    assert "log_loss" in judged.stdout


def test_without_a_terminal_the_command_line_prints_the_plan_and_exits_2(project: Path) -> None:
    before = files(project)
    done = subprocess.run(
        ["mltool", "init", str(project)], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == Exit.YOURS
    assert "write mltool.toml" in done.stdout
    assert "mltool init --yes" in done.stderr
    assert "Traceback" not in done.stderr
    assert files(project) == before


def test_a_new_project_runs_on_the_python_that_exports_its_releases(tmp_path: Path) -> None:
    run(tmp_path / "new", yes=True)
    assert f'python = "{RUNNING}"' in (tmp_path / "new" / "mltool.toml").read_text()


def test_every_flag_reaches_the_setting_of_its_name(project: Path) -> None:
    flags = {
        "package_manager": "conda",
        "requirements": "env.yml",
        "setup": "make a",
        "python": "3.12",
        "default_branch": "dev",
        "tests": "make test",
        "forks": "report",
        "lock": "warn",
        "runner": "gpu",
        "remote": "gs",
        "oidc_role": "projects/1",
        "oidc_account": "a@b",
        "install": "mltool-ci==1.0",
        "provider": "github-actions",
    }
    words = [word for name, value in flags.items() for word in (f"--{name.replace('_', '-')}", value)]
    command = ["mltool", "init", str(project), "--yes", *words, "--secret", "A", "--secret", "B"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    written = config.load({config.FILE: (project / "mltool.toml").read_bytes()}).ci
    assert {name: getattr(written, name) for name in flags} == flags
    assert written.secrets == ("A", "B")


def test_projects_in_subfolders_are_named_and_told_what_works_there(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    for name in ("a", "b"):
        disk.write(tmp_path / name / ".dvc" / "config", "")
        disk.write(tmp_path / name / "dvc.yaml", "stages: {}\n")
    subprocess.run(["git", "-C", tmp_path, "add", "."], check=True)
    for folder, where in ((tmp_path, "There are 2 DVC projects"), (tmp_path / "a", "The DVC project is in a;")):
        with pytest.raises(UserError, match=where) as caught:
            run(folder)
        assert "mltool report -C FOLDER" in caught.value.remedy
