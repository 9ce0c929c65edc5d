"""Everything that is known about one version of a model → its Manifest."""

import hashlib
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Final

from mltool.config import Card, Config, Model
from mltool.errors import UserError
from mltool.gates.directions import direction
from mltool.gates.verdict import Outcome, Verdict, overall
from mltool.release import approval, exported, origins
from mltool.release.exported import Digests, Export
from mltool.release.model import Destination, File, Manifest, Metric, Role
from mltool.release.origins import Lineage
from mltool.snapshot.model import Leaf, Snapshot
from mltool.snapshot.tree import Tree
from mltool.snapshot.values import finite

GENERATED: Final = ("CARD.md", "Dockerfile", "bom.json")
PICKLES: Final = (".joblib", ".pkl", ".pickle")
LFS_POINTER: Final = b"version https://git-lfs"


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where the files of a release are in the project; `loader` is empty where the model needs none of its own."""

    model: str
    export: str
    schema: str
    golden: str
    onnx: str
    requirements: str
    loader: str

    @property
    def in_git(self) -> tuple[str, ...]:
        """Return the files that Git must hold."""
        return tuple(filter(None, (self.export, self.schema, self.golden, self.requirements, self.loader)))


@dataclass(frozen=True, kw_only=True)
class Sources:
    """What `build` needs. `version` and `base` are without a `v`; `git_tree` is the Git tree of the project.

    `stored` has each released file that DVC stores, with its hash (`md5:…`) and its size in bytes where that is known;
    `locked` the versions of each package that
    the requirements install, `server` the files of the server by name. `replaces` maps each environment to the version
    in it. `verdicts` are those on this version, `before` is the live version's snapshot.
    """

    model: str
    version: str
    tool: str
    git_tree: str
    config: Config
    settings: Model
    places: Places
    tree: Tree
    snapshot: Snapshot
    lineage: Lineage
    stored: Mapping[str, tuple[str, int | None]]
    locked: Mapping[str, tuple[str, ...]]
    server: Mapping[str, bytes]
    base: str = ""
    before: Snapshot
    verdicts: tuple[Verdict, ...] = ()
    replaces: Mapping[str, str]


def places(name: str, settings: Model, path: str) -> Places:
    """Return where the files of the model `name` are, whose own file is at `path`."""
    folder = posixpath.normpath(settings.export or f"release/{name}")
    return Places(
        model=posixpath.normpath(path),
        export=f"{folder}/{exported.EXPORT}",
        schema=f"{folder}/{exported.SCHEMA}",
        golden=f"{folder}/{exported.GOLDEN}",
        onnx=f"{folder}/{exported.ONNX}",
        requirements=posixpath.normpath(settings.requirements or f"{folder}/{exported.REQUIREMENTS}"),
        loader=posixpath.normpath(settings.loader) if settings.loader else "",
    )


def build(sources: Sources) -> Manifest:
    """Return the manifest of one version: the same for the same commit, whoever asks and wherever.

    Raises UserError for files that are absent, that contradict each other, or that nobody allowed.
    """
    where = sources.places
    contents = _in_git(sources)
    export = exported.read(where.export, contents[where.export])
    schema = exported.schema(where.schema, contents[where.schema])
    exported.check_libraries(
        export, sources.locked, backend=schema["backend"], path=where.requirements, model=sources.model
    )
    _check_trust(sources, export)
    files = _distinct(_files(sources, export, contents))
    made_from = origins.collect(sources.snapshot, sources.tree, sources.lineage)
    return Manifest(
        model=sources.model,
        version=sources.version,
        tree=sources.git_tree,
        tool=sources.tool,
        base=sources.base,
        files=files,
        generated=GENERATED,
        data=made_from.data,
        params=made_from.params,
        code=made_from.code,
        python=export.python,
        environment={name: ", ".join(sorted(found)) for name, found in sorted(sources.locked.items())},
        inputs=schema,
        onnx={key: finite(leaf) for key, leaf in (export.onnx or {}).items()} if where.onnx in export.files else {},
        metrics=tuple(_metrics(sources)),
        verdicts=tuple(filter(_kept, sources.verdicts)),
        outcome=overall(sources.verdicts),
        card={item.name: getattr(sources.settings.card, item.name) for item in fields(Card)},
        trusted=sources.settings.trusted,
        pickle=sources.settings.pickle and any(file.path.endswith(PICKLES) for file in files),
        destinations=tuple(_destinations(sources)),
    )


def _in_git(sources: Sources) -> Mapping[str, bytes]:
    """Return the files that Git must hold, with the model's where Git holds that too."""
    where = sources.places
    contents = sources.tree.read((*where.in_git, where.model, where.onnx))
    for path in where.in_git:
        if path not in contents:
            raise UserError(f"{path} is not in Git at this commit.", _how_to_make(path, sources))
        if contents[path].startswith(LFS_POINTER):
            raise UserError(f"{path} is kept by Git LFS, so its content is not here.", "Keep it in Git itself.")
    return contents


