"""Plan the release of a model: its manifest, from a commit and the ledger, and what stands in its way."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path

from msgspec import structs

from mltool import __version__, disk, git
from mltool.bundle import requirements
from mltool.commands import approvals, blessings, bound, models
from mltool.commands import ledger as ledgers
from mltool.commands.compare import Base, Comparison, between
from mltool.commands.evidence import load_config, verdicts
from mltool.commands.evidence import look as look_closely
from mltool.commands.forge import Forge
from mltool.config import Config, Model
from mltool.errors import MltoolError, OutsideError, UserError
from mltool.gates import card
from mltool.gates.verdict import Verdict
from mltool.git import signatures
from mltool.registry import tag
from mltool.registry.model import Ledger, ModelState
from mltool.registry.semver import PARTS, Part
from mltool.release import blessing, json, origins, record
from mltool.release import manifest as manifests
from mltool.release import version as versions
from mltool.release.blessing import Blessing, Standing
from mltool.release.deploy import refuse_held
from mltool.release.manifest import Places, Sources
from mltool.release.model import Manifest
from mltool.release.origins import Lineage
from mltool.release.plan import Plan, foreseen
from mltool.release.version import Choice
from mltool.report import plan as words
from mltool.report.model import PlannedRelease
from mltool.snapshot import lookup
from mltool.snapshot.edges import Objects
from mltool.snapshot.model import Snapshot
from mltool.snapshot.stale import stale
from mltool.snapshot.tree import Tree

SERVER = "serving"


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What a release is compared with: the ledger before it (`past`), the version that was live then, both sides."""

    past: ModelState
    live: str
    compared: Comparison
    where: Places
    lineage: Lineage


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One model at one commit, and what the configuration and the ledger say of it.

    `name` is spelled as in tags, `table` as in `mltool.toml`.
    """

    project: git.Project
    name: str
    table: str
    commit: str
    tree: Tree
    config: Config
    settings: Model
    known: ModelState
    choice: Choice


def manifest(
    project: git.Project,
    model: str,
    version: str = "",
    bump: str = "",
    revision: str | None = None,
    ledger: Ledger | None = None,
) -> Manifest:
    """Return what `version` of the model consists of, else the next one (`bump`: major, minor or patch).

    It is read from the commit `revision`, never from the work tree: by default the one that the version is registered
    at, else HEAD. `ledger` spares reading it again. Raises UserError for an unknown model or revision, a version that
    another commit has, and for files that are absent or contradict each other; OutsideError for what cannot be fetched.
    Whether a new version may be lower than another one is not asked here: `register` knows backports.
    """
    return describe(ask(project, model, version=version, bump=bump, revision=revision, ledger=ledger))


def ask(
    project: git.Project,
    model: str,
    *,
    version: str = "",
    bump: str = "",
    revision: str | None = None,
    ledger: Ledger | None = None,
) -> Asked:
    """Return the model, its commit and its version; raises as `manifest` does."""
    now = read_ledger(project) if ledger is None else ledger
    known = now.models.get(tag.spelled(model), ModelState(name=tag.spelled(model)))
    start = _commit(project, revision)
    choice = versions.choose(known, version=version, part=_part(bump), commit=start)
    commit = git.resolve(project, choice.registered.tag.commit) if choice.registered and not revision else start
    versions.refuse_taken(known, choice, commit=commit)
    tree = git.GitTree(project, commit)
    config = load_config(tree)
    name = record.known_model(model, models.names(tree, config))
    table, settings = next(
        ((key, found) for key, found in config.models.items() if tag.spelled(key) == name), (name, Model())
    )
    return Asked(
        project=project,
        name=name,
        table=table,
        commit=commit,
        tree=tree,
        config=config,
        settings=settings,
        known=known,
        choice=choice,
    )


def plan(
    project: git.Project,
    model: str,
    version: str = "",
    bump: str = "",
    revision: str | None = None,
    *,
    forge: Forge | None = None,
    now: Callable[[], float] = time.time,
) -> Plan:
    """Return what releasing the model would do, and what is missing before it may go into each environment.

    Without a `forge` only approvals in the ledger count. Raises as `manifest` does; UserError for a version that goes
    back, RefusedError for one on hold.
    """
    ledger = read_ledger(project)
    asked = ask(project, model, version=version, bump=bump, revision=revision, ledger=ledger)
    versions.refuse_backwards(asked.known, asked.choice)
    refuse_held(asked.known, asked.choice.version)
    looked = look(asked)
    made = describe(asked, looked)
    registered = asked.choice.registered is not None
    blessed = blessings.standing(project, ledger, made) if registered else Standing(blessing=bless(asked, looked))
    return Plan(
        manifest=made,
        digest=json.digest(made),
        blessed=blessed,
        commit=asked.commit,
        environment=asked.config.release.environment,
        why=asked.choice.why,
        registered=registered,
        standings=tuple(
            approvals.standing(
                project,
                made,
                place.environment,
                commit=asked.commit,
                ledger=ledger,
                forge=forge,
                blessed=blessed,
                now=now,
            )
            for place in made.destinations
        ),
    )


def look(asked: Asked) -> Looked:
    """Return what a release of what was asked for is compared with; raises as `manifest` does."""
    past = versions.before(asked.known, asked.choice.registered)
    base, live = _base(asked, past)
    compared = between(asked.project, base, asked.commit)
    _want_all(compared, live)
    where = manifests.places(asked.table, asked.settings, _path(asked, compared.head))
    lineage = origins.trace(compared.head, where.model, (where.onnx, where.schema, where.golden))
    return Looked(past=past, live=live, compared=compared, where=where, lineage=lineage)


def bless(asked: Asked, looked: Looked) -> Blessing:
    """Return the judgement on a version, by the best test that can be had here: with the predictions of both sides.

    What was accepted counts where it holds today. Raises UserError for gates that cannot be understood.
    """
    config, compared = asked.config, looked.compared
    about = bound.of(compared, config)
    return blessing.build(
        _verdicts(asked, compared, looked.lineage, today=datetime.now(tz=UTC).date(), row_by_row=True),
        replace(about, models={asked.name: about.models.get(asked.name, "")}),
        base=looked.live,
        tool=__version__,
        strict=config.ci.undecided == "fail",
    )


def describe(asked: Asked, looked: Looked | None = None) -> Manifest:
    """Return the manifest of what was asked for; raises as `manifest` does. `looked` spares looking again."""
    looked = looked or look(asked)
    compared, where, lineage = looked.compared, looked.where, looked.lineage
    return manifests.build(
        Sources(
            model=asked.name,
            version=asked.choice.version,
            tool=__version__,
            git_tree=signatures.tree(asked.project, asked.commit) or "",
            config=asked.config,
            settings=asked.settings,
            places=where,
            tree=asked.tree,
            snapshot=compared.head,
            lineage=lineage,
            stored=_stored(compared, where),
            locked=_locked(asked, where),
            server=server(),
            base=looked.live,
            before=compared.base,
            verdicts=_verdicts(asked, compared, lineage),
            replaces={name: stage.version for name, stage in looked.past.stages.items()},
        )
    )


def server() -> Mapping[str, bytes]:
    """Return the files of the server that goes into every bundle, by name."""
    found = disk.read_folder(Path(str(files("mltool"))) / SERVER)
    return {name: content for name, content in found.items() if name.endswith(".py")}


def read_ledger(project: git.Project) -> Ledger:
    """Return the ledger; a shallow clone, which CI makes without tags, brings it from the remote first."""
    return ledgers.fetch(project, git.ORIGIN) if git.is_shallow(project) else ledgers.read(project)


def _commit(project: git.Project, revision: str | None) -> str:
    commit = git.resolve(project, revision) if revision else git.head(project)
    if commit is None:
        raise UserError(f"Nothing is committed yet in {project.root}.", "Commit the project first.")
    return commit


def _part(bump: str) -> Part | None:
    if bump and bump not in PARTS:
        raise UserError(f"`{bump}` is no part of a version.", f"Choose {', '.join(PARTS[:-1])} or {PARTS[-1]}.")
    return next((part for part in PARTS if part == bump), None)


def _base(asked: Asked, past: ModelState) -> tuple[Base, str]:
    """Return the live version's commit, and the version; none of either where nothing is live."""
    environment = asked.config.release.environment
    stage = past.stages.get(environment)
    if stage is None or stage.event.kind == "demote":
        return Base(sha=None, note=f"Nothing of {asked.name} is in {environment} yet."), ""
    commit = git.resolve(asked.project, versions.commit_of(past, stage))
    return Base(sha=commit, ref=f"v{stage.version}" if stage.version else stage.event.tag.name), stage.version


