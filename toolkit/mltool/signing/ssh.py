"""Sign with the SSH key that Git signs with, and check such a signature: ssh-keygen does it, offline."""

import os
import tempfile
from pathlib import Path
from typing import Final

from mltool import shell
from mltool.bundle import signers
from mltool.bundle.check import Signature
from mltool.errors import UserError

LITERAL: Final = ("ssh-", "ecdsa-", "sk-", "key::")
REASONS: Final = {
    "key has expired": "the key of the signer has expired",
    "not yet valid": "the key of the signer is not valid yet",
    "not permitted for use in signature namespace": f"the key of the signer may not sign for `{signers.NAMESPACE}`",
    "namespace does not match": "it was made for another purpose",
    "incorrect signature": "the checksums were changed after they were signed",
    "parse signature": "it is not a signature",
    "incomplete message": "it is not a signature",
    "missing header": "it is not a signature",
    "missing key": "the list of allowed signers has a line without a key",
    "No principal matched": "nobody on the list of allowed signers has this key",
}


def sign(content: bytes, key: str) -> bytes:
    """Return a detached signature of `content`.

    `key` is what Git's user.signingKey holds: the path of a private or public key (then the agent signs), or a public
    key itself. Raises UserError where ssh-keygen cannot sign with it.
    """
    with tempfile.TemporaryDirectory(prefix="mltool-") as folder:
        place = Path(key).expanduser()
        if key.startswith(LITERAL):
            place = Path(folder) / "key.pub"
            place.write_text(key.removeprefix("key::") + "\n")
        command = ("ssh-keygen", "-Y", "sign", "-n", signers.NAMESPACE, "-f", place)
        result = shell.run(command, stdin=content, environ=_environ())
    if result.code:
        said = next(
            (line for line in result.err.splitlines() if line and "Signing data" not in line), "no reason given"
        )
        raise UserError(
            f"ssh-keygen cannot sign with {key}: {said.rstrip('.')}.", "Check Git's user.signingKey, or --key."
        )
    return result.out


def check(content: bytes, signature: Path, allowed: Path) -> Signature:
    """Return who signed `content`, of those whom the file `allowed` lists; or why the signature does not count."""
    asked = shell.run(("ssh-keygen", "-Y", "find-principals", "-s", signature, "-f", allowed), environ=_environ())
    if asked.code:
        return Signature(level="ssh", problem=f"The signature does not count: {_reason(asked.err)}.")
    principal = asked.out.decode(errors="replace").splitlines()[0]
    command = ("ssh-keygen", "-Y", "verify", "-n", signers.NAMESPACE, "-I", principal, "-s", signature, "-f", allowed)
    result = shell.run(command, stdin=content, environ=_environ())
    if result.code:
        return Signature(level="ssh", problem=f"The signature does not count: {_reason(result.err)}.")
    return Signature(level="ssh", signer=principal)


def _reason(said: str) -> str:
    said = said.strip() or "ssh-keygen gives no reason"
    return next((reason for words, reason in REASONS.items() if words in said), said.splitlines()[0].rstrip("."))


def _environ() -> dict[str, str]:
    # We read its words.
    return dict(os.environ) | {"LC_ALL": "C"}
