"""Bring files into a store: draft → upload → verify by downloading → publish → tell; and get them out again.

Every step looks at the store first and does nothing twice, so that a run that was killed anywhere is finished by
running it again. Nothing is called published that was not downloaded again and found to be the same bytes.
"""

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

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


def publish(parcel: Parcel, store: Store, *, say: Say) -> Published:
    """Bring the release into the store, or find it there, and return where it is.

    Raises UserError where the store has something else under that tag, or refuses; OutsideError where it fails or gives
    back other bytes than it was given. What was done until then stays, and the next run goes on from there.
    """
    steps = plan.steps(parcel.tag, _files(parcel), store.find(parcel.tag))
    release = _carry_out(parcel, store, steps, say=say)
    changed = any(step.act not in ("verify", "tell") for step in steps)
    done = "is published" if changed else "was published before, and nothing had to be done"
    say(f"{parcel.tag} {done}: {len(parcel.files)} files were downloaded again and are the same. {release.url}")
    return Published(tag=parcel.tag, url=release.url, digest=parcel.digest, steps=steps, changed=changed)


def rehearse(parcel: Parcel, store: Store, *, say: Say) -> Published:
    """Do all that `publish` does up to the last step, on a draft that is taken away again whatever happens.

    What an earlier rehearsal left is removed first. Raises as `publish` does.
    """
    tag = f"{plan.REHEARSAL}{parcel.tag}"
    # What is there already decides whether publishing would be refused.
    plan.steps(parcel.tag, _files(parcel), store.find(parcel.tag))
    for left in store.find(tag):
        store.remove(left)
    whole = plan.steps(tag, _files(parcel), ())
    steps = tuple(step for step in whole if step.act in ("draft", "upload", "verify"))
    try:
        _carry_out(parcel, store, steps, say=say, tag=tag)
    finally:
        for left in store.find(tag):
            store.remove(left)
    say(f"{parcel.tag} can be published: a rehearsal went through on {store.name}, and nothing of it is left.")
    return Published(tag=parcel.tag, url="", digest=parcel.digest, steps=steps, changed=False, rehearsed=True)


def _carry_out(parcel: Parcel, store: Store, steps: tuple[Step, ...], *, say: Say, tag: str = "") -> Found:
    tag = tag or parcel.tag
    paths = {path.name: path for path in parcel.files}
    found = store.find(tag)
    release = found[0] if found else None
    for step in steps:
        if step.act != "tell":
            say(f"{tag}: {step}.")
        if step.act == "draft":
            release = store.draft(tag, title=parcel.title, notes=parcel.notes)
            continue
        if release is None:
            raise OutsideError(f"{store.name} has lost the draft of {tag}.", "Run this again.")
        if step.act == "upload":
            store.upload(release, paths[step.name])
        elif step.act == "discard" and (asset := release.asset(step.name)):
            store.discard(release, asset)
        elif step.act == "verify":
            release = _verified(parcel, store, tag)
        elif step.act == "publish":
            release = store.publish(release)
    if release is None:
        raise OutsideError(f"{store.name} has lost {tag}.", "Run this again.")
    return release


def _verified(parcel: Parcel, store: Store, tag: str) -> Found:
    """Download every file and compare it with ours; raises OutsideError for another one, UserError for another tag."""
    wanted = _files(parcel)
    found = store.find(tag)
    left = [step for step in plan.steps(tag, wanted, found) if step.act not in ("verify", "publish", "tell")]
    if left or not found:
        raise OutsideError(f"{store.name} does not show all of {tag} yet: {left[0] if left else 'it is gone'}.", AGAIN)
    with tempfile.TemporaryDirectory() as folder:
        for file in wanted:
            asset = found[0].asset(file.name)
            copy = Path(folder) / file.name
            if asset:
                store.download(asset, copy)
            if not asset or _sha256(copy) != file.sha256:
                raise OutsideError(
                    f"{store.name} gives back another {file.name} than it was given.",
                    f"Delete the draft of {tag} and run this again."
                    if found[0].draft
                    else "What is published is not this release: find out who changed it before anybody uses it.",
                )
            if file.name == parcel.bundle:
                parcel.check(copy)
            copy.unlink()
    return found[0]


def cached(digest: str, *, check: Callable[[Path], object], home: Path) -> Path:
    """Return where a bundle is kept below `home`: the file is there only where `check` found it good just now."""
    place = home / f"{digest.removeprefix('sha256:')}.tar"
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


@contextmanager
def _beside(place: Path) -> Iterator[Path]:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent) as folder:
            yield Path(folder) / place.name
    except OSError as error:
        raise UserError(f"Cannot write {place.parent}: {error.strerror or error}.", "Make room there.") from error


def _files(parcel: Parcel) -> tuple[File, ...]:
    return tuple(File(name=path.name, size=path.stat().st_size, sha256=_sha256(path)) for path in parcel.files)


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
