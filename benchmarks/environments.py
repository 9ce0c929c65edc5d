"""An environment of its own for each program that ours is measured beside, made with uv and kept in the cache."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def python(packages: Sequence[str]) -> Path:
    """Return the Python of an environment with these packages, made now or before.

    Raises RuntimeError, with what uv said, where they cannot be installed.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "mltool" / "benchmarks"
    key = hashlib.sha256(repr((version(), tuple(packages))).encode()).hexdigest()[:16]
    found = cache / key / "bin" / "python"
    if not (cache / key / "finished").exists():
        _uv("venv", "--quiet", "--clear", "--python", sys.executable, str(cache / key))
        _uv("pip", "install", "--quiet", "--python", str(found), *packages)
        (cache / key / "finished").touch()
    return found


def size(found: Path) -> float:
    """Return the MB (10⁶ bytes) of the installed packages, without what Python compiles beside them."""
    files = found.parents[1].glob("lib/*/site-packages/**/*")
    return sum(each.stat().st_size for each in files if each.suffix != ".pyc" and each.is_file()) / 1e6


def version() -> str:
    """Return the Python that every environment gets."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _uv(*words: str) -> None:
    done = subprocess.run(("uv", *words), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip())
