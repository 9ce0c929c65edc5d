"""Build real Git and DVC repositories, small and quickly."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self


def run(*command: str | Path, cwd: Path, code: int | None = 0) -> str:
    """Run a program; `code` is what it must exit with, None for anything."""
    done = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, check=False)
    out = done.stdout.decode(errors="replace")
    assert code is None or done.returncode == code, f"{command}\n{out}\n{done.stderr.decode(errors='replace')}"
    return out


@dataclass(frozen=True)
class Repo:
    """A repository in a folder."""

    folder: Path

    @classmethod
    def create(cls, folder: Path, *, dvc: bool = True) -> Self:
        """Make a folder a Git repository, and a DVC project as `dvc init` does, without the half second it takes."""
        folder.mkdir(parents=True)
        run("git", "init", "--quiet", "--initial-branch=main", cwd=folder)
        made = cls(folder)
        if dvc:
            made.init_dvc()
        return made

    def init_dvc(self, folder: str = "") -> None:
        """Make a folder a DVC project."""
        start = f"{folder}/" if folder else ""
        self.write({
            f"{start}.dvc/config": "",
            f"{start}.dvc/.gitignore": "/config.local\n/tmp\n/cache\n",
            f"{start}.dvcignore": "# Add patterns of files dvc should ignore\n",
        })  # fmt: skip

    def write(self, files: Mapping[str, Any]) -> None:
        """Write files: text and bytes as they are, anything else as JSON."""
        for name, content in files.items():
            place = self.folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, bytes):
                place.write_bytes(content)
            else:
                place.write_text(content if isinstance(content, str) else json.dumps(content, indent=1))

    def git(self, *words: str | Path) -> str:
        """Run Git and return what it printed."""
        return run("git", *words, cwd=self.folder).strip()

    def commit(self, files: Mapping[str, Any] | None = None, message: str = "change") -> str:
        """Write files, commit all that is there, and return the SHA."""
        self.write(files or {})
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def dvc(self, *words: str) -> str:
        """Run the real DVC and return what it printed."""
        return run(sys.executable, "-m", "dvc", *words, cwd=self.folder)

    def clone(self, folder: Path, *words: str) -> "Repo":
        """Clone with these options, through a URL so that depth and filters count."""
        run("git", "clone", "--quiet", *words, f"file://{self.folder}", folder, cwd=self.folder)
        return Repo(folder)


def md5(content: bytes | str) -> str:
    """Return what DVC 3 calls the hash of a file."""
    return hashlib.md5(content.encode() if isinstance(content, str) else content).hexdigest()


def entry(path: str, content: bytes | str) -> dict[str, Any]:
    """Return a file as `dvc.lock` records it."""
    return {"path": path, "hash": "md5", "md5": md5(content), "size": len(content)}


def lock(**stages: Any) -> str:
    """Return a `dvc.lock`."""
    return json.dumps({"schema": "2.0", "stages": stages}, indent=1)
