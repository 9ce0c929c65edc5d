"""One tag of the ledger: `model@v1.2.3` registers a version, `model#prod#3` puts the tagged commit into a stage."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_VERSION = re.compile(
    r"(?P<name>[^@#!]+)@v(?P<version>[0-9]{1,9}(?:\.[0-9]{1,9}){2}(?:-[0-9A-Za-z.-]+)?)(?P<off>!)?(?:#(?P<n>[0-9]{1,18}))?"
)
_STAGE = re.compile(r"(?P<name>[^@#!]+)#(?P<stage>[^@#!]+?)(?P<off>!)?(?:#(?P<n>[0-9]{1,18}))?")
LIVE = ("prod", "production")


@dataclass(frozen=True, kw_only=True)
class Tag:
    """A parsed tag. `sequence` orders events of one model and stage; it is −1 where the tag carries none."""

    name: str
    commit: str
    model: str
    version: str = ""
    stage: str = ""
    sequence: int = -1
    off: bool = False


def parse(name: str, commit: str) -> Tag | None:
    """Return the tag understood, or None for a tag that is none of ours."""
    found = _VERSION.fullmatch(name) or _STAGE.fullmatch(name)
    if not found:
        return None
    parts = found.groupdict(default="")
    return Tag(
        name=name,
        commit=commit,
        model=parts["name"],
        version=parts.get("version", ""),
        stage=parts.get("stage", ""),
        sequence=int(parts["n"] or -1),
        off=bool(parts["off"]),
    )


def live(tags: Iterable[tuple[str, str]]) -> tuple[Tag, ...]:
    """Return what is live, one tag a model, from (tag name, commit) pairs: the last promotion to production, else the
    highest version. Order is by sequence and version, never by a clock.
    """
    known = [tag for name, commit in tags if (tag := parse(name, commit))]
    models = dict.fromkeys(tag.model for tag in known)
    found = (_live([tag for tag in known if tag.model == model]) for model in models)
    return tuple(tag for tag in found if tag)


def version_at(tag: Tag, tags: Iterable[tuple[str, str]]) -> str:
    """Return the version that is registered on the commit of `tag`, or the tag's own name where none is."""
    here = (parse(name, commit) for name, commit in tags if commit == tag.commit)
    versions = [other.version for other in here if other and other.model == tag.model and not other.off]
    best = max(filter(None, versions), key=_semver, default="")
    return f"v{best}" if best else tag.name


def _live(tags: list[Tag]) -> Tag | None:
    promoted = sorted((tag for tag in tags if tag.stage in LIVE), key=lambda tag: tag.sequence)
    if promoted:
        return None if promoted[-1].off else promoted[-1]
    gone = {tag.version for tag in tags if tag.off}
    versions = [tag for tag in tags if tag.version and tag.version not in gone]
    return max(versions, key=lambda tag: _semver(tag.version), default=None)


def _semver(version: str) -> tuple[tuple[int, ...], bool, tuple[tuple[int, str], ...]]:
    """Return what versions are ordered by: https://semver.org/#spec-item-11."""
    core, _, pre = version.partition("-")
    return tuple(int(part) for part in core.split(".")), not pre, tuple(map(_identifier, pre.split(".")))


def _identifier(part: str) -> tuple[int, str]:
    """Order numbers before words, and among themselves by size: the longer is the larger."""
    return (len(part.lstrip("0")), part.lstrip("0")) if part.isdecimal() else (1_000_000, part)
