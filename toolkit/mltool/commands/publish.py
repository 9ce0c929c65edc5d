"""`mltool release publish`: from a verified bundle to a published release; and back, for a deployment."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from mltool import config as configuration
from mltool import disk, git
from mltool.bundle import layout
from mltool.bundle.check import Policy
from mltool.commands import blessings, ledger, parcel, stores, verify
from mltool.commands.parcel import Parcel, Published, Say
from mltool.commands.verify import VerifiedBundle
from mltool.config import Config
from mltool.errors import RefusedError, UserError
from mltool.registry import tag as names
from mltool.registry.model import Event
from mltool.release.blessing import Blessing
from mltool.release.model import Manifest
from mltool.report import notes
from mltool.stores.store import Store

BUNDLES = "dist"
BESIDE = (layout.MANIFEST, layout.SUMS, layout.SIGNATURE, layout.STATEMENT, layout.CARD, layout.BOM)
"""What is published beside the archive, because people and tools read it there, where the bundle has it."""


def publish(
    project: git.Project,
    model: str,
    version: str,
    *,
    bundle: Path | None = None,
    rehearse: bool = False,
    say: Say,
    store: Store | None = None,
) -> Published:
    """Publish the bundle of a registered version, or only rehearse it, and return what was done.

    Without `bundle` it is the one that `mltool release package` left. Raises RefusedError for a bundle that is not what
    was registered and for a version without a judgement on its own commit, UserError and OutsideError as
    `parcel.publish` does.
    """
    config = _config(project)
    model, version = names.spelled(model), version.removeprefix("v")
    event = registered(project, model, version)
    if not event and not rehearse:
        raise UserError(f"{model} {version} is not registered.", f"Run `mltool register {model} {version}`.")
    if event and not event.manifest:
        raise UserError(
            f"{event.tag.name} names no release: mltool did not write it, so no bundle can be compared with it.",
            f"Register a new version: `mltool register {model} --bump patch`.",
        )
    blessed = _blessed(project, event) if event else None
    digest = event.manifest if event else ""
    policy = verify.policy(config, model, folder=project.folder, digest=digest)
    tar = bundle or _packaged(project, model, version)
    with _parcel(tar, policy, model=model, version=version, blessing=blessed) as made:
        place = store or stores.connect(project, config.release)
        return parcel.rehearse(made, place, say=say) if rehearse else parcel.publish(made, place, say=say)


def fetch(
    project: git.Project,
    config: Config,
    model: str,
    version: str,
    digest: str,
    *,
    store: Store | None = None,
    environ: Mapping[str, str] | None = None,
) -> Path:
    """Return the published bundle of a version, downloaded and verified, from the cache where it is there already.

    `digest` is the manifest's (`sha256:…`). Raises UserError where it is not published, RefusedError where what is
    published is another release or was tampered with, OutsideError where the store fails.
    """
    check = _checks(verify.policy(config, model, folder=project.folder, digest=digest))
    home = cache(os.environ if environ is None else environ)
    # A rollback needs no forge that is up, and no token, where the bundle ran before.
    here = parcel.cached(digest, check=check, home=home)
    if here.is_file():
        return here
    place = store or stores.connect(project, config.release, environ)
    return parcel.fetch(place, tag=tag(model, version), digest=digest, check=check, home=home)


def cache(environ: Mapping[str, str]) -> Path:
    """Return the folder of downloaded bundles."""
    home = environ.get("XDG_CACHE_HOME", "")
    return (Path(home) if home else Path.home() / ".cache") / "mltool" / "bundles"


def tag(model: str, version: str) -> str:
    """Return the tag that a version is released under, which is the ledger's."""
    return f"{model}@v{version.removeprefix('v')}"


def registered(project: git.Project, model: str, version: str) -> Event | None:
    """Return the event that registered a version, None where there is none."""
    known = ledger.read(project).models.get(model)
    return known.registered(version) if known else None


def _blessed(project: git.Project, event: Event) -> Blessing | None:
    """Return what the version was registered on; raises RefusedError where that is missing or of another commit."""
    found = blessings.of(project, ledger.read(project).models[event.model], event)
    if found.objection:
        raise RefusedError(found.objection)
    return found.blessing


@contextmanager
def _parcel(
    tar: Path, policy: Policy, *, model: str, version: str, blessing: Blessing | None = None
) -> Iterator[Parcel]:
    with verify.opened(tar, policy) as bundle:
        _same(tar, bundle, model=model, version=version)
        beside = tuple(bundle.folder / name for name in BESIDE if (bundle.folder / name).is_file())
        yield Parcel(
            tag=tag(model, version),
            title=notes.title(bundle.manifest),
            notes=notes.render(bundle.manifest, digest=bundle.digest, bundle=tar.name, blessing=blessing),
            digest=bundle.digest,
            files=(tar, *beside),
            bundle=tar.name,
            check=_checks(policy),
        )


def _same(tar: Path, bundle: VerifiedBundle, *, model: str, version: str) -> None:
    inside = bundle.manifest
    if (inside.model, inside.version) != (model, version):
        raise UserError(
            f"{tar.name} is {inside.model} {inside.version}, not {model} {version}.",
            "Name the right file: --bundle FILE.",
        )
    expected = layout.file_name(inside)
    if tar.name != expected:
        raise UserError(f"The bundle is called {tar.name}; it has to be published as {expected}.", "Rename the file.")


def _checks(policy: Policy) -> Callable[[Path], None]:
    def check(copy: Path) -> None:
        with verify.opened(copy, policy):
            pass

    return check


def _packaged(project: git.Project, model: str, version: str) -> Path:
    place = project.folder / BUNDLES / layout.file_name(Manifest(model=model, version=version, tree=""))
    if not place.is_file():
        raise UserError(
            f"There is no {place}.", f"Run `mltool release package {model} {version}`, or give --bundle FILE."
        )
    return place


def _config(project: git.Project) -> Config:
    return configuration.load(disk.read(project.folder, (configuration.FILE, configuration.PYPROJECT)))
