"""Sign an in-toto statement with an SSH key, and check such an envelope. Needs the extra `sign`."""

import base64
import hashlib
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from mltool.bundle import signers
from mltool.bundle.check import Signature
from mltool.bundle.statement import Envelope, seal, signed, unseal
from mltool.errors import UserError


def sign(payload: bytes, key: Path) -> bytes:
    """Return the envelope of the payload, signed with the private SSH key in a file: Ed25519 or ECDSA.

    Raises UserError for a key that is not there, has a passphrase or is of another kind.
    """
    private = _private(key)
    content = signed(payload)
    if isinstance(private, ed25519.Ed25519PrivateKey):
        signature = private.sign(content)
    else:
        signature = private.sign(content, ec.ECDSA(hashes.SHA256()))
    return seal(Envelope(payload=payload, key=_fingerprint(_blob(private.public_key())), signature=signature))


def check(content: bytes, allowed: str, *, now: float) -> tuple[Signature, bytes]:
    """Return who signed the envelope, of those whom the text `allowed` lists, and its payload.

    `now` is in seconds since 1970: a key that has expired by then does not count.
    """
    try:
        envelope = unseal(content)
        listed = signers.parse(allowed)
    except ValueError as error:
        return _problem(str(error)), b""
    entry = next((entry for entry in listed if _fingerprint(entry.blob) == envelope.key), None)
    signer, why = signers.signer(listed, entry.blob if entry else b"", now=now)
    if entry is None or not signer:
        return _problem(why), b""
    if not _holds(envelope, entry.blob):
        return _problem("it was changed after it was signed"), b""
    return Signature(level="dsse", signer=signer), envelope.payload


def _holds(envelope: Envelope, blob: bytes) -> bool:
    length = int.from_bytes(blob[:4])
    public = serialization.load_ssh_public_key(blob[4 : 4 + length] + b" " + base64.b64encode(blob))
    try:
        if isinstance(public, ed25519.Ed25519PublicKey):
            public.verify(envelope.signature, envelope.signed)
        elif isinstance(public, ec.EllipticCurvePublicKey):
            public.verify(envelope.signature, envelope.signed, ec.ECDSA(hashes.SHA256()))
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _private(key: Path) -> ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey:
    place = key.expanduser()
    # Git's user.signingKey may name the public half.
    place = place.with_suffix("") if place.suffix == ".pub" else place
    try:
        private = serialization.load_ssh_private_key(place.read_bytes(), password=None)
    except OSError as error:
        raise UserError(f"Cannot read the key {place}: {error.strerror}.", "Name another with --key.") from error
    except (ValueError, TypeError) as error:
        raise UserError(
            f"{place} cannot sign a statement: it is no private SSH key, or one with a passphrase.",
            "Sign with `--sign ssh`, where the SSH agent holds the key, or name another with --key.",
        ) from error
    if not isinstance(private, ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey):
        raise UserError(f"{place} is neither an Ed25519 nor an ECDSA key.", "Make one with `ssh-keygen -t ed25519`.")
    return private


def _blob(public: ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey) -> bytes:
    line = public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return base64.b64decode(line.split()[1])


def _fingerprint(blob: bytes) -> str:
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def _problem(why: str) -> Signature:
    return Signature(level="dsse", problem=f"The statement does not count: {why}.")
