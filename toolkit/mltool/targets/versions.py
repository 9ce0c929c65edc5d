"""Versions side by side in one folder: each whole or not there."""

import filecmp
import shutil
import tempfile
from collections.abc import Collection
from pathlib import Path

from mltool.errors import UserError
from mltool.release import names
from mltool.targets.target import Delivery, Running


def place(home: Path, release: Delivery | Running) -> Path:
    """Return the folder of a version in `home`."""
    return home / "versions" / f"{names.escaped(release.version)}-{release.digest.removeprefix('sha256:')[:12]}"


def install(home: Path, release: Delivery) -> Path:
    """Copy the bundle into `home` and return its folder; one that is there and equal is left alone.

    Raises UserError where it cannot be written; nothing half-written stays.
    """
    final = place(home, release)
    if final.is_dir() and same(release.folder, final):
        return final
    beside = None
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        for abandoned in final.parent.glob(".new-*"):
            shutil.rmtree(abandoned, ignore_errors=True)
        beside = Path(tempfile.mkdtemp(prefix=".new-", dir=final.parent))
        shutil.copytree(release.folder, beside, dirs_exist_ok=True)
        if final.exists():
            shutil.rmtree(final)
        beside.rename(final)
    except OSError as error:
        if beside:
            shutil.rmtree(beside, ignore_errors=True)
        raise UserError(f"Cannot unpack version {release.version} into {final.parent}: {_why(error)}.") from error
    return final


def same(one: Path, other: Path) -> bool:
    """Return whether two folders hold the same files with the same bytes."""
    ours, theirs = (
        sorted(path.relative_to(root) for path in root.rglob("*") if path.is_file()) for root in (one, other)
    )
    return ours == theirs and all(filecmp.cmp(one / path, other / path, shallow=False) for path in ours)


def prune(home: Path, *, keep: int, needed: Collection[Path]) -> None:
    """Delete the oldest versions beyond `keep`, never one that is needed."""
    found = [path for path in (home / "versions").iterdir() if path.is_dir()]
    for path in sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True)[keep:]:
        if path not in needed:
            shutil.rmtree(path, ignore_errors=True)


def _why(error: OSError) -> str:
    """Return the reason alone; copying a tree collects a list of (source, target, reason)."""
    if isinstance(error, shutil.Error) and error.args and isinstance(error.args[0], list):
        reason = str(error.args[0][0][2])
        return reason.partition("] ")[2].partition(": '")[0] or reason
    return error.strerror or str(error)
