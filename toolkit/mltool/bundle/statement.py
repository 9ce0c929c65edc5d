"""An in-toto statement about every file of a bundle, in the envelope that is signed (DSSE).

https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

STATEMENT: Final = "https://in-toto.io/Statement/v1"
PREDICATE: Final = "https://github.com/mltool/mltool/release/v1"
PAYLOAD: Final = "application/vnd.in-toto+json"


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """A payload with its signature, and which key claims to have made it."""

    payload: bytes
    key: str
    signature: bytes

    @property
    def signed(self) -> bytes:
        """Return the bytes that the signature is over: DSSE's pre-authentication encoding."""
        return signed(self.payload)


def dumps(digests: Mapping[str, str], manifest: Any) -> bytes:
    """Return the statement: the subjects are the files with their SHA-256, the predicate is the manifest."""
    subjects = [{"name": path, "digest": {"sha256": digests[path]}} for path in sorted(digests)]
    document = {"_type": STATEMENT, "subject": subjects, "predicateType": PREDICATE, "predicate": manifest}
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def subjects(payload: bytes) -> Mapping[str, str]:
    """Return the SHA-256 by path that a statement is about; raises ValueError for another kind of statement."""
    try:
        document = json.loads(payload)
        if document["_type"] != STATEMENT or document["predicateType"] != PREDICATE:
            raise ValueError("it is a statement of another kind")
        return {str(entry["name"]): str(entry["digest"]["sha256"]) for entry in document["subject"]}
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError("it is no in-toto statement") from error


def signed(payload: bytes) -> bytes:
    """Return what is signed for a payload."""
    kind = PAYLOAD.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def seal(envelope: Envelope) -> bytes:
    """Return the envelope as a file."""
    document = {
        "payload": base64.b64encode(envelope.payload).decode(),
        "payloadType": PAYLOAD,
        "signatures": [{"keyid": envelope.key, "sig": base64.b64encode(envelope.signature).decode()}],
    }
    return (json.dumps(document, indent=2, sort_keys=True) + "\n").encode()


def unseal(content: bytes) -> Envelope:
    """Return the envelope with its one signature; raises ValueError for what is none."""
    try:
        document = json.loads(content)
        if document["payloadType"] != PAYLOAD:
            raise ValueError("its payload is of another type")
        (entry,) = document["signatures"]
        return Envelope(
            payload=base64.b64decode(document["payload"], validate=True),
            key=str(entry["keyid"]),
            signature=base64.b64decode(entry["sig"], validate=True),
        )
    except (KeyError, TypeError, AttributeError, binascii.Error, RecursionError) as error:
        raise ValueError("it is no DSSE envelope") from error
