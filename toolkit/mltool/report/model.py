"""The report of one head: every fact and verdict a reader or a program may want, and nothing about looks."""

from dataclasses import dataclass, field
from typing import Final, Literal

from mltool.gates.bound import Bound
from mltool.gates.model_tests import ModelTests
from mltool.gates.test_set import Life
from mltool.gates.verdict import Direction, Outcome, Verdict
from mltool.report.data import TableChange
from mltool.snapshot.model import Changes, Leaf, Problem, Stale

SCHEMA: Final = "mltool.report/1"

Side = Literal["base", "head"]


@dataclass(frozen=True, kw_only=True)
class Revision:
    """A commit. `ref` is the branch or what the user typed; `dirty` says the work tree differs from the commit."""

    sha: str
    ref: str = ""
    subject: str = ""
    dirty: bool = False


@dataclass(frozen=True, kw_only=True)
class Production:
    """The live release that the production column shows."""

    version: str
    sha: str


@dataclass(frozen=True, kw_only=True)
class MetricRow:
    """One metric on all sides; None where a side has no such metric. Non-finite numbers are the strings
    `NaN`, `Infinity`, `-Infinity`, which JSON cannot say as numbers.
    """

    path: str
    key: str
    base: Leaf = None
    head: Leaf = None
    production: Leaf = None
    direction: Direction | None = None


@dataclass(frozen=True, kw_only=True)
class SliceRow:
    """One metric on one group of rows of the test set; `rows` is the group's size in the head."""

    column: str
    value: str
    metric: str
    rows: int | None = None
    base: float | None = None
    head: float | None = None
    direction: Direction | None = None


@dataclass(frozen=True, kw_only=True)
class Series:
    """Points of one line, in the order they are joined; at most 500."""

    side: Side
    name: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One plot with base and head overlaid."""

    path: str
    title: str
    x: str
    y: str
    series: tuple[Series, ...]


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """A confusion matrix: counts by actual (row) and predicted (column) label; empty for a side without one."""

    path: str
    title: str
    labels: tuple[str, ...]
    base: tuple[tuple[float, ...], ...] = ()
    head: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Node:
    """A stage in the graph of what changed: `changed` itself, or only `downstream` of a change."""

    stage: str
    state: Literal["changed", "downstream", "added", "removed", "unchanged"]
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Graph:
    """Changed stages, everything downstream of them, and the edges between (producer, consumer)."""

    nodes: tuple[Node, ...] = ()
    edges: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class CostRow:
    """One cost of making or serving the model: `train_seconds`, `peak_memory_bytes`, …; lower is better."""

    name: str
    base: float | None = None
    head: float | None = None


@dataclass(frozen=True, kw_only=True)
class Trendline:
    """One metric over the last commits of the target branch, oldest first; None where it was absent."""

    path: str
    key: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, kw_only=True)
class History:
    """The commits the trend lines run over (oldest first), and how many more a shallow clone hides."""

    commits: tuple[str, ...] = ()
    lines: tuple[Trendline, ...] = ()
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class PlannedRelease:
    """What tagging the head would release of one model: the version, and the one that it would replace in the
    environment (empty: none is there). `digest` is the manifest's, `size` in bytes. `missing` says what stands in its
    way, `problem` why the commit cannot be released at all; it has no digest then.
    """

    model: str
    version: str = ""
    environment: str = ""
    replaces: str = ""
    registered: bool = False
    outcome: Outcome = Outcome.SKIP
    digest: str = ""
    files: int = 0
    size: int = 0
    missing: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Report:
    """All changes and verdicts of one head. `bound` says in digests what was judged, `behind` counts commits on the
    target since the merge base.
    """

    head: Revision
    outcome: Outcome
    schema: Literal["mltool.report/1"] = SCHEMA
    tool: str = ""
    key: str = "mltool"
    base: Revision | None = None
    base_note: str = ""
    behind: int | None = None
    production: Production | None = None
    metrics: tuple[MetricRow, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    bound: Bound | None = None
    changes: Changes = field(default_factory=Changes)
    stale: tuple[Stale, ...] = ()
    slices: tuple[SliceRow, ...] = ()
    curves: tuple[Curve, ...] = ()
    matrices: tuple[Matrix, ...] = ()
    graph: Graph = field(default_factory=Graph)
    cost: tuple[CostRow, ...] = ()
    history: History = field(default_factory=History)
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    releases: tuple[PlannedRelease, ...] = ()
    tests: ModelTests | None = None
    tables: tuple[TableChange, ...] = ()
    test_set: Life | None = None
