"""What a bundle says about its release, written from the manifest alone: card, bill of materials, Dockerfile."""

from collections.abc import Mapping

import msgspec

from mltool.bundle import bom, card, dockerfile, layout, requirements
from mltool.errors import UserError
from mltool.release.model import Manifest
from mltool.serving.schema import Schema


def write(manifest: Manifest, *, digest: str, locked: str) -> Mapping[str, bytes]:
    """Return the files that are written for a release, by path; the same bytes for the same manifest.

    `digest` is the manifest's, `locked` the text of its requirements.txt. Raises UserError for requirements without
    hashes, an input schema that is none, and a Python that no image is known of.
    """
    try:
        packages = requirements.parse(locked)
    except ValueError as error:
        raise UserError(
            f"The requirements of {manifest.model} are not locked: {error}.",
            f"Run `mltool release lock {manifest.model}`.",
        ) from error
    schema = _schema(manifest)
    written = {
        layout.CARD: card.render(manifest, schema, digest=digest),
        layout.BOM: bom.render(manifest, schema, packages, digest=digest),
        layout.DOCKERFILE: dockerfile.render(manifest, digest=digest),
    }
    return {name: text.encode() for name, text in written.items()}


def _schema(manifest: Manifest) -> Schema:
    try:
        return msgspec.convert(manifest.inputs, Schema)
    except msgspec.ValidationError as error:
        raise UserError(f"The input schema of {manifest.model} is none: {error}.", "Export the model again.") from error
