"""`mltool release reproduce`: run the pipeline of a release once more in a clean clone, and compare."""

import json
import os
import posixpath
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from mltool import disk, dvc, environments, git
from mltool.bundle import layout
from mltool.commands import package, release_manifest
from mltool.commands.inputs import lay_out
from mltool.commands.pipeline import pipeline, read
from mltool.commands.reproduce import failure
from mltool.dvc.program import program
from mltool.errors import UserError
from mltool.registry import tag as tags
from mltool.release import exported, reproduction
from mltool.release import json as manifests
from mltool.release.exported import Export
from mltool.release.model import File, Manifest
from mltool.release.reproduction import Made, Predictions, Reproduction
from mltool.shell import tee
from mltool.snapshot.model import Snapshot

Say = Callable[[str], None]
MADE = ("model", "onnx", "schema", "golden")
LOADED = ("model", "onnx")


def reproduce(project: git.Project, tag: str, *, keep: bool = False, say: Say) -> Reproduction:
    """Run the stages behind a registered version again, from its commit and its data, and compare what they make.

    The checkout is not touched; with `keep` the clone stays, and `say` tells where. Raises UserError for a tag that is
    no registration, a stage that fails and data that cannot be had.
    """
    named = tags.parse(tag)
    if named is None or named.kind != "register":
        raise UserError(f"`{tag}` does not register a version.", "Name a tag such as delay@v1.3.0: see `mltool log`.")
    commit = git.resolve(project, f"refs/tags/{tag}")
    manifest = release_manifest.manifest(project, named.model, version=named.version)
    with _desk(keep=keep, say=say) as desk:
        clone = git.clone(project, commit, desk / "clone")
        dvc.adopt(project.folder, clone.folder)
        before = read(clone, git.GitTree(clone, commit))
        _run(clone, before, manifest, site=desk / "site", say=say)
        return _compared(clone, before, manifest, desk / "bundle")


def _run(clone: git.Project, snapshot: Snapshot, manifest: Manifest, *, site: Path, say: Say) -> None:
    """Run every stage that leads to the release, whatever DVC remembers of earlier runs; nothing enters the cache."""
    wanted = {file.source for file in manifest.files if file.role in MADE}
    ends = [stage.address for stage in snapshot.stages if wanted & {out.path for out in stage.outs}]
    if not ends:
        raise UserError(f"No stage makes the files of {manifest.model}, so there is nothing to run again.")
    stages = reproduction.makers(snapshot, wanted)
    lay_out(clone, reproduction.leaves(snapshot, stages))
    say(f"Run {', '.join(stage.address for stage in stages)} again in a clean clone")
    environ = dict(os.environ) | {"DVC_NO_ANALYTICS": "1", "DVC_SITE_CACHE_DIR": str(site)}
    words = (*program(), "repro", "--force", "--no-commit", *ends)
    done = tee(words, cwd=clone.folder, environ=environ, aside=True)
    if done.code:
        raise failure(done.err, remote=None)


def _compared(clone: git.Project, before: Snapshot, manifest: Manifest, folder: Path) -> Reproduction:
    outs = {out.path for stage in before.stages for out in stage.outs}
    files = tuple(
        Made(path=file.source, released=file.sha256, now=_sha256(clone.folder / file.source))
        for file in manifest.files
        if file.role in MADE and file.source in outs
    )
    tolerance = float(manifest.inputs.get("tolerance", 0))
    if all(file.released == file.now for file in files):
        return reproduction.judge(files, None, tolerance=tolerance, causes=())
    was, now = _exports(clone, manifest)
    threads = f"{os.cpu_count()} processors, OMP_NUM_THREADS is {os.environ.get('OMP_NUM_THREADS', 'not set')}"
    return reproduction.judge(
        files,
        _predictions(clone, manifest, folder),
        tolerance=tolerance,
        causes=reproduction.causes(before, pipeline(clone), was=was, now=now, threads=threads),
    )


def _exports(clone: git.Project, manifest: Manifest) -> tuple[Export, Export | None]:
    """Return what the release was exported with and what this run was."""
    golden = next(file.source for file in manifest.files if file.role == "golden")
    path = posixpath.join(posixpath.dirname(golden), exported.EXPORT)
    tree = git.GitTree(git.Project(root=clone.root), manifest.tree)
    here = clone.folder / path
    now = exported.read(path, here.read_bytes()) if here.is_file() else None
    return exported.read(path, tree.read((path,))[path]), now


def _predictions(clone: git.Project, manifest: Manifest, folder: Path) -> Predictions:
    """Ask the model made now for the golden rows of the release, in the environment that mltool runs in.

    A bundle of the model made now, in which the schema allows no difference at all, so that a replay tells every one.
    """
    tree = git.GitTree(git.Project(root=clone.root), manifest.tree)
    stored = package.source(manifest, tree, dvc.Storage(clone.folder))
    files: list[File] = []
    for file in manifest.files:
        place = folder / file.path
        place.parent.mkdir(parents=True, exist_ok=True)
        if file.role in LOADED:
            if not (clone.folder / file.source).is_file():
                return Predictions(rows=0, problem=f"{file.source} was not made")
            shutil.copyfile(clone.folder / file.source, place)
        else:
            stored(file, place)
        if file.role == "schema":
            place.write_text(json.dumps(dict(manifest.inputs) | {"tolerance": 0}))
        files.append(replace(file, sha256=_sha256(place), size=place.stat().st_size))
    made = replace(manifest, files=tuple(files), generated=())
    (folder / layout.MANIFEST).write_text(manifests.dumps(made), encoding="utf-8")
    package.seal(made, folder, sign="off", key="")
    return _asked(folder, manifest)


def _asked(folder: Path, manifest: Manifest) -> Predictions:
    result = environments.run(Path(sys.executable), ("-m", "server", "--replay"), folder=folder)
    lines = [json.loads(line) for line in result.out.decode(errors="replace").splitlines() if line.startswith("{")]
    golden = next(file.path for file in manifest.files if file.role == "golden")
    rows = len((folder / golden).read_bytes().splitlines())
    if result.code and not lines:
        return Predictions(rows=rows, problem=(result.err.strip().splitlines() or ["it ended without a word"])[-1])
    return reproduction.predictions(rows, lines)


def _sha256(path: Path) -> str:
    return disk.sha256(path) if path.is_file() else ""


@contextmanager
def _desk(*, keep: bool, say: Say) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="mltool-reproduce-"))
    try:
        yield folder
    finally:
        if keep:
            say(f"The clone stays in {folder / 'clone'}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
