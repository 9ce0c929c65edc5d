"""How a project installs its packages, read from the files it has."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mltool import config

Manager = Literal["uv", "poetry", "pip", "conda", "pixi"]

CONDA = ("environment.yml", "environment.yaml", "conda.yml", "conda.yaml")
PIXI = ("pixi.lock", "pixi.toml")
PYTHON = (".python-version", "runtime.txt")
WANTED = ("uv.lock", "poetry.lock", *PIXI, *CONDA, *PYTHON, config.PYPROJECT)
REQUIREMENTS = re.compile(r"(?:requirements/)?[\w.-]*requirements[\w.-]*\.txt|requirements/[\w.-]+\.txt")


@dataclass(frozen=True, kw_only=True)
class Packages:
    """What installs the packages, from which file, and which file says so. `file` is empty where none does."""

    manager: Manager
    file: str = ""
    because: str


def wanted(paths: Iterable[str]) -> tuple[str, ...]:
    """Return those of `paths` that `packages`, `python` and `mentions` want to read."""
    return tuple(path for path in paths if path in WANTED or REQUIREMENTS.fullmatch(path))


def packages(files: Mapping[str, bytes]) -> Packages:
    """Return how the packages are installed; a lock file says more than a list of wishes."""
    tools = pyproject(files).get("tool", {})
    for manager, file, holds in _signs(files, tools):
        if holds:
            return Packages(manager=manager, file=file, because=file if file in files else config.PYPROJECT)
    return _pip(files)


def _signs(files: Mapping[str, bytes], tools: Mapping[str, Any]) -> Iterable[tuple[Manager, str, bool]]:
    yield "uv", "uv.lock", "uv.lock" in files
    yield "poetry", "poetry.lock", "poetry.lock" in files or "poetry" in tools
    for file in PIXI:
        yield "pixi", file, file in files
    yield "pixi", config.PYPROJECT, "pixi" in tools
    for file in CONDA:
        yield "conda", file, file in files


def _pip(files: Mapping[str, bytes]) -> Packages:
    lists = sorted((path for path in files if REQUIREMENTS.fullmatch(path)), key=_plainest)
    if lists:
        return Packages(manager="pip", file=lists[0], because=lists[0])
    if "project" in pyproject(files):
        return Packages(manager="pip", file=config.PYPROJECT, because=config.PYPROJECT)
    return Packages(manager="pip", because="")


def _plainest(path: str) -> tuple[bool, int, str]:
    """Order requirement files: the usual name first, then the shortest."""
    return path != "requirements.txt", len(path), path


def python(files: Mapping[str, bytes]) -> tuple[str, str]:
    """Return the Python version (`3.11`) and the file that says so; both empty where none does."""
    for path, read in _PLACES:
        if path in files and (found := read(files)):
            return found, path
    return "", ""


def _first_version(text: object) -> str:
    found = re.search(r"\d+\.\d+", str(text))
    return found[0] if found else ""


def _from_pyproject(files: Mapping[str, bytes]) -> str:
    document = pyproject(files)
    poetry = document.get("tool", {}).get("poetry", {}).get("dependencies", {})
    return _first_version(document.get("project", {}).get("requires-python") or poetry.get("python", ""))


def _named(path: str) -> Callable[[Mapping[str, bytes]], str]:
    """Return a reader of the line that asks for Python in a conda or pixi file."""

    def read(files: Mapping[str, bytes]) -> str:
        text = files[path].decode(errors="replace")
        found = re.search(r"(?m)^[\s-]*[\"']?python[\"']?\s*[=<>~]+\s*[\"']?([^\n]*)", text)
        return _first_version(found[1]) if found else ""

    return read


def _whole(path: str) -> Callable[[Mapping[str, bytes]], str]:
    return lambda files: _first_version(files[path].decode(errors="replace"))


_PLACES: tuple[tuple[str, Callable[[Mapping[str, bytes]], str]], ...] = (
    *((path, _whole(path)) for path in PYTHON),
    (config.PYPROJECT, _from_pyproject),
    *((path, _named(path)) for path in ("pixi.toml", *CONDA)),
)


def mentions(files: Mapping[str, bytes], package: str) -> bool:
    """Return whether any of the package files asks for `package` (or has it locked)."""
    pattern = re.compile(rf"(?m)(?:^|[\s\"'=]){re.escape(package)}(?:\[[\w, -]+\])?(?=[\s\"'=<>~!;,@]|$)")
    return any(pattern.search(files[path].decode(errors="replace")) for path in wanted(files))


def has_extra(files: Mapping[str, bytes], package: str, extra: str) -> bool:
    """Return whether a package file asks for `package[extra]`, or has the plug-in `package-extra` that it brings."""
    asked = re.compile(rf"{re.escape(package)}\[[^\]]*\b{re.escape(extra)}\b")
    texts = (files[path].decode(errors="replace") for path in wanted(files))
    return mentions(files, f"{package}-{extra}") or any(asked.search(text) for text in texts)


def pyproject(files: Mapping[str, bytes]) -> dict[str, Any]:
    """Return `pyproject.toml`, empty where there is none; raises UserError where it is broken."""
    return config.toml(config.PYPROJECT, files.get(config.PYPROJECT, b""))
