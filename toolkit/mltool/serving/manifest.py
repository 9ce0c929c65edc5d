"""What the server takes from `release.json`: everything else in it is for people and for mltool."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import msgspec

FORMAT: Final = "mltool.release/1"
# The server itself runs on these; they decide no prediction.
_OWN: Final = frozenset({"click", "h11", "httptools", "msgspec", "uvicorn", "uvloop", "typing-extensions"})


class ManifestError(ValueError):
    """A `release.json` that cannot be served; its text is a sentence."""


class File(msgspec.Struct, frozen=True, kw_only=True):
    """One file of the bundle and what it is there for."""

    path: str
    role: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The release: which types and whether pickle may be loaded is the repository's word, bound by its digest."""

    schema: str
    model: str
    version: str
    files: tuple[File, ...] = ()
    environment: Mapping[str, str] = {}
    trusted: tuple[str, ...] = ()
    pickle: bool = False


@dataclass(frozen=True, kw_only=True)
class Release:
    """A manifest with the digest (`sha256:…`) of its bytes."""

    manifest: Manifest
    digest: str


def read(folder: Path) -> Release:
    """Return the release that a bundle's folder holds. Raises ManifestError, and OSError where there is none."""
    data = (folder / "release.json").read_bytes()
    try:
        if msgspec.json.decode(data, type=_Head).schema != FORMAT:
            raise ManifestError(f"release.json is not {FORMAT}: it was made by another version of mltool.")
        manifest = msgspec.json.decode(data, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ManifestError(f"release.json cannot be read: {error}.") from error
    return Release(manifest=manifest, digest=f"sha256:{hashlib.sha256(data).hexdigest()}")


def skew(manifest: Manifest) -> tuple[str, ...]:
    """Return a sentence for every library whose installed version is not the one that the release was checked with."""
    found = []
    for name, wanted in sorted(manifest.environment.items()):
        installed = _installed(name)
        if name not in _OWN and installed not in ("", wanted):
            found.append(f"{name} is {installed} here, the release was made for {wanted}")
    return tuple(found)


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


class _Head(msgspec.Struct, frozen=True):
    schema: str
