"""Find the content of a path that Git may not hold: in DVC's storage, by the hash that a lock recorded."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mltool.snapshot.model import Output
from mltool.snapshot.paths import parents

DIR = ".dir"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a path is: in the output `out`, at `inside` when that is a directory (empty: the output itself)."""

    out: Output
    inside: str = ""


def place(path: str, outs: Mapping[str, Output]) -> Place | None:
    """Return the output that holds `path`; None where none does."""
    if path in outs:
        return Place(out=outs[path])
    for folder in parents(path):
        if folder in outs:
            return Place(out=outs[folder], inside=path[len(folder) + 1 :])
    return None


def manifest(content: bytes) -> Mapping[str, str]:
    """Return the files of a stored directory, each with its hash as in `Output.hash`.

    Raises ValueError for bytes that are no such list.
    """
    entries = json.loads(content)
    if not isinstance(entries, list):
        raise ValueError("no list")  # noqa: TRY004 - one error for all that is wrong with the bytes
    return {entry["relpath"]: entry["md5"] for entry in entries}


def files(where: Place, listing: Mapping[str, str]) -> Mapping[str, str]:
    """Return the paths at `where` in a directory with that listing, each with its hash."""
    algorithm, folder = where.out.hash.partition(":")[0], where.out.path
    start = f"{where.inside}/" if where.inside else ""
    return {
        f"{folder}/{name}": f"{algorithm}:{digest}"
        for name, digest in sorted(listing.items())
        if name == where.inside or name.startswith(start)
    }


def is_directory(where: Place) -> bool:
    """Return whether the output is a stored directory."""
    return where.out.hash.endswith(DIR)


def by_path(outs: Iterable[Output]) -> dict[str, Output]:
    """Return the outputs by path."""
    return {out.path: out for out in outs}
