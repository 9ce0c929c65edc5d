"""The names of a bundle's files, and of the bundle itself."""

from typing import Final

from mltool.release.model import Manifest

MANIFEST: Final = "release.json"
SUMS: Final = "SHA256SUMS"
SIGNATURE: Final = "SHA256SUMS.sig"
STATEMENT: Final = "attestation.dsse.json"
CARD: Final = "CARD.md"
BOM: Final = "bom.json"
DOCKERFILE: Final = "Dockerfile"

WRITTEN: Final = frozenset({CARD, BOM, DOCKERFILE})
"""What follows from the manifest."""

UNSUMMED: Final = frozenset({SUMS, SIGNATURE, STATEMENT})
"""What SHA256SUMS does not list: itself, and what is said about it."""


def name(manifest: Manifest) -> str:
    """Return what the bundle's top folder is called: `delay-1.3.0`; a `/` or `=` of the model's name becomes `--`."""
    return f"{manifest.model.replace('/', '--').replace('=', '--')}-{manifest.version}"


def file_name(manifest: Manifest) -> str:
    """Return what the archive is called: `delay-1.3.0.tar`."""
    return f"{name(manifest)}.tar"
