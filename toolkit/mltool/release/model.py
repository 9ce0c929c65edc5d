"""The manifest: everything one release consists of and was decided on, the same bytes wherever it is computed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from mltool.gates.verdict import Direction, Outcome, Verdict
from mltool.snapshot.model import Leaf

SCHEMA: Final = "mltool.release/1"

Role = Literal["model", "onnx", "schema", "golden", "requirements", "loader", "server"]


@dataclass(frozen=True, kw_only=True)
class File:
    """One file that goes into the bundle as it is. `path` is its place there, `source` where it comes from: a path in
    the project, or `mltool:NAME` for what mltool itself brings. `sha256` is hexadecimal, `md5` is DVC's, empty for a
    file that Git holds; `size` is in bytes.
    """

    path: str
    role: Role
    source: str
    sha256: str
    md5: str = ""
    size: int = 0


@dataclass(frozen=True, kw_only=True)
class Input:
    """Something the model was made from, by its DVC hash (`md5:…`) or, for a file in Git, its content (`sha256:…`)."""

    path: str
    hash: str
    size: int | None = None


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric of the version, and of the version that it is compared with (None where that has none)."""

    path: str
    key: str
    value: Leaf
    base: Leaf = None
    direction: Direction | None = None


@dataclass(frozen=True, kw_only=True)
class ApprovalRule:
    """What an environment asks for, as the configuration of this commit says."""

    count: int
    who: tuple[str, ...]
    not_author: bool
    evidence: tuple[str, ...]
    expires: str


@dataclass(frozen=True, kw_only=True)
class Destination:
    """One environment that the version may go into, and the version that the plan found there (empty: none)."""

    environment: str
    target: str
    url: str
    replaces: str
    approvals: ApprovalRule


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """One release.

    It holds no clock, no machine and no commit: `tree` is the Git tree of the project, so that a squashed merge with
    the same content is the same release. `base` is the version that metrics and verdicts compare with: what the
    ledger had live just before this version was registered. `environment` maps the packages that serving installs to
    their versions. `card` has what people said; `inputs` is the input schema (`docs/schemas/model.schema.json`);
    `onnx` what the comparison of the ONNX file with the model showed (`max_difference`, `label_flips`, `rows`), empty
    without such a file.
    """

    model: str
    version: str
    tree: str
    schema: Literal["mltool.release/1"] = SCHEMA
    tool: str = ""
    base: str = ""
    files: tuple[File, ...] = ()
    generated: tuple[str, ...] = ()
    data: tuple[Input, ...] = ()
    params: tuple[Input, ...] = ()
    code: tuple[Input, ...] = ()
    python: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict)
    onnx: Mapping[str, Leaf] = field(default_factory=dict)
    metrics: tuple[Metric, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    outcome: Outcome = Outcome.SKIP
    card: Mapping[str, str] = field(default_factory=dict)
    trusted: tuple[str, ...] = ()
    pickle: bool = False
    destinations: tuple[Destination, ...] = ()
