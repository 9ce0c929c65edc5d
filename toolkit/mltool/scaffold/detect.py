"""What a repository is made of → the settings that `mltool init` proposes, each with its reason."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mltool.config import Ci
from mltool.gates.directions import direction
from mltool.gates.verdict import Direction
from mltool.scaffold import packages, remotes
from mltool.snapshot.model import Snapshot

MOST_GATES = 6
NO_SETUP = "true  # no list of packages was found: say here how to install yours"
_TEST = re.compile(r"(?:^|/)(?:test_[^/]+|[^/]+_test)\.py$")
_PLUG_INS = ("s3", "gs", "azure", "ssh")
# It needs mltool where the project's packages are; plain pytest is recorded too where it is there.
_TEST_COMMANDS = {True: "mltool test", False: "python -m pytest"}
_PACKAGE = "mltool-ci"
# Scores on what the model learned from say nothing about it.
_LEARNED = re.compile(r"(?:^|[._/-])(?:train|training|trn)(?:$|[._/-])")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was found, in words."""

    about: str
    what: str


@dataclass(frozen=True, kw_only=True)
class ProposedGate:
    """A gate for a metric whose direction everybody knows; `name` is fit for a TOML table header."""

    name: str
    metric: str
    direction: Direction
    tolerance: str = "1%"


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """Settings and gates, and what they were made from."""

    ci: Ci
    gates: tuple[ProposedGate, ...]
    findings: tuple[Finding, ...]


def wanted(paths: Collection[str]) -> tuple[str, ...]:
    """Return the files that `propose` reads."""
    return (*packages.wanted(paths), remotes.FILE)


def propose(
    paths: Collection[str],
    files: Mapping[str, bytes],
    *,
    snapshot: Snapshot,
    branch: str,
    python: str,
    given: Mapping[str, Any],
) -> Proposal:
    """Return the settings for a repository with these `paths`.

    `files` holds the content of the `wanted` ones, `branch` is the default branch, `python` the version to take where
    no file says which, and `given` are the `Ci` settings that the user chose. Raises UserError where a file that tells
    something is broken.
    """
    found = packages.packages(files)
    version, version_file = packages.python(files)
    remote = remotes.default(files.get(remotes.FILE, b""))
    detected: dict[str, Any] = {
        "package_manager": found.manager,
        "requirements": _requirements(found),
        "setup": "" if found.because or {"package_manager", "requirements"} & given.keys() else NO_SETUP,
        "python": version or python,
        "default_branch": branch,
        "tests": _tests(paths, files),
        "remote": remote.kind if remote else "",
        "dvc": _dvc(files, remote),
    }
    gates = propose_gates(snapshot)
    return Proposal(
        ci=replace(Ci(), **{**detected, **given}),
        gates=gates,
        findings=(
            Finding(about="packages", what=_said(found, given)),
            Finding(about="Python", what=_python_said(version, version_file, python, given)),
            Finding(about="default branch", what=given.get("default_branch", branch)),
            Finding(about="DVC remote", what=_remote_said(files, remote)),
            Finding(about="pipeline", what=_pipeline(snapshot)),
            Finding(about="gates for", what=", ".join(gate.metric for gate in gates) or _no_gates(snapshot)),
            Finding(about="tests", what=given.get("tests", detected["tests"]) or "none"),
        ),
    )


def _tests(paths: Collection[str], files: Mapping[str, bytes]) -> str:
    if not any(_TEST.search(path) for path in paths):
        return ""
    return _TEST_COMMANDS[packages.mentions(files, _PACKAGE)]


def propose_gates(snapshot: Snapshot) -> tuple[ProposedGate, ...]:
    """Return a gate for each number whose name says which way is better; scores on training data are left out."""
    known = [
        (file.path, key, better)
        for file in snapshot.metrics
        for key, value in file.values.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
        if not _LEARNED.search(f"{file.path}.{key}") and (better := direction(key))
    ][:MOST_GATES]
    keys = [key for _, key, _ in known]
    return tuple(
        ProposedGate(
            name=_bare(key if keys.count(key) == 1 else f"{path}-{key}"), metric=f"{path}:{key}", direction=better
        )
        for path, key, better in known
    )


def _bare(name: str) -> str:
    """Return a TOML bare key."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-") or "metric"


def _requirements(found: packages.Packages) -> str:
    usual = {"pip": "requirements.txt", "conda": "environment.yml"}
    return found.file if found.manager in usual and found.file != usual[found.manager] else ""


def _dvc(files: Mapping[str, bytes], remote: remotes.Remote | None) -> str:
    if packages.mentions(files, "dvc"):
        return ""
    extra = remote.kind if remote and remote.kind in _PLUG_INS else ""
    return f"dvc[{extra}]>=3.64,<4" if extra else "dvc>=3.64,<4"


def _said(found: packages.Packages, given: Mapping[str, Any]) -> str:
    if "package_manager" in given:
        return f"{given['package_manager']}, as you said"
    return (
        f"{found.manager}, from {found.because}"
        if found.because
        else "no list found: CI will install DVC alone, see `setup` in mltool.toml"
    )


def _remote_said(files: Mapping[str, bytes], remote: remotes.Remote | None) -> str:
    if remote is None:
        return "none"
    said = f"{remote.name}: {remote.url}"
    plug_in = remote.kind in _PLUG_INS and packages.mentions(files, "dvc")
    if plug_in and not packages.has_extra(files, "dvc", remote.kind):
        return f"{said}; add dvc[{remote.kind}] to your packages, they have DVC without it"
    return said


def _python_said(version: str, file: str, running: str, given: Mapping[str, Any]) -> str:
    if "python" in given:
        return f"{given['python']}, as you said"
    return f"{version}, from {file}" if version else f"{running}, which runs mltool here: no file says which"


def _no_gates(snapshot: Snapshot) -> str:
    """Say why there are none; a file that is out of reach here may well hold what everybody knows."""
    lost = [file.path for file in snapshot.metrics if file.problem]
    if lost:
        return f"nothing yet: {', '.join(lost)} could not be read here; `dvc pull` first, or add them by hand"
    return "nothing: no well-known metric"


def _pipeline(snapshot: Snapshot) -> str:
    files = [values.path for values in (*snapshot.params, *snapshot.metrics)]
    count = len(snapshot.stages)
    parts = [f"{count} stage{'' if count == 1 else 's'}", *dict.fromkeys(files)]
    return ", ".join(parts) if count or files else "none yet"
