"""The words a pipeline is described in: stages, values, outputs, and the changes between two snapshots.

Structs and no dataclasses: defining fifteen of those takes 8 ms, which every command would pay. A copy with other
values is made by `msgspec.structs.replace`.
"""

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct, field

# One value of a metrics or params file after flattening. Lists stay whole, as tuples.
Leaf = None | bool | int | float | str | tuple[Any, ...]

ProblemKind = Literal["unreadable", "unreachable", "missing"]
ChangeKind = Literal["added", "removed", "changed"]


class Problem(Struct, frozen=True, kw_only=True):
    """A file that should have been read and was not. Never the same thing as a file that is absent."""

    path: str
    kind: ProblemKind
    sentence: str
    line: int | None = None


class Values(Struct, frozen=True, kw_only=True):
    """One metrics or params file, flattened to dotted keys (`train.lr`)."""

    path: str
    values: Mapping[str, Leaf]
    problem: Problem | None = None


class Output(Struct, frozen=True, kw_only=True):
    """What a stage or a `.dvc` file produces. `hash` is DVC's, with its algorithm: `md5:…`; empty when never made.

    `size` is in bytes and `files` counts the files of a directory; both are None where DVC did not record them.
    """

    path: str
    hash: str = ""
    size: int | None = None
    files: int | None = None
    kind: Literal["data", "metric", "plot"] = "data"
    cached: bool = True


class Dependency(Struct, frozen=True, kw_only=True):
    """What a stage reads, with the hash it had when the stage last ran (empty when it never did).

    `files` counts the files of a directory; None where DVC did not record them.
    """

    path: str
    hash: str = ""
    files: int | None = None


class Stage(Struct, frozen=True, kw_only=True):
    """One stage as `dvc.lock` recorded its last run, or as `dvc.yaml` declares it when it never ran.

    `file` is the `dvc.yaml` it stands in, relative to the project; every path is relative to the project too.
    `cmd`, `deps` and `outs` are as declared; their hashes, `ran_cmd` and `params` are of the last run. `params` maps
    each params file to the flattened values it used, `tracked` to the keys that are declared (none: the whole file).
    """

    file: str
    name: str
    cmd: str
    deps: tuple[Dependency, ...] = ()
    outs: tuple[Output, ...] = ()
    params: Mapping[str, Mapping[str, Leaf]] = field(default_factory=dict)
    tracked: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ran_cmd: str = ""
    frozen: bool = False
    locked: bool = True

    @property
    def address(self) -> str:
        """Return the stage as DVC's command line names it: `train`, or `sub/dvc.yaml:train`."""
        return self.name if self.file == "dvc.yaml" else f"{self.file}:{self.name}"


class Artifact(Struct, frozen=True, kw_only=True):
    """A model or data set that `artifacts:` in a `dvc.yaml` names."""

    name: str
    path: str
    type: str = ""
    hash: str = ""


class Plot(Struct, frozen=True, kw_only=True):
    """One plot that a `dvc.yaml` declares: where its points are and how to read them."""

    path: str
    x: str = ""
    y: tuple[str, ...] = ()
    template: str = ""
    title: str = ""


class Stale(Struct, frozen=True, kw_only=True):
    """A stage whose `dvc.lock` entry is not what the commit would produce, and why."""

    stage: str
    reason: str


class Snapshot(Struct, frozen=True, kw_only=True):
    """The pipeline at one revision, as read from files alone."""

    stages: tuple[Stage, ...] = ()
    metrics: tuple[Values, ...] = ()
    params: tuple[Values, ...] = ()
    plots: tuple[Plot, ...] = ()
    data: tuple[Output, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    packages: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


class ValueChange(Struct, frozen=True, kw_only=True):
    """One metric or param that differs. `old` is None when it was added, `new` when it was removed."""

    path: str
    key: str
    kind: ChangeKind
    old: Leaf
    new: Leaf


class StageChange(Struct, frozen=True, kw_only=True):
    """One stage that differs. `renamed` carries the former name; `reasons` says what differs in words."""

    stage: str
    kind: Literal["added", "removed", "renamed", "changed"]
    reasons: tuple[str, ...] = ()
    former: str = ""


class DataChange(Struct, frozen=True, kw_only=True):
    """One tracked output or `.dvc` file that differs.

    The three counts are of files in a directory; None when a manifest could not be read without a download.
    """

    path: str
    kind: ChangeKind
    old: Output | None
    new: Output | None
    added: int | None = None
    removed: int | None = None
    modified: int | None = None


class PackageChange(Struct, frozen=True, kw_only=True):
    """One Python package whose locked version differs."""

    name: str
    kind: ChangeKind
    old: str
    new: str


class ArtifactChange(Struct, frozen=True, kw_only=True):
    """One named artifact that differs."""

    name: str
    kind: ChangeKind
    old: Artifact | None
    new: Artifact | None


class Changes(Struct, frozen=True, kw_only=True):
    """Everything that differs between two snapshots, base first."""

    metrics: tuple[ValueChange, ...] = ()
    params: tuple[ValueChange, ...] = ()
    stages: tuple[StageChange, ...] = ()
    data: tuple[DataChange, ...] = ()
    artifacts: tuple[ArtifactChange, ...] = ()
    packages: tuple[PackageChange, ...] = ()
