"""Lock what serving a model installs: each package and the hash of its files, in the versions it was made with."""

import re
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mltool import config, disk, shell
from mltool.config import Model
from mltool.errors import MltoolError, OutsideError, UserError
from mltool.release import exported
from mltool.release.exported import Export

SERVER: Final = ("msgspec>=0.20", "numpy", "uvicorn>=0.30")
ONLY_CONVERTING: Final = frozenset({"onnx", "skl2onnx", "scikit-learn", "skops", "scipy", "joblib", "pandas"})
"""What the ONNX was made with, and its server does without."""
LINE: Final = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Locked:
    """The file that was written and the versions in it; `changed` is whether it is another than before."""

    path: Path
    versions: Mapping[str, str]
    changed: bool


def lock(folder: Path, name: str) -> Locked:
    """Write the requirements of model `name` of the project in `folder`: the versions of its export, all hashes.

    What was locked before and still fits stays. Raises UserError without an export, without uv, and where no set of
    packages fits; OutsideError where the index does not answer.
    """
    settings = _settings(folder, name)
    home = settings.export or f"release/{name}"
    target = folder / (settings.requirements or f"{home}/{exported.REQUIREMENTS}")
    export, backend = _exported(folder, home)
    before = target.read_text(encoding="utf-8") if target.is_file() else ""
    after = _header(name) + _compile(wanted(export, backend), python=export.python, before=before)
    if after != before:
        disk.write(target, after)
    return Locked(path=target, versions=dict(LINE.findall(after)), changed=after != before)


def wanted(export: Export, backend: str) -> tuple[str, ...]:
    """Return the requirements to lock: the libraries of the export that serving needs, and the server's own."""
    without = ONLY_CONVERTING if backend == "onnx" else frozenset()
    pinned = {name: version for name, version in export.libraries.items() if name not in without}
    own = [item for item in SERVER if re.split("[>=]", item)[0] not in pinned]
    return tuple(sorted([f"{name}=={version}" for name, version in pinned.items()] + own))


def _settings(folder: Path, name: str) -> Model:
    settings = config.load(disk.read(folder, (config.FILE, config.PYPROJECT))).models
    if name not in settings and not (folder / f"release/{name}").is_dir():
        known = f"Known: {', '.join(sorted(settings))}." if settings else f"Add a table [models.{name}]."
        raise UserError(f"{config.FILE} has no model `{name}`.", known)
    return settings.get(name, Model())


def _exported(folder: Path, home: str) -> tuple[Export, str]:
    paths = [f"{home}/{exported.EXPORT}", f"{home}/{exported.SCHEMA}"]
    found = disk.read(folder, paths)
    for path in paths:
        if path not in found:
            raise UserError(
                f"{path} does not exist.", "Run `dvc repro`: a stage with `mltool measure export` makes it."
            )
    export = exported.read(paths[0], found[paths[0]])
    return export, str(exported.schema(paths[1], found[paths[1]])["backend"])


def _header(name: str) -> str:
    return f"# What serving {name} installs. Written by `mltool release lock {name}`; not for editing.\n"


def _compile(requirements: tuple[str, ...], *, python: str, before: str) -> str:
    with tempfile.TemporaryDirectory() as desk:
        asked, locked = Path(desk, "requirements.in"), Path(desk, "requirements.txt")
        asked.write_text("".join(f"{item}\n" for item in requirements), encoding="utf-8")
        if before:
            locked.write_text(before, encoding="utf-8")  # uv keeps what it finds there, where it fits
        done = shell.run((*_uv(), *_words(python), "-o", locked, asked), cwd=Path(desk))
        if done.code:
            raise _failure(done.err)
        return locked.read_text(encoding="utf-8")


def _words(python: str) -> tuple[str, ...]:
    return (
        *("pip", "compile", "--quiet", "--universal", "--python-version", python, "--generate-hashes"),
        *("--only-binary", ":all:", "--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"),
        *("--no-emit-build-options", "--no-config"),
    )


def _uv() -> tuple[str, ...]:
    if found := shutil.which("uv"):
        return (found,)
    if shell.run((sys.executable, "-m", "uv", "--version")).code == 0:
        return (sys.executable, "-m", "uv")
    raise UserError("Locking needs uv, which is not on PATH.", "pip install uv")


def _failure(said: str) -> MltoolError:
    lines = [line.strip(" ×╰─▶│") for line in said.splitlines() if line.strip(" ×╰─▶│")]
    why = "; ".join(dict.fromkeys(lines[:2])).rstrip(".") if lines else "no reason given"
    if "No solution found" in said:
        return UserError(
            f"No packages fit together: {why}.", "Install versions that do, run `dvc repro`, and lock again."
        )
    return OutsideError(f"uv could not lock the packages: {why}.", "Check the package index, try again.")
