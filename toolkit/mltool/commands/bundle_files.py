"""Read what a bundle says about itself, without trusting any of it."""

import time
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

from mltool import __version__, signing
from mltool.archives import Unpacked
from mltool.bundle import checksums, layout, statement, words
from mltool.bundle.check import Found, Policy, Signature
from mltool.errors import RefusedError, UserError
from mltool.release import json as manifests
from mltool.release.model import Manifest

MOST_BYTES = 32 * 2**20


def read(unpacked: Unpacked, policy: Policy) -> Found:
    """Return everything that `check.verify` needs. Raises UserError for what is no bundle, or one by a newer mltool,
    RefusedError for one that cannot even be read.
    """
    sums, manifest = (needed(unpacked, name) for name in (layout.SUMS, layout.MANIFEST))
    read = manifests.loads(manifest)
    try:
        listed = checksums.loads(sums)
    except ValueError as error:
        raise RefusedError(f"{layout.SUMS} is not what mltool writes: {error}.") from error
    return Found(
        top=unpacked.top,
        contents=unpacked.contents,
        sums=listed,
        manifest=read,
        generated=_generated(unpacked, read),
        signatures=tuple(_signatures(unpacked, sums, listed, policy)),
    )


def needed(unpacked: Unpacked, name: str) -> bytes:
    """Return a file that every bundle has; raises UserError where it is not there."""
    content = unpacked.contents.get(name)
    if content is None:
        raise UserError(f"{unpacked.top or 'It'} is no bundle: it has no {name}.", "Name a bundle, or its folder.")
    return _read_file(unpacked, name)


def _read_file(unpacked: Unpacked, name: str) -> bytes:
    """Return a file that we must read whole; one that is too large for what it is named is refused unread."""
    if unpacked.contents[name].size > MOST_BYTES:
        raise RefusedError(f"{name} has {unpacked.contents[name].size} bytes, which is no {name} of ours.")
    return (unpacked.folder / name).read_bytes()


def _generated(unpacked: Unpacked, manifest: Manifest) -> Mapping[str, str]:
    """Return the SHA-256 that card, bill of materials and Dockerfile have when we write them."""
    locked = next((file.path for file in manifest.files if file.role == "requirements"), "")
    if manifest.tool != __version__ or locked not in unpacked.contents:
        return {}
    digest = f"sha256:{unpacked.contents[layout.MANIFEST].sha256}"
    try:
        text = _read_file(unpacked, locked).decode(errors="replace")
        written = words.write(manifest, digest=digest, locked=text)
    except UserError as error:
        raise RefusedError(f"What the bundle says about itself cannot be written from its manifest. {error}") from error
    return {name: sha256(content).hexdigest() for name, content in written.items()}


def _signatures(unpacked: Unpacked, sums: bytes, listed: Mapping[str, str], policy: Policy) -> Iterator[Signature]:
    if not policy.signers:
        return
    allowed = Path(policy.signers)
    signed = layout.SIGNATURE in unpacked.contents
    if signed:
        yield signing.ssh.check(sums, unpacked.folder / layout.SIGNATURE, allowed)
    # With a signature that can be checked, a statement that cannot be is a note.
    if layout.STATEMENT in unpacked.contents and (signing.can_attest() or not signed):
        yield _statement(_read_file(unpacked, layout.STATEMENT), allowed, listed)


def _statement(content: bytes, allowed: Path, listed: Mapping[str, str]) -> Signature:
    signature, payload = signing.check_attestation(content, allowed.read_text(errors="replace"), now=time.time())
    if signature.problem:
        return signature
    try:
        about = statement.subjects(payload)
    except ValueError as error:
        return Signature(level="dsse", problem=f"The statement does not count: {error}.")
    if about != listed:
        return Signature(level="dsse", problem="The statement is about other files than those of this bundle.")
    return signature