def _want_all(compared: Comparison, live: str) -> None:
    """Raise where something that decides could not be read here: another machine would make another manifest."""
    for side, whose in ((compared.head, "this commit"), (compared.base, f"v{live}, which is live")):
        for problem in side.problems:
            if problem.kind == "unreachable":
                raise OutsideError(f"A value of {whose} cannot be read here: {problem.sentence}", "Run `dvc fetch`.")
    if compared.base_sha and not compared.base.stages and (broken := next(iter(compared.base.problems), None)):
        raise UserError(f"v{live}, which is live, cannot be compared with: {broken.sentence}", "Roll back or forward.")


def _path(asked: Asked, snapshot: Snapshot) -> str:
    named = (artifact.path for artifact in snapshot.artifacts if tag.spelled(artifact.name) == asked.name)
    path = asked.settings.path or next(named, "")
    if not path:
        raise UserError(
            f"Nothing says which file the model {asked.name} is.",
            f"Write `path` into [models.{card.quoted(asked.table)}] of mltool.toml.",
        )
    return path


def _stored(compared: Comparison, where: Places) -> Mapping[str, tuple[str, int | None]]:
    """Return the model's files that DVC stores, each with its hash and its size where the lock knows it."""
    outs = lookup.by_path(compared.head.data)
    found: dict[str, tuple[str, int | None]] = {}
    for path in (where.model, where.onnx):
        place = lookup.place(path, outs)
        if place is not None and lookup.is_directory(place):
            listing = _listing(place, compared.objects)
            found.update((name, (digest, None)) for name, digest in lookup.files(place, listing).items())
        elif place is not None and not place.inside:
            found[path] = (place.out.hash, place.out.size)
    return found


