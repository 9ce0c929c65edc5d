"""The starter is whole: every file is shipped, its data can be made again, and its code is clean."""

import subprocess
import sys
import tomllib
from pathlib import Path

from mltool import config, disk
from mltool.config import Ci
from mltool.scaffold import settings, template

STARTER = disk.templates() / "project"
# For whoever changes the starter; the project it makes has no use for them.
OURS = {"template.toml", "make_data.py"}


def test_every_file_of_the_starter_is_written_and_every_one_that_is_written_is_there() -> None:
    listed = {entry["source"] for entry in tomllib.loads((STARTER / "template.toml").read_text())["files"]}
    assert listed == {path for path in disk.read_folder(STARTER) if "__pycache__" not in path} - OURS


def test_its_data_is_what_its_script_makes() -> None:
    made = subprocess.run([sys.executable, STARTER / "make_data.py"], capture_output=True, check=True).stdout
    assert made == (STARTER / "data" / "parcels.csv").read_bytes()


def test_its_settings_are_read_back() -> None:
    ci = Ci(python="3.13", tests="python -m pytest")
    context = {"ci": ci, "ci_table": settings.ci_table(ci)}
    found = template.parse("project", disk.read_folder(STARTER))
    files = {file.path: file.content for file in template.render(found, context, version="0")}
    written = config.load({config.FILE: files[config.FILE].encode()})
    assert written.ci == ci
    assert set(written.gates) == {"roc_auc", "log_loss"}


def test_its_code_is_clean(tmp_path: Path) -> None:
    command = ["ruff", "check", "--isolated", "--line-length=120", "--select=A,B,D100,D103,E,F,I,N,PTH,RET,SIM,UP,W"]
    folders = [STARTER / "parcels", STARTER / "make_data.py"]
    done = subprocess.run([*command, *folders], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    done = subprocess.run(
        ["ruff", "format", "--isolated", "--line-length=120", "--check", STARTER],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
