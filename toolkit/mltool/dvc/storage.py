"""Small objects that DVC stored, by hash: from its cache, from a remote that is a folder, or through DVC."""

import base64
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path

from mltool import shell
from mltool.dvc import config
from mltool.dvc.program import python

SCRIPT = Path(__file__).with_name("download.py")
MOST_BYTES = 64 * 2**20
TIMEOUT = 300.0


class Storage:
    """What one project stored. It is `snapshot.edges.Objects`; each object is read at most once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._found: dict[str, bytes] = {}
        self._asked: set[str] = set()

    @cached_property
    def config(self) -> config.Config:
        """Return the project's DVC configuration."""
        return config.read(self.folder)

    def __call__(self, hashes: Iterable[str], *, download: bool = True) -> Mapping[str, bytes]:
        """Return the objects with these hashes that can be had; without `download`, from this machine."""
        wanted = tuple(dict.fromkeys(hashes))
        for digest in wanted:
            if digest not in self._found and (content := self._on_disk(digest)) is not None:
                self._found[digest] = content
        missing = [digest for digest in wanted if digest not in self._found and digest not in self._asked]
        if download and missing and any(folder is None for _, folder in self.config.remotes):
            self._asked.update(missing)
            self._found.update(_download(self.folder, missing, [name for name, _ in self.config.remotes]))
        return {digest: self._found[digest] for digest in wanted if digest in self._found}

    def _on_disk(self, digest: str) -> bytes | None:
        folders = (self.config.cache, *(folder for _, folder in self.config.remotes if folder is not None))
        for place in (place for folder in folders for place in places(folder, digest)):
            try:
                if place.stat().st_size <= MOST_BYTES and _is(content := place.read_bytes(), digest):
                    return content
            except OSError:
                continue
        return None


def places(folder: Path, digest: str) -> Iterator[Path]:
    """Yield where DVC 3, then DVC 2, puts an object."""
    algorithm, _, value = digest.partition(":")
    if algorithm.startswith("md5") and len(value) > 2 and "/" not in value:
        yield folder / "files" / "md5" / value[:2] / value[2:]
        yield folder / value[:2] / value[2:]


def _is(content: bytes, digest: str) -> bool:
    """Return whether the content has the hash it is stored by; DVC trusts its storage, a report should not."""
    algorithm, _, value = digest.partition(":")
    if algorithm != "md5":
        return True
    return hashlib.md5(content, usedforsecurity=False).hexdigest() == value.removesuffix(".dir")


def _download(folder: Path, hashes: Iterable[str], remotes: Iterable[str]) -> Mapping[str, bytes]:
    """Return what DVC can download in one process; nothing where DVC or the remote is not there."""
    interpreter = python()
    if interpreter is None:
        return {}
    stdin = json.dumps({"hashes": list(hashes), "remotes": list(remotes), "most": MOST_BYTES}).encode()
    environ = dict(os.environ) | {"DVC_NO_ANALYTICS": "1"}
    result = shell.run(
        (interpreter, "-c", SCRIPT.read_text()), cwd=folder, stdin=stdin, environ=environ, timeout=TIMEOUT
    )
    if result.code:
        return {}
    found = {digest: base64.b64decode(text) for digest, text in json.loads(result.out).items()}
    return {digest: content for digest, content in found.items() if _is(content, digest)}
