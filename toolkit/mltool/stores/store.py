"""What every kind of store can do."""

from pathlib import Path
from typing import Protocol

from mltool.release.publish import Asset, Found


class Store(Protocol):
    """A place for releases, each under its tag (`delay@v1.3.0`): first a draft that nobody is shown, then published.

    Every function raises UserError where we may not, OutsideError where the place is out of order. Each may be cut off
    at any point: `find` then tells how far it got.
    """

    @property
    def name(self) -> str:
        """Return the place, as people know it."""

    def find(self, tag: str) -> tuple[Found, ...]:
        """Return every release of this tag, drafts too."""

    def draft(self, tag: str, *, title: str, notes: str) -> Found:
        """Begin a release; `notes` are Markdown."""

    def upload(self, release: Found, file: Path) -> None:
        """Add a file to a draft, under its own name."""

    def discard(self, release: Found, asset: Asset) -> None:
        """Take a file out of a draft."""

    def download(self, asset: Asset, to: Path) -> None:
        """Write the file's bytes as they are in the store."""

    def publish(self, release: Found) -> Found:
        """Show a draft to everybody, for good."""

    def remove(self, release: Found) -> None:
        """Delete a draft and all that is in it; one that is gone already is no error."""
