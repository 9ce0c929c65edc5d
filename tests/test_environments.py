"""Clean environments: what was locked, made once, whole or not at all. Real uv, real pip, wheels in a folder."""

import hashlib
import os
import shutil
import sys
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mltool import environments
from mltool.errors import MltoolError, OutsideError, RefusedError, UserError

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture
def requirements(tmp_path: Path) -> Path:
    """Return requirements of one package, `tiny`, whose wheel lies in the folder that installers look into."""
    wheel = tmp_path / "wheels" / "tiny-1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    info = "tiny-1.0.dist-info"
    files = {
        "tiny.py": "ANSWER = 42\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": f"tiny.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n",
    }
    with zipfile.ZipFile(wheel, "w") as made:
        for name, content in files.items():
            made.writestr(name, content)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    place = tmp_path / "requirements.txt"
    place.write_text(f"--no-index\n--find-links {wheel.parent}\ntiny==1.0 --hash=sha256:{digest}\n")
    return place


@pytest.fixture(params=["uv", pytest.param("pip", marks=pytest.mark.slow)])
def installer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Let uv do it, or hide uv so that pip does."""
    if request.param == "uv":
        if shutil.which("uv") is None:
            pytest.skip("uv is not installed here")
        yield "uv"
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", "/usr/bin:/bin")
        yield "pip"


def test_an_environment_has_what_was_locked_and_nothing_of_ours(
    requirements: Path, installer: str, tmp_path: Path
) -> None:
    python = environments.create(requirements, python=PYTHON, home=tmp_path / "home")
    found = environments.run(python, ("-c", "import tiny; print(tiny.ANSWER)"), folder=tmp_path)
    assert found.out == b"42\n"
    ours = environments.run(python, ("-c", "import mltool"), folder=tmp_path)
    assert "ModuleNotFoundError" in ours.err

    seen = python.stat().st_ctime_ns
    requirements.with_name("wheels").rename(tmp_path / "gone")
    assert environments.create(requirements, python=PYTHON, home=tmp_path / "home") == python
    assert python.stat().st_ctime_ns == seen


def test_a_package_with_another_hash_is_refused_and_nothing_is_left(
    requirements: Path, installer: str, tmp_path: Path
) -> None:
    text = requirements.read_text()
    requirements.write_text(text[: text.index("sha256:")] + f"sha256:{'0' * 64}\n")
    with pytest.raises(RefusedError, match="not the one that was locked"):
        environments.create(requirements, python=PYTHON, home=tmp_path / "home")
    assert list((tmp_path / "home").iterdir()) == []


def test_a_package_that_is_not_to_be_had_is_the_outsides_fault(requirements: Path, tmp_path: Path) -> None:
    requirements.write_text(requirements.read_text().replace("tiny==1.0", "tiny==2.0"))
    with pytest.raises(OutsideError, match="tiny"):
        environments.create(requirements, python=PYTHON, home=tmp_path / "home")
    assert list((tmp_path / "home").iterdir()) == []


def test_a_python_that_is_not_here_is_named(requirements: Path, tmp_path: Path) -> None:
    with pytest.raises(MltoolError, match=r"3\.4"):
        environments.create(requirements, python="3.4", home=tmp_path / "home")
    assert list((tmp_path / "home").iterdir()) == []


def test_many_ask_at_once_and_get_the_same(requirements: Path, tmp_path: Path) -> None:
    def ask(_: int) -> Path:
        return environments.create(requirements, python=PYTHON, home=tmp_path / "home")

    with ThreadPoolExecutor(4) as pool:
        pythons = set(pool.map(ask, range(4)))
    assert len(pythons) == 1
    assert len(list((tmp_path / "home").iterdir())) == 1


def test_other_requirements_are_another_environment(requirements: Path, tmp_path: Path) -> None:
    one = environments.create(requirements, python=PYTHON, home=tmp_path / "home")
    requirements.write_text(requirements.read_text() + "# more\n")
    assert environments.create(requirements, python=PYTHON, home=tmp_path / "home") != one


def test_a_home_that_cannot_be_written_is_a_sentence(requirements: Path, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(UserError, match="Cannot make an environment"):
        environments.create(requirements, python=PYTHON, home=tmp_path / "home")


def test_what_brings_foreign_packages_in_is_left_out() -> None:
    given = {"PYTHONPATH": "/x", "VIRTUAL_ENV": "/y", "HOME": os.sep}
    assert environments.clean(given) == {"HOME": os.sep}


def test_what_runs_in_a_clean_environment_gets_no_token_of_the_job() -> None:
    kept = environments.clean({"PATH": "/bin", "PYTHONPATH": "x", "GITHUB_TOKEN": "t", "ACTIONS_RUNTIME_TOKEN": "t"})
    assert kept == {"PATH": "/bin"}
