"""Signatures of a bundle: an SSH signature over its checksums, and an in-toto statement about its files."""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from mltool.bundle.check import Signature
from mltool.errors import UserError
from mltool.signing import ssh

__all__ = ["attest", "can_attest", "check_attestation", "ssh"]

DSSE = "mltool.signing.dsse"


def can_attest() -> bool:
    """Return whether the extra `sign` is installed."""
    return find_spec("cryptography") is not None


def attest(payload: bytes, key: Path) -> bytes:
    """Return the signed envelope of an in-toto statement; raises UserError without the extra `sign`."""
    if not can_attest():
        raise UserError("Signing a statement needs the package cryptography.", "Run `pip install 'mltool-ci[sign]'`.")
    envelope: bytes = import_module(DSSE).sign(payload, key)
    return envelope


def check_attestation(content: bytes, allowed: str, *, now: float) -> tuple[Signature, bytes]:
    """Return who signed the envelope and its payload; see `dsse.check`. Without the extra, nobody did."""
    if not can_attest():
        why = "checking it needs the package cryptography: `pip install 'mltool-ci[sign]'`"
        return Signature(level="dsse", problem=f"The statement does not count: {why}."), b""
    checked: tuple[Signature, bytes] = import_module(DSSE).check(content, allowed, now=now)
    return checked
