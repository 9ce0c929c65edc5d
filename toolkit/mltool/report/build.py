"""Everything gathered about one head → the Report."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from msgspec.structs import replace

from mltool import __version__
from mltool.config import Config
from mltool.gates.bound import Bound
from mltool.gates.directions import direction
from mltool.gates.metric import number
from mltool.gates.model_tests import ModelTests
from mltool.gates.test_set import Life
from mltool.gates.verdict import Verdict, overall
from mltool.report import curves, facts
from mltool.report.data import TableChange
from mltool.report.graph import graph
from mltool.report.model import (
    Curve,
    History,
    Matrix,
    MetricRow,
    PlannedRelease,
    Production,
    Report,
    Revision,
    Trendline,
)
from mltool.snapshot.model import Changes, Leaf, Problem, Snapshot, Stale, Values
from mltool.snapshot.values import finite

MOST_METRICS = 1_000
MOST_TRENDS = 8

Past = tuple[tuple[str, Mapping[str, Values]], ...]


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What `build` needs. `base_files` and `head_files` hold the bytes of fact and plot files on both sides;
    `past` the metrics files at the last commits of the target branch, oldest first.
    """

    config: Config
    head: Revision
    after: Snapshot
    base: Revision | None = None
    before: Snapshot = field(default_factory=Snapshot)
    base_note: str = ""
    behind: int | None = None
    production: Production | None = None
    live: Snapshot = field(default_factory=Snapshot)
    changes: Changes = field(default_factory=Changes)
    verdicts: tuple[Verdict, ...] = ()
    bound: Bound | None = None
    stale: tuple[Stale, ...] = ()
    base_files: Mapping[str, bytes] = field(default_factory=dict)
    head_files: Mapping[str, bytes] = field(default_factory=dict)
    past: Past = ()
    past_note: str = ""
    notes: tuple[str, ...] = ()
    releases: tuple[PlannedRelease, ...] = ()
    test_set: Life | None = None
    tests: ModelTests | None = None
    tables: tuple[TableChange, ...] = ()


def build(evidence: Evidence, *, key: str = "mltool") -> Report:
    """Return the report; `key` tells several reports on one pull request apart."""
    where, before, after = evidence.config.facts, evidence.base_files, evidence.head_files
    slices, no_slices = facts.slices(where.slices, before.get(where.slices), after.get(where.slices))
    cost, no_cost = facts.cost(where.cost, before.get(where.cost), after.get(where.cost))
    drawn = list(_drawn(evidence))
    rows, left_out = _metrics(evidence)
    return Report(
        tool=__version__,
        key=key,
        outcome=overall(evidence.verdicts),
        head=evidence.head,
        base=evidence.base,
        base_note=evidence.base_note,
        behind=evidence.behind,
        production=evidence.production,
        metrics=rows,
        verdicts=tuple(evidence.verdicts),
        bound=evidence.bound,
        changes=_finite_changes(evidence.changes),
        stale=evidence.stale,
        slices=slices,
        curves=tuple(item for item in drawn if isinstance(item, Curve)),
        matrices=tuple(item for item in drawn if isinstance(item, Matrix)),
        graph=graph(evidence.before.stages, evidence.after.stages, evidence.changes),
        cost=cost,
        history=_history(evidence, rows),
        problems=(
            *evidence.after.problems,
            *no_slices,
            *no_cost,
            *(item for item in drawn if isinstance(item, Problem)),
        ),
        notes=(*evidence.notes, *left_out),
        releases=evidence.releases,
        tests=evidence.tests,
        tables=evidence.tables,
        test_set=evidence.test_set,
    )


def _metrics(evidence: Evidence) -> tuple[tuple[MetricRow, ...], tuple[str, ...]]:
    """Return a row a metric, judged and changed ones first where there are more than a report can hold."""
    apart = (evidence.config.facts.slices, evidence.config.facts.cost)
    sides = [_leaves(snapshot, apart) for snapshot in (evidence.before, evidence.after, evidence.live)]
    before, after, live = sides
    names = list(dict.fromkeys([*after, *before]))
    judged = {verdict.metric for verdict in evidence.verdicts}
    anew = {item.metric: item.base for item in evidence.verdicts if item.recorded is not None and not item.slice}
    if len(names) > MOST_METRICS:
        names.sort(key=lambda name: (f"{name[0]}:{name[1]}" not in judged, before.get(name) == after.get(name)))
    rows = tuple(
        MetricRow(
            path=path,
            key=name,
            base=finite(anew.get(f"{path}:{name}", before.get((path, name)))),
            head=finite(after.get((path, name))),
            production=finite(live.get((path, name))),
            direction=direction(name),
        )
        for path, name in names[:MOST_METRICS]
    )
    dropped = len(names) - len(rows)
    return rows, (f"{dropped:,} more metrics are left out of this report.",) if dropped else ()


def _leaves(snapshot: Snapshot, apart: Iterable[str]) -> dict[tuple[str, str], Leaf]:
    files = (file for file in snapshot.metrics if file.path not in apart)
    return {(file.path, key): leaf for file in files for key, leaf in file.values.items()}


def _drawn(evidence: Evidence) -> Iterator[Curve | Matrix | Problem]:
    """Draw the plots that differ; without a base, all of the head's."""
    for plot in evidence.after.plots:
        base, head = evidence.base_files.get(plot.path), evidence.head_files.get(plot.path)
        if base != head and plot.path.endswith(curves.READABLE) and (found := curves.read(plot, base=base, head=head)):
            yield found


def _history(evidence: Evidence, rows: Iterable[MetricRow]) -> History:
    """Follow the gated metrics, else the first few whose name says which way is better, then the head itself."""
    # A gate with slices has a verdict for each, and one line.
    declared = list(
        dict.fromkeys(
            verdict.metric.partition(":")[::2] for verdict in evidence.verdicts if verdict.declared and verdict.metric
        )
    )
    known = [(row.path, row.key) for row in rows if row.direction and number(row.head) is not None]
    lines = [_line(evidence.past, path, key) for path, key in (declared or known)[:MOST_TRENDS]]
    kept = tuple(line for line in lines if any(value is not None for value in line.values))
    return History(commits=tuple(sha for sha, _ in evidence.past), lines=kept, note=evidence.past_note)


def _line(past: Past, path: str, key: str) -> Trendline:
    files = [found.get(path) for _, found in past]
    return Trendline(path=path, key=key, values=tuple(number(file.values.get(key)) if file else None for file in files))


def _finite_changes(changes: Changes) -> Changes:
    """Return the changes with every number as JSON can say it."""
    return replace(
        changes,
        metrics=tuple(replace(item, old=finite(item.old), new=finite(item.new)) for item in changes.metrics),
        params=tuple(replace(item, old=finite(item.old), new=finite(item.new)) for item in changes.params),
    )
