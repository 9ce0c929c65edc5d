"""Bring files into a store: draft → upload → verify by downloading → publish → tell; and get them out again.

Every step looks at the store first and does nothing twice, so that a run that was killed anywhere is finished by
running it again. Nothing is called published that was not downloaded again and found to be the same bytes.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mltool import disk
from mltool.errors import MltoolError, OutsideError, UserError
from mltool.release import publish as plan
from mltool.release.publish import File, Found, Step
from mltool.stores.store import Store

Say = Callable[[str], None]

AGAIN = "Run this again: it goes on from here."


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """What is to be published: the files under their own names, `bundle` the archive among them.

    `check` raises where a copy of the archive is not the release that it should be.
    """

    tag: str
    title: str
    notes: str
    digest: str
    files: tuple[Path, ...]
    bundle: str
    check: Callable[[Path], object]


@dataclass(frozen=True, kw_only=True)
class Published:
    """What was done. `changed` is whether this run did anything but look and verify."""

    tag: str
    url: str
    digest: str
    steps: tuple[Step, ...]
    changed: bool
    rehearsed: bool = False


@dataclass(frozen=True, kw_only=True)
class _Job:
    """One parcel on its way into one store, under the tag or under that of a rehearsal."""

    parcel: Parcel
    store: Store
    tag: str
    wanted: tuple[File, ...]
    say: Say


def publish(parcel: Parcel, store: Store, *, say: Say) -> Published:
    """Bring the release into the store, or find it there, and return where it is.

    Raises UserError where the store has something else under that tag, or refuses; OutsideError where it fails or gives
    back other bytes than it was given. What was done until then stays, and the next run goes on from there.
    """
    job = _Job(parcel=parcel, store=store, tag=parcel.tag, wanted=_files(parcel), say=say)
    found = store.find(parcel.tag)
    steps = plan.steps(parcel.tag, job.wanted, found)
    release = _carry_out(job, steps, *found)
    changed = any(step.act not in ("verify", "tell") for step in steps)
    done = "is published" if changed else "was published before, and nothing had to be done"
    say(f"{parcel.tag} {done}: {len(parcel.files)} files were downloaded again and are the same. {release.url}")
    return Published(tag=parcel.tag, url=release.url, digest=parcel.digest, steps=steps, changed=changed)


def rehearse(parcel: Parcel, store: Store, *, say: Say) -> Published:
    """Do all that `publish` does up to the last step, on a draft that is taken away again whatever happens.

    What an earlier rehearsal left is removed first. Raises as `publish` does.
    """
    job = _Job(parcel=parcel, store=store, tag=f"{plan.REHEARSAL}{parcel.tag}", wanted=_files(parcel), say=say)
    # What is there already decides whether publishing would be refused.
    plan.steps(parcel.tag, job.wanted, store.find(parcel.tag))
    _remove(job)
    whole = plan.steps(job.tag, job.wanted, ())
    steps = tuple(step for step in whole if step.act in ("draft", "upload", "verify"))
    try:
        _carry_out(job, steps)
    finally:
        _remove(job)
    say(f"{parcel.tag} can be published: a rehearsal went through on {store.name}, and nothing of it is left.")
    return Published(tag=parcel.tag, url="", digest=parcel.digest, steps=steps, changed=False, rehearsed=True)


def _remove(job: _Job) -> None:
    for left in job.store.find(job.tag):
        job.store.remove(left)


def _carry_out(job: _Job, steps: tuple[Step, ...], release: Found | None = None) -> Found:
    for step in steps:
        if step.act != "tell":
            job.say(f"{job.tag}: {step}.")
        release = _begin(job) if release is None else _step(job, step, release)
    if release is None:
        raise OutsideError(f"{job.store.name} has lost {job.tag}.", AGAIN)
    return release


def _begin(job: _Job) -> Found:
    return job.store.draft(job.tag, title=job.parcel.title, notes=job.parcel.notes)


def _step(job: _Job, step: Step, release: Found) -> Found:
    """Take one step on a release that was begun, and return it as it is then."""
    if step.act == "upload":
        job.store.upload(release, next(path for path in job.parcel.files if path.name == step.name))
    elif step.act == "discard" and (asset := release.asset(step.name)):
        job.store.discard(release, asset)
    elif step.act == "verify":
        return _verified(job)
    elif step.act == "publish":
        published = job.store.publish(release)
        # Somebody may have changed the draft between our last look and this step.
        plan.steps(job.tag, job.wanted, (published,))
        return published
    return release


def _verified(job: _Job) -> Found:
    """Download every file and compare it with ours; raises OutsideError for another one."""
    found = job.store.find(job.tag)
    todo = plan.steps(job.tag, job.wanted, found)
    left = [step for step in todo if step.act not in ("verify", "publish", "tell")]
    if left:
        raise OutsideError(f"{job.store.name} does not show all of {job.tag} yet: {left[0]} is to be done.", AGAIN)
    with tempfile.TemporaryDirectory() as folder:
        for file in job.wanted:
            _compare(job, found[0], file, Path(folder) / file.name)
    return found[0]


def _compare(job: _Job, release: Found, file: File, copy: Path) -> None:
    asset = release.asset(file.name)
    if asset:
        job.store.download(asset, copy)
    if not asset or disk.sha256(copy) != file.sha256:
        raise OutsideError(
            f"{job.store.name} gives back another {file.name} than it was given.",
            f"Delete the draft of {job.tag} and run this again."
            if release.draft
            else "What is published is not this release: find out who changed it before anybody uses it.",
        )
    if file.name == job.parcel.bundle:
        job.parcel.check(copy)
    copy.unlink()


def cached(digest: str, *, check: Callable[[Path], object], home: Path) -> Path:
    """Return where a bundle is kept below `home`: the file is there only where `check` found it good just now."""
    place = _kept(digest, home)
    if place.is_file():
        try:
            check(place)
        except MltoolError:
            place.unlink(missing_ok=True)
    return place


def fetch(store: Store, *, tag: str, digest: str, check: Callable[[Path], object], home: Path) -> Path:
    """Return the published bundle of `tag` from the cache below `home`, downloading it where it is not there.

    `check` is asked about the file each time, and raises where it is not the release with this `digest` (`sha256:…`):
    a copy in the cache that went bad is then fetched once more. Raises UserError where the tag is not published.
    """
    place = cached(digest, check=check, home=home)
    if place.is_file():
        return place
    published = [found for found in store.find(tag) if not found.draft]
    archives = [asset for found in published for asset in found.assets if asset.name.endswith(".tar")]
    if len(archives) != 1:
        how = "is not published" if not published else f"has {len(archives)} archives"
        raise UserError(
            f"{tag} {how} in {store.name}.", "Run `mltool release publish`, or give the file: --bundle FILE."
        )
    with _beside(place) as copy:
        store.download(archives[0], copy)
        check(copy)
        copy.replace(place)
    return place


def keep(archive: Path, *, digest: str, home: Path) -> None:
    """Keep a bundle that was given as a file where `cached` finds it. Raises UserError where it cannot be written."""
    place = _kept(digest, home)
    if not place.is_file():
        with _beside(place) as copy:
            shutil.copyfile(archive, copy)
            copy.replace(place)


def _kept(digest: str, home: Path) -> Path:
    return home / f"{digest.removeprefix('sha256:')}.tar"


@contextmanager
def _beside(place: Path) -> Iterator[Path]:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent) as folder:
            yield Path(folder) / place.name
    except OSError as error:
        raise UserError(f"Cannot write {place.parent}: {error.strerror or error}.", "Make room there.") from error


def _files(parcel: Parcel) -> tuple[File, ...]:
    return tuple(File(name=path.name, size=path.stat().st_size, sha256=disk.sha256(path)) for path in parcel.files)
