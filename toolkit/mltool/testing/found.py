"""Which models a repository has to test: of the work tree, of its base, and the live one."""

import os
import posixpath
from dataclasses import dataclass
from pathlib import Path

from mltool import disk, dvc, git
from mltool.commands import release_asked
from mltool.commands.compare import Comparison, compare, uncommitted
from mltool.commands.evidence import load_config
from mltool.config import Config, Model
from mltool.errors import UserError
from mltool.registry import tag
from mltool.release import manifest, record
from mltool.release import version as versions
from mltool.release.manifest import Places
from mltool.snapshot import lookup
from mltool.snapshot.model import Snapshot
from mltool.snapshot.tree import Tree
from mltool.testing.subject import GOLDEN, SCHEMA, Recipe


class AbsentError(UserError):
    """There is no such model, for a reason that is no mistake."""


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A project, and the model of it that is tested: its name, its policy, where its files are."""

    compared: Comparison
    config: Config
    name: str
    settings: Model
    where: Places

    @property
    def folder(self) -> Path:
        """Return the project's folder."""
        return self.compared.project.folder


def look(folder: Path, *, name: str = "", base: str | None = None) -> Repository:
    """Return the project at `folder` and its model `name`: without a name its only one.

    `base` is the revision to compare with; None: where this branch left its target. Raises UserError.
    """
    if base is None and git.head(git.find(folder)) is None:
        compared = uncommitted(folder)
    else:
        compared = compare(folder, base, targets=(os.environ.get("GITHUB_BASE_REF", ""),))
    config = load_config(compared.head_tree)
    named = {item.name: item.path for item in compared.head.artifacts if item.type == "model" or item.name == name}
    known = tuple(dict.fromkeys((*config.models, *named)))
    name = _chosen(name, known)
    settings = config.models.get(name, Model())
    path = settings.path or named.get(name, "")
    if not path:
        raise UserError(f"Nothing says which file the model {name} is.", f"Write `path` into [models.{name}].")
    return Repository(
        compared=compared, config=config, name=name, settings=settings, where=manifest.places(name, settings, path)
    )


def head(found: Repository, into: Path) -> Recipe:
    """Return the model of the work tree: its file on disk, else as DVC stored it, in the folder `into`.

    Raises UserError where it is nowhere, OutsideError where a remote does not answer.
    """
    place = found.folder / found.where.model
    if not place.is_file():
        place = into / posixpath.basename(found.where.model)
        _stored(found, found.compared.head, found.compared.head_tree, place)
    export = found.folder / posixpath.dirname(found.where.schema)
    loader = str(found.folder / found.where.loader) if found.where.loader else ""
    return _recipe(found, "work tree", place, export, loader=loader)


def base(found: Repository, into: Path) -> Recipe:
    """Return the model of the base, in the folder `into`. Raises AbsentError where it has none, and as `head`."""
    compared = found.compared
    if compared.base_tree is None or compared.base_sha is None:
        raise AbsentError(compared.base_note or "There is no base to compare with.")
    return _at(found, compared.base_tree, compared.base, into, revision=compared.base_sha[:7])


def production(found: Repository, into: Path) -> Recipe:
    """Return the live model of the environment that is released into. Raises AbsentError where there is none."""
    project, environment = found.compared.project, found.config.release.environment
    state = release_asked.read_ledger(project).models.get(tag.spelled(found.name))
    stage = state.stages.get(environment) if state else None
    if state is None or stage is None or stage.event.kind == "demote":
        raise AbsentError(f"Nothing of {found.name} is in {environment}.")
    tree = git.GitTree(project, git.resolve(project, versions.commit_of(state, stage)))
    revision = f"v{stage.version}" if stage.version else stage.event.tag.name
    return _at(found, tree, found.compared.read(tree), into, revision=revision)


def _chosen(name: str, known: tuple[str, ...]) -> str:
    if name:
        wanted = record.known_model(name, known)
        return next(each for each in known if tag.spelled(each) == wanted)
    if len(known) == 1:
        return known[0]
    if not known:
        raise UserError("This project has no model to test.", "Name it in mltool.toml: [models.NAME] with its `path`.")
    raise UserError(f"There are {len(known)} models: {', '.join(known)}.", "Say which: `--mltool-model NAME`.")


def _at(found: Repository, tree: Tree, snapshot: Snapshot, into: Path, *, revision: str) -> Recipe:
    """Lay out the model of another revision. What may be loaded is what the policy of the work tree trusts."""
    if found.where.loader:
        raise AbsentError(f"{found.name} is run by a loader, whose code of {revision} is not run here.")
    place = into / posixpath.basename(found.where.model)
    _stored(found, snapshot, tree, place)
    paths = {SCHEMA: found.where.schema, GOLDEN: found.where.golden}
    contents = tree.read(paths.values())
    for name, path in paths.items():
        if path in contents:
            disk.write(into / name, contents[path])
    return _recipe(found, revision, place, into)


def _stored(found: Repository, snapshot: Snapshot, tree: Tree, place: Path) -> None:
    """Write the model's file of a revision to `place`: from Git, else from what DVC stored, by its hash."""
    path = found.where.model
    if not isinstance(tree, git.WorkTree) and (content := tree.read((path,)).get(path)) is not None:
        disk.write(place, content)
        return
    where = lookup.place(path, lookup.by_path(snapshot.data))
    if where is None or not where.out.hash:
        raise AbsentError(f"{path} is in neither Git nor dvc.lock there.")
    digest = where.out.hash
    if lookup.is_directory(where):
        listing = found.compared.objects((digest,)).get(digest)
        digest = lookup.files(where, lookup.manifest(listing)).get(path, "") if listing else ""
        if not digest:
            raise AbsentError(f"Which files {where.out.path} held there cannot be read here: run `dvc fetch`.")
    dvc.copy(dvc.Storage(found.folder), path, digest, place)


def _recipe(found: Repository, revision: str, file: Path, export: Path, *, loader: str = "") -> Recipe:
    return Recipe(
        name=found.name,
        revision=revision,
        file=str(file),
        export=str(export),
        trusted=found.settings.trusted,
        pickle=found.settings.pickle,
        loader=loader,
    )
