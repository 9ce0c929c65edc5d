"""What is still to do until a release is published: what the store has, what is on disk → steps.

A published release is never changed. What the store has and we did not put there stops us: a person has to look.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from mltool.errors import UserError

REHEARSAL: Final = "rehearsal/"
"""What the throw-away release of a rehearsal is named with; no tag is ever made of it."""


@dataclass(frozen=True, kw_only=True)
class Asset:
    """One file of a release in a store. `sha256` is what the store says, empty where it says nothing."""

    id: str
    name: str
    size: int
    whole: bool = True
    sha256: str = ""


@dataclass(frozen=True, kw_only=True)
class Found:
    """One release in a store, still a draft or published. `url` is where people find it, `upload` where files go."""

    id: str
    tag: str
    draft: bool
    assets: tuple[Asset, ...] = ()
    url: str = ""
    upload: str = ""

    def asset(self, name: str) -> Asset | None:
        """Return the file of this name."""
        return next((asset for asset in self.assets if asset.name == name), None)


@dataclass(frozen=True, kw_only=True)
class File:
    """A file that a release is to have."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing to do. `name` is the file's; `why` is said where the reason is not plain."""

    act: Literal["draft", "discard", "upload", "verify", "publish", "tell"]
    name: str = ""
    why: str = ""

    def __str__(self) -> str:
        return f"{self.act} {self.name}".strip() + (f" ({self.why})" if self.why else "")


def steps(tag: str, wanted: tuple[File, ...], found: tuple[Found, ...]) -> tuple[Step, ...]:
    """Return what is to do until the release of `tag` is published with exactly the `wanted` files.

    The files are verified, by downloading them, also where nothing else is to do. Raises UserError where the store has
    something that we may not touch: more than one release, other bytes, files that are none of ours.
    """
    if len(found) > 1:
        kinds = " and ".join("a draft" if each.draft else "a published release" for each in found[:3])
        raise UserError(
            f"The store has {len(found)} releases of {tag}: {kinds}.",
            "It is not for us to choose: look at them, delete what should not be there, and run this again.",
        )
    if not found:
        fresh = tuple(Step(act="upload", name=file.name) for file in wanted)
        return (Step(act="draft"), *fresh, Step(act="verify"), Step(act="publish"), Step(act="tell"))
    (release,) = found
    by_name = {file.name: file for file in wanted}
    _nothing_foreign(release, by_name)
    if not release.draft:
        _all_there(release, wanted)
        return (Step(act="verify"), Step(act="tell"))
    parts = tuple(step for file in wanted for step in _file(release, file))
    return (*parts, Step(act="verify"), Step(act="publish"), Step(act="tell"))


def _nothing_foreign(release: Found, wanted: Mapping[str, File]) -> None:
    foreign = sorted(asset.name for asset in release.assets if asset.name not in wanted)
    if foreign:
        raise UserError(
            f"{_the(release)} has files that are not of this bundle: {', '.join(foreign[:5])}.", _remedy(release)
        )
    for asset in release.assets:
        file = wanted[asset.name]
        if (asset.whole and asset.size == file.size and asset.sha256 not in ("", file.sha256)) or (
            not release.draft and (not asset.whole or asset.size != file.size)
        ):
            raise UserError(f"{_the(release)} has another {asset.name} than this bundle.", _remedy(release))


def _all_there(release: Found, wanted: tuple[File, ...]) -> None:
    lacking = [file.name for file in wanted if release.asset(file.name) is None]
    if lacking:
        raise UserError(f"{_the(release)} lacks {', '.join(lacking)}.", _remedy(release))


def _file(release: Found, file: File) -> tuple[Step, ...]:
    asset = release.asset(file.name)
    if asset is None:
        return (Step(act="upload", name=file.name),)
    if asset.whole and asset.size == file.size:
        return ()
    return (Step(act="discard", name=file.name, why="only a part of it arrived"), Step(act="upload", name=file.name))


def _the(release: Found) -> str:
    return f"The {'draft' if release.draft else 'published release'} of {release.tag}"


def _remedy(release: Found) -> str:
    if release.draft:
        return (
            "Another build may be publishing this version, or an earlier one left it: publish the bundle of that "
            "build, or delete the draft and run this again."
        )
    return "What is published is never changed: publish the bundle of that build, or register a new version."
