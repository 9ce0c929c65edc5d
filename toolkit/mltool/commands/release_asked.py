"""Which model, commit and version a release is asked of, and what it is compared with."""

from dataclasses import dataclass

from mltool import git
from mltool.commands import ledger as ledgers
from mltool.commands import models
from mltool.commands.compare import Base, Comparison, between
from mltool.commands.evidence import load_config
from mltool.config import Config, Model
from mltool.errors import OutsideError, UserError
from mltool.gates import card
from mltool.registry import tag
from mltool.registry.model import Ledger, ModelState
from mltool.registry.semver import PARTS, Part
from mltool.release import manifest as manifests
from mltool.release import origins, record
from mltool.release import version as versions
from mltool.release.manifest import Places
from mltool.release.origins import Lineage
from mltool.release.version import Choice
from mltool.snapshot.model import Snapshot
from mltool.snapshot.tree import Tree


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


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What a release is compared with: the ledger before it (`past`), the version that was live then, both sides."""

    past: ModelState
    live: str
    compared: Comparison
    where: Places
    lineage: Lineage


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


def look(asked: Asked) -> Looked:
    """Return what a release of what was asked for is compared with; raises as `manifest` does."""
    past = versions.before(asked.known, asked.choice.registered)
    base, live = _base(asked, past)
    compared = between(asked.project, base, asked.commit)
    _want_all(compared, live)
    where = manifests.places(asked.table, asked.settings, _path(asked, compared.head))
    lineage = origins.trace(compared.head, where.model, (where.onnx, where.schema, where.golden))
    return Looked(past=past, live=live, compared=compared, where=where, lineage=lineage)


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
    stage = versions.live(past, environment)
    if stage is None:
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