def _how_to_make(path: str, sources: Sources) -> str:
    where = sources.places
    if path == where.requirements:
        return f"`mltool release lock {sources.model}` writes it; commit it."
    if path == where.loader:
        return f"Commit it, or correct `loader` of [models.{sources.model}] in mltool.toml."
    return (
        f"A stage with `mltool measure export … --out {posixpath.dirname(where.export)}` writes it (`cache: false`); "
        "run `dvc repro` and commit it."
    )


def _check_trust(sources: Sources, export: Export) -> None:
    path = sources.places.model
    if path.endswith(PICKLES) and not sources.settings.pickle:
        raise UserError(
            f"{path} is a pickle, which can run any code where it is loaded.",
            f"Save the model as skops, or allow it: `pickle = true` in [models.{sources.model}].",
        )
    unknown = [name for name in export.types if name not in sources.settings.trusted]
    if unknown:
        raise UserError(
            f"{path} holds types that nobody said to trust: {', '.join(unknown[:5])}.",
            f"If they are yours, list them in `trusted` of [models.{sources.model}] in mltool.toml.",
        )


def _files(sources: Sources, export: Export, contents: Mapping[str, bytes]) -> Iterator[File]:
    where = sources.places
    yield from _model_files(sources, export, contents)
    kept: tuple[tuple[Role, str, str], ...] = (
        ("schema", where.schema, exported.SCHEMA),
        ("golden", where.golden, exported.GOLDEN),
        ("requirements", where.requirements, exported.REQUIREMENTS),
        ("loader", where.loader, "loader.py"),
    )
    for role, source, path in kept:
        if source:
            yield _held(path, role, source, contents[source])
    for name, content in sources.server.items():
        yield _held(f"server/{name}", "server", f"mltool:serving/{name}", content)


def _distinct(files: Iterable[File]) -> tuple[File, ...]:
    """Return the files by their place in the bundle; raises UserError where two would lie in one place."""
    found: dict[str, File] = {}
    for file in files:
        other = found.setdefault(file.path, file)
        if other is not file:
            raise UserError(f"{other.source} and {file.source} would both be {file.path} of the bundle.", "Rename one.")
    return tuple(found[path] for path in sorted(found))


def _model_files(sources: Sources, export: Export, contents: Mapping[str, bytes]) -> Iterator[File]:
    """Yield the model, which may be a folder of files, and its ONNX form, from Git or by DVC's hash."""
    where = sources.places
    folder = posixpath.dirname(where.model)
    for path, role in _released(sources, export, contents).items():
        inside = path.removeprefix(f"{where.model}/" if path.startswith(f"{where.model}/") else f"{folder}/")
        place = f"model/{exported.ONNX if role == 'onnx' else inside}"
        if path in contents:
            yield _checked(_held(place, role, path, contents[path]), export.files.get(path))
        else:
            yield _stored(place, role, path, sources, export)


