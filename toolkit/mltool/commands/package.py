"""`mltool release package`: from a manifest to the bundle that it describes, byte by byte; or to nothing."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import msgspec

from mltool import archives, dvc, environments, git, signing
from mltool.bundle import checksums, layout, statement, words
from mltool.bundle.check import Policy
from mltool.commands import release_asked, release_manifest, verify
from mltool.commands.evidence import load_config
from mltool.errors import RefusedError, UserError
from mltool.registry import tag
from mltool.registry.model import Event, Ledger
from mltool.release import json as manifests
from mltool.release.model import File, Manifest

Sign = Literal["off", "ssh", "dsse"]
Say = Callable[[str], None]
Fetch = Callable[[File, Path], str]
"""Puts a file of a manifest into a place, and returns the SHA-256 of what it put there."""

OURS = "mltool:"
REPLAY_SECONDS = 600.0


@dataclass(frozen=True, kw_only=True)
class Packaged:
    """A finished bundle. `replayed` counts the golden rows that were predicted again; None: none were asked for."""

    tar: Path
    manifest: Manifest
    digest: str
    signed: Sign
    replayed: int | None


def package(
    project: git.Project,
    model: str,
    version: str,
    *,
    out: Path,
    revision: str | None = None,
    sign: Sign | None = None,
    key: str = "",
    replay: bool = True,
    say: Say,
) -> Packaged:
    """Make the bundle of a registered version in the folder `out`, or with `revision` rehearse it for that commit.

    Raises RefusedError for a file that is not the one that Git and dvc.lock name, a release that is not the registered
    one and golden rows that are predicted otherwise; UserError and OutsideError where something is missing. Then `out`
    holds no bundle that it did not hold before.
    """
    model, version = tag.spelled(model), version.removeprefix("v")
    ledger = release_asked.read_ledger(project)
    manifest = release_manifest.manifest(project, model, version=version, revision=revision, ledger=ledger)
    digest = manifests.digest(manifest)
    if revision is None:
        _same_as_registered(_registered(ledger, model, version), manifest, digest)
    # What the commit says, not what the work tree says now.
    tree = git.GitTree(git.Project(root=project.root), manifest.tree)
    how = sign or load_config(tree).signing.sign
    tar = out / layout.file_name(manifest)
    with archives.beside(tar) as desk:
        folder = desk / layout.name(manifest)
        assemble(manifest, source(manifest, tree, dvc.Storage(project.folder)), folder)
        seal(manifest, folder, sign=how, key=key or _signing_key(project))
        verify.verify(folder, _own(manifest), into=desk)
        # Packed before the model runs for the first time, which could leave things in the folder.
        archives.write(desk / tar.name, folder, top=folder.name)
        rows = replayed(folder, manifest, say=say) if replay else None
        (desk / tar.name).replace(tar)
    return Packaged(tar=tar, manifest=manifest, digest=digest, signed=how, replayed=rows)


def source(manifest: Manifest, tree: git.GitTree, storage: dvc.Storage) -> Fetch:
    """Return what puts a file of the manifest into its place, from Git or from what DVC stored."""
    held = tree.read(file.source for file in manifest.files if not file.md5 and not file.source.startswith(OURS))
    return partial(_fetch, held=held, storage=storage)


def assemble(manifest: Manifest, fetch: Fetch, folder: Path) -> None:
    """Fill `folder` with every file of the manifest, each compared with its digest, and with what is written from it.

    Raises RefusedError naming a file that is another one than the manifest has.
    """
    for file in manifest.files:
        place = folder / file.path
        place.parent.mkdir(parents=True, exist_ok=True)
        if fetch(file, place) != file.sha256:
            raise _another(file)
    text = manifests.dumps(manifest).encode()
    (folder / layout.MANIFEST).write_bytes(text)
    locked = next(file.path for file in manifest.files if file.role == "requirements")
    written = words.write(
        manifest, digest=manifests.digest_of(text), locked=(folder / locked).read_text(encoding="utf-8")
    )
    for name, content in written.items():
        (folder / name).write_bytes(content)


def seal(manifest: Manifest, folder: Path, *, sign: Sign, key: str) -> None:
    """Write SHA256SUMS over all files of the folder, and the signatures that are asked for.

    Raises UserError where there is no key to sign with.
    """
    digests = {path: content.sha256 for path, content in archives.survey(folder).contents.items()}
    sums = checksums.dumps(digests)
    (folder / layout.SUMS).write_bytes(sums)
    if sign == "off":
        return
    if not key:
        raise UserError(
            "The bundle is to be signed, and Git signs with no SSH key (gpg.format, user.signingKey).",
            "Name a key with --key.",
        )
    (folder / layout.SIGNATURE).write_bytes(signing.ssh.sign(sums, key))
    if sign == "dsse":
        payload = statement.dumps(digests, msgspec.to_builtins(manifest))
        (folder / layout.STATEMENT).write_bytes(signing.attest(payload, Path(key)))


def replayed(folder: Path, manifest: Manifest, *, say: Say) -> int:
    """Predict the golden rows in a clean environment of the bundle's own requirements, and return how many there are.

    Raises RefusedError where a prediction differs, or the model does not load there.
    """
    locked = next(file.path for file in manifest.files if file.role == "requirements")
    say(f"Predict the golden rows in a clean environment of {locked}")
    python = environments.create(folder / locked, python=manifest.python)
    result = environments.run(python, ("-m", "server", "--replay"), folder=folder, timeout=REPLAY_SECONDS)
    if result.code:
        raise RefusedError(f"The bundle does not predict what the pipeline did: {_difference(result.out, result.err)}")
    golden = next(file.path for file in manifest.files if file.role == "golden")
    return sum(1 for line in (folder / golden).read_bytes().splitlines() if line.strip())


def _signing_key(project: git.Project) -> str:
    return git.setting(project, "user.signingkey") if git.setting(project, "gpg.format") == "ssh" else ""


def _registered(ledger: Ledger, model: str, version: str) -> Event:
    known = ledger.models.get(model)
    event = known.registered(version) if known else None
    if event is None:
        raise UserError(
            f"{model} {version} is not registered.",
            f"Run `mltool register {model} {version}`, or rehearse a commit with --rev.",
        )
    return event


def _same_as_registered(event: Event, manifest: Manifest, digest: str) -> None:
    if event.manifest and event.manifest != digest:
        raise RefusedError(
            f"{event.tag.name} registered the release {event.manifest}, and its commit gives {digest} with mltool "
            f"{manifest.tool}.",
            "Use the mltool that registered it; if it was this one, the tag was moved: `mltool registry verify`.",
        )


def _fetch(file: File, place: Path, *, held: Mapping[str, bytes], storage: dvc.Storage) -> str:
    """Put the file in its place and return its SHA-256."""
    if file.md5:
        return dvc.copy(storage, file.source, f"md5:{file.md5}", place)
    if file.source.startswith(OURS):
        content = (Path(str(files("mltool"))) / file.source.removeprefix(OURS)).read_bytes()
    elif file.source in held:
        content = held[file.source]
    else:
        raise UserError(f"{file.source} is not in Git at this commit.", "Commit it.")
    place.write_bytes(content)
    return sha256(content).hexdigest()


def _another(file: File) -> RefusedError:
    if file.md5:
        return RefusedError(
            f"{file.source} has the MD5 that dvc.lock names and another SHA-256 than export.json: it was forged."
        )
    return RefusedError(f"{file.source} is not the file that the manifest names.", "Make the manifest again.")


def _own(manifest: Manifest) -> Policy:
    """Return the policy for a bundle that we made this moment: what its commit allows."""
    return Policy(
        source="its commit",
        trusted=manifest.trusted,
        pickle=manifest.pickle,
        loader=any(file.role == "loader" for file in manifest.files),
    )


def _difference(out: bytes, err: str) -> str:
    """Return the first difference of the replay, which writes them as JSON lines; else its last words."""
    lines = [line for line in out.decode(errors="replace").splitlines() if line.startswith("{")]
    if not lines:
        return f"{(err.strip().splitlines() or ['it ended without a word'])[-1]}"
    first: dict[str, Any] = json.loads(lines[0])
    more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
    return f"{json.dumps(first, ensure_ascii=False)}{more}"
