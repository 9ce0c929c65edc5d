"""`mltool release lock`, with the real uv and an index that is a folder of wheels."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from mltool.commands import release_lock
from mltool.release.exported import Export

pytestmark = pytest.mark.skipif(shutil.which("uv") is None, reason="uv is not on PATH")

VERSIONS = {"numpy": ("2.4.5", "2.4.6"), "onnxruntime": ("1.31.1",), "msgspec": ("0.22.0",), "uvicorn": ("0.54.0",)}


def wheel(folder: Path, name: str, version: str, *, needs: str = "") -> None:
    """Write an empty package as a wheel."""
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n" + (
        f"Requires-Dist: {needs}\n" if needs else ""
    )
    files = {
        f"{name}/__init__.py": b"",
        f"{info}/METADATA": metadata.encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    digests = {
        path: base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=") for path, data in files.items()
    }
    record = "".join(f"{path},sha256={digests[path].decode()},{len(files[path])}\n" for path in files)
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for path, data in {**files, f"{info}/RECORD": f"{record}{info}/RECORD,,\n".encode()}.items():
            archive.writestr(path, data)


@pytest.fixture
def index(tmp_path: Path) -> Path:
    folder = tmp_path / "wheels"
    folder.mkdir()
    for name, versions in VERSIONS.items():
        for version in versions:
            wheel(folder, name, version, needs="numpy" if name == "onnxruntime" else "")
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project whose model `delay` was exported as ONNX with numpy 2.4.5."""
    home = tmp_path / "project"
    (home / "release/delay").mkdir(parents=True)
    (home / "mltool.toml").write_text('[models.delay]\npath = "model.skops"\n')
    libraries = {"numpy": "2.4.5", "onnxruntime": "1.31.1", "scikit-learn": "1.9.1", "skops": "0.16.0"}
    export = {"schema": "mltool.export/1", "files": {}, "python": "3.11", "libraries": libraries}
    (home / "release/delay/export.json").write_text(json.dumps(export))
    (home / "release/delay/schema.json").write_text('{"backend": "onnx"}')
    return home


def lock(project: Path, index: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    environ = {**os.environ, "UV_NO_INDEX": "1", "UV_FIND_LINKS": str(index), "UV_OFFLINE": "1"}
    command = [sys.executable, "-m", "mltool", "release", "lock", *(words or ("delay",))]
    return subprocess.run(command, cwd=project, env=environ, capture_output=True, text=True, check=False)


def test_serving_gets_the_versions_of_the_export_with_the_hash_of_every_file(project: Path, index: Path) -> None:
    done = lock(project, index)
    assert done.returncode == 0, done.stderr
    text = (project / "release/delay/requirements.txt").read_text()
    digests = {
        path.name.split("-")[0]: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(index.iterdir())
    }
    digests["numpy"] = hashlib.sha256((index / "numpy-2.4.5-py3-none-any.whl").read_bytes()).hexdigest()
    assert (
        text
        == "# What serving delay installs. Written by `mltool release lock delay`; not for editing.\n"
        + "".join(
            f"{name}=={version} \\\n    --hash=sha256:{digests[name]}\n"
            for name, version in (
                ("msgspec", "0.22.0"),
                ("numpy", "2.4.5"),
                ("onnxruntime", "1.31.1"),
                ("uvicorn", "0.54.0"),
            )
        )
    )
    assert "numpy 2.4.5" in done.stdout
    assert str(index) not in text


def test_the_second_time_nothing_changes_though_newer_packages_came(project: Path, index: Path) -> None:
    lock(project, index)
    before = (project / "release/delay/requirements.txt").read_bytes()
    wheel(index, "uvicorn", "0.55.0")
    done = lock(project, index)
    assert done.stdout.startswith("Nothing to do for release/delay/requirements.txt")
    assert (project / "release/delay/requirements.txt").read_bytes() == before


def test_another_export_moves_its_own_libraries_only(project: Path, index: Path) -> None:
    lock(project, index)
    wheel(index, "uvicorn", "0.55.0")
    export = project / "release/delay/export.json"
    export.write_text(export.read_text().replace("2.4.5", "2.4.6"))
    assert lock(project, index).stdout.startswith("Wrote ")
    text = (project / "release/delay/requirements.txt").read_text()
    assert "numpy==2.4.6" in text
    assert "uvicorn==0.54.0" in text


def test_versions_that_do_not_exist_are_named_and_nothing_is_written(project: Path, index: Path) -> None:
    export = project / "release/delay/export.json"
    export.write_text(export.read_text().replace("2.4.5", "9.9.9"))
    done = lock(project, index)
    assert done.returncode == 2
    assert "No packages fit together" in done.stderr
    assert "numpy==9.9.9" in done.stderr
    assert not (project / "release/delay/requirements.txt").exists()


def test_a_model_without_an_export_or_of_another_name_is_a_sentence(project: Path, index: Path) -> None:
    done = lock(project, index, "delayed")
    assert done.returncode == 2
    assert done.stderr == "mltool: mltool.toml has no model `delayed`.\n  → Known: delay.\n"
    (project / "release/delay/export.json").unlink()
    done = lock(project, index)
    assert done.returncode == 2
    assert "release/delay/export.json does not exist." in done.stderr
    assert "mltool measure export" in done.stderr


def test_a_server_of_scikit_learn_gets_all_its_libraries_and_one_of_a_loader_what_the_policy_names() -> None:
    made_with = {"numpy": "2", "pandas": "3", "scikit-learn": "1", "scipy": "4", "skops": "5"}
    export = Export(schema="mltool.export/1", files={}, python="3.11", libraries=made_with)
    assert release_lock.wanted(export, "sklearn") == (
        *("msgspec>=0.20", "numpy==2", "pandas==3", "scikit-learn==1", "scipy==4", "skops==5", "uvicorn>=0.30"),
    )
    export = Export(schema="mltool.export/1", files={}, python="3.11", libraries={"torch": "2.9"})
    assert release_lock.wanted(export, "loader") == ("msgspec>=0.20", "numpy", "torch==2.9", "uvicorn>=0.30")
