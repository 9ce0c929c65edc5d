"""A directory, on this machine or mounted: `PLACE/delay@v1.3.0/` with the files; drafts stand in `PLACE/.drafts/`.

Publishing is one rename, so that a reader never sees half a release.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from mltool import disk
from mltool.errors import OutsideError, UserError
from mltool.release.publish import Asset, Found

DRAFTS: Final = ".drafts"
NOTES: Final = "NOTES.md"
PART: Final = ".part"


@dataclass(frozen=True)
class Directory:
    """Releases below `place`."""

    place: Path

    @property
    def name(self) -> str:
        """Return the directory."""
        return str(self.place)

    def find(self, tag: str) -> tuple[Found, ...]:
        """Return the draft and the published release of this tag, where they exist."""
        places = ((self._draft(tag), True), (self._published(tag), False))
        with _words(self.place):
            return tuple(_release(folder, tag, draft=draft) for folder, draft in places if folder.is_dir())

    def draft(self, tag: str, *, title: str, notes: str) -> Found:
        """Make the draft's folder, with the notes in it."""
        folder = self._draft(tag)
        disk.write(folder / NOTES, f"# {title}\n\n{notes}\n")
        return _release(folder, tag, draft=True)

    def upload(self, release: Found, file: Path) -> None:
        """Copy a file in; until it is whole it has another name."""
        part = Path(release.id) / f"{file.name}{PART}"
        with _words(self.place):
            shutil.copyfile(file, part)
            part.replace(part.with_name(file.name))

    def discard(self, release: Found, asset: Asset) -> None:
        """Delete a file of a draft."""
        for name in (asset.name, f"{asset.name}{PART}"):
            disk.remove(Path(release.id) / name)

    def download(self, asset: Asset, to: Path) -> None:
        """Copy a file out."""
        with _words(self.place):
            shutil.copyfile(asset.id, to)

    def publish(self, release: Found) -> Found:
        """Move the draft to its place; UserError where somebody else has just published that tag."""
        folder = self._published(release.tag)
        with _words(self.place):
            if folder.exists():
                raise UserError(f"{folder} was published by somebody else just now.", "Run this again.")
            Path(release.id).rename(folder)
        return _release(folder, release.tag, draft=False)

    def remove(self, release: Found) -> None:
        """Delete the draft's folder."""
        with _words(self.place):
            shutil.rmtree(release.id, ignore_errors=not Path(release.id).exists())

    def _draft(self, tag: str) -> Path:
        return self.place / DRAFTS / _folder(tag)

    def _published(self, tag: str) -> Path:
        return self.place / _folder(tag)


def _folder(tag: str) -> str:
    """Return the tag as the name of one folder; model names may have slashes."""
    return quote(tag, safe="@=+#")


def _release(folder: Path, tag: str, *, draft: bool) -> Found:
    files = sorted(file for file in folder.iterdir() if file.name != NOTES and not file.name.startswith("."))
    return Found(
        id=str(folder),
        tag=tag,
        draft=draft,
        assets=tuple(_asset(file) for file in files),
        url=folder.resolve().as_uri(),
    )


def _asset(file: Path) -> Asset:
    whole, digest = not file.name.endswith(PART), disk.sha256(file)
    return Asset(id=str(file), name=file.name.removesuffix(PART), size=file.stat().st_size, whole=whole, sha256=digest)


@contextmanager
def _words(place: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise OutsideError(
            f"{place} has lost {error.filename}: somebody else is at work.", "Run this again."
        ) from error
    except OSError as error:
        raise OutsideError(f"{place} failed: {error.strerror or error}.", "Make room or access there.") from error
