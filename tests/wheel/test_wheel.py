"""What is published works outside of this checkout: built, inspected, installed in an empty environment, used."""

import os
import subprocess
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path, code: int = 0, **environ: str) -> str:
    env = {**os.environ, **environ}
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, capture_output=True, text=True, env=env, check=False
    )
    assert done.returncode == code, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the way a release does: the source archive first, the wheel from it."""
    folder = tmp_path_factory.mktemp("dist")
    run("uv", "build", "--quiet", "--out-dir", folder, ROOT, cwd=folder)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def mltool(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    venv = tmp_path_factory.mktemp("empty") / "venv"
    run("uv", "venv", "--quiet", venv, cwd=venv.parent)
    run("uv", "pip", "install", "--quiet", "--python", venv / "bin" / "python", wheel, cwd=venv.parent)
    return venv / "bin" / "mltool"


def test_the_wheel_carries_every_template_and_nothing_of_the_checkout(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    templates = ROOT / "action-templates"
    tracked = run("git", "ls-files", "-z", "action-templates", cwd=ROOT).strip("\0").split("\0")
    assert {f"mltool/{name}" for name in tracked} <= names
    assert templates.is_dir()
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {"mltool"}
    assert "mltool/py.typed" in names


def test_it_starts_in_an_empty_environment(mltool: Path, tmp_path: Path) -> None:
    assert "report" in run(mltool, "--help", cwd=tmp_path)
    assert run(mltool, "--version", cwd=tmp_path).startswith("mltool ")


def test_it_writes_a_project_into_an_empty_folder_from_its_own_templates(mltool: Path, tmp_path: Path) -> None:
    run(mltool, "init", "--yes", cwd=tmp_path)
    assert (tmp_path / "dvc.yaml").is_file()
    assert (tmp_path / ".github" / "workflows" / "mltool.yml").is_file()
    run(mltool, "ci", "check", cwd=tmp_path)


def test_a_missing_extra_is_one_sentence_with_the_command(mltool: Path, tmp_path: Path) -> None:
    said = run(mltool, "measure", "evaluate", "x.csv", cwd=tmp_path, code=2)
    assert "pip install 'mltool-ci[measure]'" in said
    assert "Traceback" not in said
