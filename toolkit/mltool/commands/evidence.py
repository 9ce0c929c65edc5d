"""Gather what a report is built from: both sides' facts, the verdicts, the live release, the past."""

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from datetime import UTC, date, datetime

from mltool import config as configuration
from mltool import git
from mltool.commands import bound, ledger, repeats, test_set
from mltool.commands.compare import Comparison
from mltool.config import Config
from mltool.errors import MltoolError
from mltool.gates import lock, metric, pipeline
from mltool.gates.grounds import Grounds
from mltool.gates.verdict import Level, Verdict
from mltool.registry import live as registry
from mltool.report.build import Evidence, Past
from mltool.report.curves import READABLE
from mltool.report.model import Production, Revision
from mltool.snapshot import values
from mltool.snapshot.model import Snapshot, Stale, Values
from mltool.snapshot.stale import stale
from mltool.snapshot.tree import Tree

PAST_COMMITS = 20
PAST_FILES = 10


def load_config(tree: Tree) -> Config:
    """Return the configuration that stands in `tree`; raises UserError where it cannot be understood."""
    return configuration.load(tree.read((configuration.FILE, configuration.PYPROJECT)))


def gather(compared: Comparison, *, head: Revision, committed: bool) -> Evidence:
    """Return the evidence for `report.build`.

    `committed` says that the pipeline was reproduced here, as CI does: what must match dvc.lock is then the commit and
    not the work tree. Raises UserError where the configuration cannot be understood.
    """
    config = load_config(compared.head_tree)
    behind_code = stale_stages(compared, committed=committed)
    production, live, release_notes = release(compared)
    past, past_note = history(compared, config)
    grounds = look(compared, config, past)
    base_files, head_files = fact_files(compared, config)
    judged = verdicts(compared, config, behind_code, grounds=grounds, today=day(compared))
    lived = test_set.life(compared, config, judged)
    _, leaking = test_set.leakage(compared, config)
    return Evidence(
        config=config,
        head=head,
        after=compared.head,
        base=base_revision(compared),
        before=compared.base,
        base_note=compared.base_note,
        behind=compared.behind,
        production=production,
        live=live,
        changes=compared.changes,
        verdicts=(*judged, *lived.verdicts),
        bound=bound.of(compared, config),
        stale=behind_code,
        base_files=base_files,
        head_files=head_files,
        past=past,
        past_note=past_note,
        notes=(*grounds.notes, *lived.notes, *leaking, *release_notes, *changed_gates(compared, config)),
        test_set=lived.life,
    )


def look(compared: Comparison, config: Config, past: Past | None = None) -> Grounds:
    """Return what can decide better than two values: the predictions of both sides, and the metrics' past.

    `past` spares reading the history again.
    """
    if compared.base_sha is None:
        return Grounds()
    found = repeats.compare(compared, config)
    names = [gate.metric for gate in config.gates.values() if gate.test in ("auto", "history")]
    known = history(compared, config)[0] if past is None and names else past or ()
    return replace(found, past={name: _values(known, name) for name in names})


def _values(past: Past, name: str) -> tuple[float, ...]:
    path, _, key = name.partition(":")
    leaves = (files[path].values.get(key) for _, files in past if path in files)
    return tuple(value for leaf in leaves if (value := metric.number(leaf)) is not None)


def day(compared: Comparison) -> date:
    """Return the day on which the head is judged: that of its commit, so that a report made again says the same; for
    the work tree, today.
    """
    if compared.head_is_work_tree:
        return datetime.now(tz=UTC).date()
    return datetime.fromtimestamp(git.commit_date(compared.project, compared.head_sha), tz=UTC).date()


def verdicts(
    compared: Comparison,
    config: Config,
    behind_code: tuple[Stale, ...],
    *,
    grounds: Grounds | None = None,
    today: date | None = None,
) -> tuple[Verdict, ...]:
    """Return every verdict on the head: metrics, metrics files, dvc.lock.

    `grounds` are what `look` found; without, tolerances decide. `today` is by default the `day` of the head.
    """
    judged = pipeline.judge(
        config,
        base=compared.base.metrics,
        head=compared.head.metrics,
        has_base=compared.base_sha is not None,
        grounds=grounds,
        today=today or day(compared),
    )
    judged = (*judged, *test_set.leakage(compared, config)[0])
    if config.ci.lock == "off":
        return judged
    level: Level = "fail" if config.ci.lock == "verify" else "warn"
    return (*judged, lock.judge(behind_code, level=level, stages=len(compared.head.stages)))


def stale_stages(compared: Comparison, *, committed: bool) -> tuple[Stale, ...]:
    """Return the stages whose entry in dvc.lock is not what the head would produce."""
    if committed and compared.head_is_work_tree:
        tree = git.GitTree(compared.project, compared.head_sha)
        return stale(compared.read(tree), tree)
    return stale(compared.head, compared.head_tree)


def base_revision(compared: Comparison) -> Revision | None:
    """Return the base as the report names it."""
    if compared.base_sha is None:
        return None
    subject = git.subject(compared.project, compared.base_sha)
    return Revision(sha=compared.base_sha, ref=compared.base_ref, subject=subject)


