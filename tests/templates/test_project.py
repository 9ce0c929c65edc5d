"""The starter is whole: every file is shipped, its data can be made again, and its code is clean."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from mltool import config, disk
from mltool.commands import ci
from mltool.config import Ci
from mltool.errors import Exit
from mltool.scaffold import settings, template

STARTER = disk.templates() / "project"
# For whoever changes the starter; the project it makes has no use for them.
OURS = {"template.toml", "make_data.py"}


def test_every_file_of_the_starter_is_written_and_every_one_that_is_written_is_there() -> None:
    listed = {entry["source"] for entry in tomllib.loads((STARTER / "template.toml").read_text())["files"]}
    assert listed == set(disk.read_folder(STARTER)) - OURS


def test_templates_that_an_installer_compiled_are_read_all_the_same(tmp_path: Path) -> None:
    shutil.copytree(disk.templates(), tmp_path / "templates")
    subprocess.run([sys.executable, "-m", "compileall", "-q", tmp_path / "templates"], check=True)
    assert list((tmp_path / "templates").rglob("*.pyc"))
    desk = ci.Desk(root=tmp_path, templates=tmp_path / "templates", say=[].append)
    assert ci.generate(desk) is Exit.GOOD


def test_its_data_is_what_its_script_makes() -> None:
    made = subprocess.run([sys.executable, STARTER / "make_data.py"], capture_output=True, check=True).stdout
    assert made == (STARTER / "data" / "parcels.csv").read_bytes()


def test_its_settings_are_read_back() -> None:
    chosen = Ci(python="3.13", tests="python -m pytest")
    context = {"ci": chosen, "ci_table": settings.ci_table(chosen)}
    found = template.parse("project", disk.read_folder(STARTER))
    files = {file.path: file.content for file in template.render(found, context, version="0")}
    written = config.load({config.FILE: files[config.FILE].encode()})
    assert written.ci == chosen
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