def _listing(place: lookup.Place, objects: Objects) -> Mapping[str, str]:
    content = objects((place.out.hash,)).get(place.out.hash)
    if content is None:
        raise OutsideError(f"Which files {place.out.path} holds cannot be read here.", "Run `dvc fetch`.")
    return lookup.manifest(content)


def _locked(asked: Asked, where: Places) -> Mapping[str, tuple[str, ...]]:
    content = asked.tree.read((where.requirements,)).get(where.requirements)
    if content is None:
        return {}  # `build` says what is missing, with the other files
    try:
        parsed = requirements.parse(content.decode())
    except ValueError as error:
        raise UserError(
            f"{where.requirements} is not locked: {error}.", f"`mltool release lock {asked.name}` writes it."
        ) from error
    found: dict[str, tuple[str, ...]] = {}
    for item in parsed:
        found[item.name] = tuple(dict.fromkeys((*found.get(item.name, ()), item.version)))
    return found


def _verdicts(
    asked: Asked, compared: Comparison, lineage: Lineage, *, today: date | None = None, row_by_row: bool = False
) -> tuple[Verdict, ...]:
    """Return the verdicts on this model alone: in a project of several, the others' metrics and stages are not it.

    By the values of the metrics, which every machine has, or `row_by_row`.
    """
    others = origins.of_others(compared.head, lineage)
    gates = {name: gate for name, gate in asked.config.gates.items() if gate.metric.partition(":")[0] not in others}
    own = structs.replace(
        compared.head,
        stages=tuple(stage for stage in compared.head.stages if stage.address in lineage.related),
        metrics=tuple(item for item in compared.head.metrics if item.path not in others),
    )
    behind = [item for item in stale(compared.head, compared.head_tree) if item.stage in lineage.related]
    config, mine = replace(asked.config, gates=gates), replace(compared, head=own)
    grounds = look_closely(mine, config) if row_by_row else None
    judged = verdicts(mine, config, tuple(behind), grounds=grounds, today=today)
    return (*judged, card.judge(asked.settings.card, model=asked.table))


def foresee(project: git.Project, config: Config, commit: str) -> tuple[PlannedRelease, ...]:
    """Return what tagging `commit` would release of each model in `config`; why not, where it cannot be planned."""
    return tuple(_foreseen(project, name, config, commit) for name in config.models)


def _foreseen(project: git.Project, model: str, config: Config, commit: str) -> PlannedRelease:
    environment = config.release.environment
    try:
        asked = ask(project, model, revision=commit)
        refuse_held(asked.known, asked.choice.version)
        made = describe(asked)
        digest = json.digest(made)
    except MltoolError as error:
        return PlannedRelease(model=model, environment=environment, problem=error.what)
    return words.foresee(
        made,
        environment,
        digest=digest,
        registered=asked.choice.registered is not None,
        lacking=foreseen(made, environment),
    )
