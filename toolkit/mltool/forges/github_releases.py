"""GitHub Releases as a store: drafts, their files, and the one step that shows them to everybody.

A published release is never written to: every change asks first whether the release still is a draft, for another run
may have published it since, and a repository may have made its releases immutable.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlencode

from mltool.errors import UserError
from mltool.forges.session import Session
from mltool.http import Answer, MaybeSentError
from mltool.release.publish import Asset, Found

LARGEST: Final = 2 * 2**30
"""Bytes: a file of a release must be smaller."""


@dataclass(frozen=True, kw_only=True)
class _RawAsset:
    id: int
    name: str
    size: int
    state: str = "uploaded"
    label: str | None = None
    digest: str | None = None


@dataclass(frozen=True, kw_only=True)
class _RawRelease:
    id: int
    tag_name: str
    upload_url: str
    draft: bool = False
    html_url: str = ""
    assets: tuple[_RawAsset, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Releases:
    """The releases of one repository."""

    session: Session
    repository: str

    @property
    def name(self) -> str:
        """Return where the releases are, in words."""
        return f"the releases of {self.repository} on GitHub"

    def find(self, tag: str) -> tuple[Found, ...]:
        """Return every release of this tag; drafts are in the list of all releases and nowhere else."""
        found: list[Found] = []
        for page in self.session.pages(_RawRelease, f"{self._home}?per_page=100"):
            if isinstance(page, Answer):
                raise self._no(page, "to list the releases")
            found.extend(_release(item) for item in page if item.tag_name == tag)
        return tuple(found)

    def draft(self, tag: str, *, title: str, notes: str) -> Found:
        """Begin a draft. A lost answer is looked up before the request is sent a second time."""
        body = {
            "tag_name": tag,
            "name": title,
            "body": notes,
            "draft": True,
            "prerelease": "-" in tag.rpartition("@")[2],
        }
        try:
            answer = self.session.call("POST", self._home, body=body, repeatable=False)
        except MaybeSentError:
            there = self.find(tag)
            if len(there) == 1 and there[0].draft:
                return there[0]
            answer = self.session.call("POST", self._home, body=body, repeatable=False)
        if not answer.good:
            raise self._no(answer, f"to begin a draft of {tag}")
        return _release(self.session.read(_RawRelease, answer))

    def upload(self, release: Found, file: Path) -> None:
        """Add a file; what a broken connection left of it is deleted, and the file is sent once more."""
        if file.stat().st_size >= LARGEST:
            raise UserError(f"{file.name} is larger than GitHub takes (2 GiB).", 'Use `store = "s3"` or a directory.')
        self._still_draft(release)
        try:
            answer = self._send(release, file)
        except MaybeSentError:
            if self._arrived(release, file):
                return
            answer = self._send(release, file)
        if not answer.good:
            raise self._no(answer, f"to take {file.name} into {release.tag}")

    def discard(self, release: Found, asset: Asset) -> None:
        """Take a file out of a draft; one that is gone already is no error."""
        self._still_draft(release)
        answer = self.session.call("DELETE", f"{self._home}/assets/{asset.id}")
        if not answer.good and answer.status != 404:
            raise self._no(answer, f"to delete {asset.name} from the draft of {release.tag}")

    def download(self, asset: Asset, to: Path) -> None:
        """Write the file's bytes as GitHub has them."""
        answer = self.session.download(f"{self._home}/assets/{asset.id}", to)
        if not answer.good:
            raise self._no(answer, f"to give back {asset.name}")

    def publish(self, release: Found) -> Found:
        """Show the draft to everybody. UserError where GitHub lacks the tag: it would make one of its own."""
        current = self._current(release)
        if not current.draft:
            return current
        tag = self.session.call("GET", f"/repos/{self.repository}/git/ref/tags/{quote(release.tag)}")
        if not tag.good:
            raise UserError(
                f"GitHub has no tag {release.tag}.", f"Run `git push origin {quote(release.tag, safe='@/=+')}`."
            )
        body = {"draft": False, "make_latest": "legacy"}
        answer = self.session.call("PATCH", f"{self._home}/{release.id}", body=body)
        if not answer.good:
            raise self._no(answer, f"to publish {release.tag}")
        return _release(self.session.read(_RawRelease, answer))

    def remove(self, release: Found) -> None:
        """Delete a draft with its files; one that is gone already is no error."""
        answer = self.session.call("GET", f"{self._home}/{release.id}")
        if answer.status == 404:
            return
        self._still_draft(release)
        answer = self.session.call("DELETE", f"{self._home}/{release.id}")
        if not answer.good and answer.status != 404:
            raise self._no(answer, f"to delete the draft of {release.tag}")

    @property
    def _home(self) -> str:
        return f"/repos/{self.repository}/releases"

    def _send(self, release: Found, file: Path) -> Answer:
        query = urlencode({"name": _safe(file.name), "label": file.name})
        return self.session.upload(f"{release.upload}?{query}", file)

    def _arrived(self, release: Found, file: Path) -> bool:
        asset = self._current(release).asset(file.name)
        if asset and asset.whole and asset.size == file.stat().st_size:
            return True
        if asset:
            self.discard(release, asset)
        return False

    def _current(self, release: Found) -> Found:
        answer = self.session.call("GET", f"{self._home}/{release.id}")
        if not answer.good:
            raise self._no(answer, f"to show the draft of {release.tag}")
        return _release(self.session.read(_RawRelease, answer))

    def _still_draft(self, release: Found) -> None:
        if not self._current(release).draft:
            raise UserError(f"{release.tag} was published by another run just now.", "Run this again.")

    def _no(self, answer: Answer, what: str) -> UserError:
        said = self.session.said(answer)
        if answer.status in (403, 404):
            return UserError(
                f"GitHub refused {what} on {self.repository} ({said}).",
                "The token needs `contents: write`; in a workflow: permissions: { contents: write }.",
            )
        if answer.status == 422 and "already_exists" in answer.body.decode(errors="replace"):
            return UserError(f"GitHub refused {what}: it is there already.", "Another run is at work; run this again.")
        return UserError(f"GitHub refused {what}: {said} (HTTP {answer.status}).")


def _release(it: _RawRelease) -> Found:
    return Found(
        id=str(it.id),
        tag=it.tag_name,
        draft=it.draft,
        assets=tuple(_asset(asset) for asset in it.assets),
        url=it.html_url,
        # https://datatracker.ietf.org/doc/html/rfc6570: what the address may be followed by.
        upload=it.upload_url.partition("{")[0],
    )


def _asset(it: _RawAsset) -> Asset:
    digest = it.digest or ""
    return Asset(
        id=str(it.id),
        name=it.label or it.name,
        size=it.size,
        whole=it.state == "uploaded",
        sha256=digest.removeprefix("sha256:") if digest.startswith("sha256:") else "",
    )


def _safe(name: str) -> str:
    """Return the name as GitHub keeps it; it would turn other letters into dots by itself. The label keeps them."""
    return re.sub(r"[^A-Za-z0-9._-]", ".", name).strip(".")
