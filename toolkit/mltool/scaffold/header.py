"""The lines on top of a generated file: who wrote it, from what, and a digest that shows an edit by hand."""

import hashlib
import re

from mltool.scaffold.pins import Style

_DIGEST = re.compile(r"^\S+ digest: ([0-9a-f]{16})\b.*$")
_LINES = 3


def stamp(body: str, *, style: Style, comment: str, version: str) -> str:
    """Return `body` under its header."""
    return (
        f"{comment} Written by `mltool ci generate` (mltool {version}) from [ci] in mltool.toml.\n"
        f"{comment} Change it there and run the command again; `mltool ci check` tells when this file is stale.\n"
        f"{comment} digest: {digest(body, style=style)} (of the lines below, without the pinned versions)\n"
        f"{body}"
    )


def split(text: str) -> tuple[str, str]:
    """Return the digest that the header claims (empty without a header) and the lines below the header."""
    *lines, body = text.replace("\r\n", "\n").split("\n", _LINES)
    claim = _DIGEST.match(lines[-1]) if len(lines) == _LINES else None
    return (claim[1], body) if claim else ("", text)


def digest(body: str, *, style: Style) -> str:
    """Return the fingerprint of `body`; moving a pin does not change it."""
    return hashlib.sha256(style.mask(body).encode()).hexdigest()[:16]