def _released(sources: Sources, export: Export, contents: Mapping[str, bytes]) -> Mapping[str, Role]:
    where = sources.places
    known = {*contents, *sources.stored}
    own = [path for path in sorted(known) if path == where.model or path.startswith(f"{where.model}/")]
    if not own:
        raise UserError(
            f"{where.model}, the model, is neither in Git nor an output that DVC stores, at this commit.",
            f"Correct `path` of [models.{sources.model}], or run `dvc repro` and commit dvc.lock.",
        )
    roles: dict[str, Role] = dict.fromkeys(own, "model")
    if where.onnx in export.files and where.onnx not in roles:
        roles[where.onnx] = "onnx"
    elif where.onnx in known and where.onnx not in roles:
        raise UserError(f"{where.export} says nothing of {where.onnx}, which is there.", "Run `dvc repro`.")
    return roles


def _held(path: str, role: Role, source: str, content: bytes) -> File:
    return File(path=path, role=role, source=source, sha256=hashlib.sha256(content).hexdigest(), size=len(content))


def _checked(file: File, said: Digests | None) -> File:
    """Return a file that Git holds; raises UserError where the export saw another one."""
    if said and said.sha256 != file.sha256:
        raise UserError(
            f"{file.source} is not the file that was exported.", "Run `dvc repro` and commit what it makes."
        )
    return file


def _stored(place: str, role: Role, path: str, sources: Sources, export: Export) -> File:
    """Return a file that DVC stores; raises UserError where the lock and the export speak of different ones."""
    said = export.files.get(path)
    if said is None:
        raise UserError(f"{sources.places.export} has no digest of {path}.", "Export that file: `dvc repro`.")
    if path not in sources.stored:
        raise UserError(f"{path} is no output that DVC stores, at this commit.", "Run `dvc repro` and commit dvc.lock.")
    recorded, size = sources.stored[path]
    algorithm, _, md5 = recorded.partition(":")
    if not md5:
        raise UserError(f"{path} was never made: dvc.lock has no hash of it.", "Run `dvc repro` and commit dvc.lock.")
    if algorithm not in ("md5", "md5-dos2unix"):
        raise UserError(f"{path} is stored by {algorithm}, and a release is checked by md5.", "Store it in DVC itself.")
    if md5 != said.md5 or (size is not None and size != said.size):
        raise UserError(
            f"{sources.places.export} was made of another {path} than dvc.lock has ({said.md5[:8]}… and {md5[:8]}…).",
            "Run `dvc repro` and commit dvc.lock with the outputs that Git tracks.",
        )
    return File(path=place, role=role, source=path, sha256=said.sha256, md5=md5, size=said.size)


def _metrics(sources: Sources) -> Iterator[Metric]:
    facts = sources.config.facts
    apart = origins.of_others(sources.snapshot, sources.lineage) | {facts.slices, facts.cost}
    head, before = _leaves(sources.snapshot), _leaves(sources.before)
    for path, key in sorted(head):
        if path not in apart:
            yield Metric(
                path=path,
                key=key,
                value=finite(head[path, key]),
                base=finite(before.get((path, key))),
                direction=direction(key),
            )


def _leaves(snapshot: Snapshot) -> Mapping[tuple[str, str], Leaf]:
    return {(file.path, key): leaf for file in snapshot.metrics for key, leaf in file.values.items()}


def _kept(verdict: Verdict) -> bool:
    """Leave out what no gate was declared for: the metric itself is there."""
    return verdict.declared or verdict.outcome is not Outcome.SKIP


def _destinations(sources: Sources) -> Iterator[Destination]:
    for name, place in sorted(sources.config.environments.items()):
        yield Destination(
            environment=name,
            target=place.target,
            url=place.url,
            replaces=sources.replaces.get(name, ""),
            approvals=approval.rule(place.approvals),
        )
