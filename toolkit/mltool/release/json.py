"""The manifest as `release.json`: one way to write it, so that it has one digest, and a strict way to read it."""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from mltool.errors import UserError
from mltool.release.model import SCHEMA, Manifest
from mltool.snapshot import bounded

FILE: Final = "release.json"
MOST_BYTES: Final = 20_000_000
MOST_ITEMS: Final = 100_000
MOST_TEXT: Final = 20_000
MOST_DEPTH: Final = 16
_FAMILY, _, _NUMBER = SCHEMA.rpartition("/")


def dumps(manifest: Manifest) -> str:
    """Return the canonical text: sorted keys, two spaces, a newline at the end, numbers that are none as text.

    Raises UserError for what would not be read again: a name that is no Unicode, a release past the limits.
    """
    document = _plain(msgspec.to_builtins(manifest))
    text = json.dumps(document, **_CANONICAL) + "\n"
    try:
        bounded.inspect(document, depth=MOST_DEPTH, items=MOST_ITEMS, text=MOST_TEXT)
        size = len(text.encode())
    except UnicodeEncodeError as error:
        near = text[max(0, error.start - 60) : error.start].rpartition('"')[2]
        raise UserError(
            f"A name that begins `{near}` is not UTF-8, so {FILE} cannot hold it.", "Rename the file."
        ) from error
    except ValueError as error:
        raise UserError(f"{FILE} could not be read again: {error}.", _SMALLER) from error
    if size > MOST_BYTES:
        raise UserError(f"{FILE} would have {size:,} bytes; at most {MOST_BYTES:,} are read.", _SMALLER)
    return text


def digest(manifest: Manifest) -> str:
    """Return what the release is known by: `sha256:` and the digest of its canonical text."""
    return digest_of(dumps(manifest).encode())


def digest_of(content: bytes) -> str:
    """Return the same of a `release.json` as it lies there."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def loads(content: bytes) -> Manifest:
    """Return the manifest in a `release.json`, which anybody may have written.

    Raises UserError with one sentence for anything but the canonical text of a manifest that this version knows.
    """
    if len(content) > MOST_BYTES:
        raise UserError(f"{FILE} has {len(content):,} bytes; at most {MOST_BYTES:,} are read.")
    try:
        document = json.loads(content.decode(), parse_constant=_refuse_constant)
        bounded.inspect(document, depth=MOST_DEPTH, items=MOST_ITEMS, text=MOST_TEXT)
    except (RecursionError, ValueError) as error:
        raise _no_release(error) from error
    _refuse_newer(document)
    try:
        manifest = msgspec.convert(document, Manifest)
    except (msgspec.MsgspecError, ValueError) as error:
        raise _no_release(error) from error
    if dumps(manifest).encode() != content:
        made = f" It was made by mltool {manifest.tool[:40]}." if manifest.tool else ""
        raise UserError(f"This {FILE} is not written as mltool writes it.{made}", "Make it again, or update mltool.")
    return manifest


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the manifest."""
    document = msgspec.json.schema(Manifest)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": SCHEMA, **document}


def canonical(value: Any) -> bytes:
    """Return JSON as it is hashed: sorted keys, no spaces, UTF-8; raises ValueError for what JSON cannot say."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


_CANONICAL: Final[Mapping[str, Any]] = {"sort_keys": True, "indent": 2, "ensure_ascii": False, "allow_nan": False}
_SMALLER: Final = "Let DVC track folders of many files that stages read."


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _refuse_newer(document: Any) -> None:
    named = document.get("schema") if isinstance(document, dict) else None
    found = re.fullmatch(rf"{re.escape(_FAMILY)}/([1-9][0-9]{{0,5}})", named) if isinstance(named, str) else None
    if found and int(found[1]) > int(_NUMBER):
        tool = document.get("tool")
        made = f" ({tool[:40]})" if isinstance(tool, str) and tool else ""
        raise UserError(
            f"This release was made by a newer mltool{made}: it is written as {named}, and {SCHEMA} is known here.",
            "Update mltool, or use the version that made it.",
        )


def _no_release(error: Exception) -> UserError:
    text = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
    said = " ".join(text.split()).rstrip(".")
    return UserError(f"This is not a {FILE} of {SCHEMA}: {said[:300]}.", "Make it with `mltool release plan`.")


def _plain(value: Any) -> Any:
    """Return the document without numbers that JSON cannot say: a distance that is infinite is none."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