def fact_files(compared: Comparison, config: Config) -> tuple[Mapping[str, bytes], Mapping[str, bytes]]:
    """Return the bytes of the fact files, and of the plots that differ, of base and head.

    They come from Git, the disk, or DVC's cache and remotes; a plot may be large, so one that is the same on both sides
    is not read.
    """
    sides = ((compared.base_tree, compared.base), (compared.head_tree, compared.head))
    plots = [plot.path for plot in (*compared.base.plots, *compared.head.plots) if plot.path.endswith(READABLE)]
    before, after = (_identities(tree, side) if tree else {} for tree, side in sides)
    moved = [path for path in plots if before.get(path) != after.get(path)]
    wanted = dict.fromkeys((config.facts.slices, config.facts.cost, *moved))
    base, head = (_contents(compared, tree, side, wanted) if tree else {} for tree, side in sides)
    return base, head


def _identities(tree: Tree, side: Snapshot) -> Mapping[str, str]:
    return {out.path: out.hash for out in side.data} | dict(tree.paths())


def _contents(compared: Comparison, tree: Tree, side: Snapshot, wanted: Iterable[str]) -> Mapping[str, bytes]:
    found = dict(tree.read(wanted))
    hashes = {out.path: out.hash for out in side.data if out.path in wanted and out.path not in found and out.hash}
    objects = compared.objects(dict.fromkeys(hashes.values()))
    return found | {path: objects[digest] for path, digest in hashes.items() if digest in objects}


def release(compared: Comparison) -> tuple[Production | None, Snapshot, tuple[str, ...]]:
    """Return the live release with its snapshot, or a note that says why the report has no production column."""
    found = ledger.read(compared.project)
    live = registry.live(found)
    if len(live) != 1:
        names = ", ".join(item.model for item in live)
        why = f"several models are live ({names})." if live else next((item.sentence for item in found.foreign), "")
        return None, Snapshot(), (f"No production column: {why}",) if why else ()
    version = live[0].version
    try:
        snapshot = compared.read(git.GitTree(compared.project, live[0].commit))
    except MltoolError as error:
        return None, Snapshot(), (f"No production column: {version} cannot be read. {error.what}",)
    return Production(version=version, sha=live[0].commit), snapshot, ()


def history(compared: Comparison, config: Config) -> tuple[Past, str]:
    """Return the metrics files at the last commits of the target branch, oldest first, and what limits them."""
    start = compared.target_sha or compared.base_sha
    if start is None:
        return (), ""
    gated = [gate.metric.partition(":")[0] for gate in config.gates.values()]
    paths = list(dict.fromkeys(gated or [file.path for file in compared.head.metrics]))[:PAST_FILES]
    commits = git.first_parents(compared.project, start, PAST_COMMITS)[::-1]
    blobs = git.blobs(compared.project, [(sha, path) for sha in commits for path in paths])
    parsed: dict[tuple[str, bytes], Values] = {}
    past = []
    for sha in commits:
        found = {path: blobs[sha, path] for path in paths if (sha, path) in blobs}
        for path, content in found.items():
            if (path, content) not in parsed:
                parsed[path, content] = values.metrics(path, content)
        past.append((sha, {path: parsed[path, content] for path, content in found.items()}))
    short = len(commits) < PAST_COMMITS and git.is_shallow(compared.project)
    note = f"This clone is shallow and shows {len(commits)} of the last {PAST_COMMITS} commits." if short else ""
    return tuple(past), note


def changed_gates(compared: Comparison, config: Config) -> tuple[str, ...]:
    """Say which rules this head itself changes: a gate that was loosened with the drop it hides must be seen."""
    if compared.base_tree is None or compared.base_sha is None:
        return ()
    try:
        before = load_config(compared.base_tree)
    except MltoolError:
        return ("The base's configuration cannot be read, so changes to the gates are not shown.",)
    return (
        *_gate_notes(before.gates, config.gates),
        *_function_notes(compared, compared.base_tree, config.gates),
        *_accepted_notes(before.accepted, config.accepted),
    )


def _function_notes(compared: Comparison, base: Tree, gates: Mapping[str, configuration.Gate]) -> Iterable[str]:
    """Say which files this change edits that compute a gate: what they say of the base is then new too."""
    computed = {name: gate.function.rpartition(":")[0] for name, gate in gates.items() if gate.function}
    before, after = (tree.read(dict.fromkeys(computed.values())) for tree in (base, compared.head_tree))
    for name, path in computed.items():
        if before.get(path) != after.get(path):
            verb = "edits" if path in before and path in after else "adds" if path in after else "removes"
            yield f"This change {verb} {path}, which computes the gate `{name}`."


def _accepted_notes(before: Iterable[configuration.Accepted], after: Iterable[configuration.Accepted]) -> Iterable[str]:
    for item in after:
        if item not in before:
            where = f" where {item.slice}" if item.slice else ""
            yield f"This change accepts `{item.metric}`{where} at {item.value:.6g} until {item.until}: {item.reason}"


def _gate_notes(before: Mapping[str, configuration.Gate], after: Mapping[str, configuration.Gate]) -> Iterable[str]:
    for name in dict.fromkeys([*before, *after]):
        old, new = before.get(name), after.get(name)
        if old is None:
            yield f"This change adds the gate `{name}`."
        elif new is None:
            yield f"This change removes the gate `{name}`."
        elif old != new:
            keys = [item.name for item in fields(old) if getattr(old, item.name) != getattr(new, item.name)]
            parts = [f"{key} {getattr(old, key)} → {getattr(new, key)}" for key in keys]
            yield f"This change edits the gate `{name}`: {', '.join(parts)}."
