"""The hash that one `dvc.lock` or `.dvc` file records of one path: what a long history is searched with.

DVC writes these files in one way, so that a few lines found by a pattern say what parsing all of the file would; where
they say more than one thing, or nothing at all, it is parsed.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from mltool.snapshot import shape, values
from mltool.snapshot.model import Output
from mltool.snapshot.paths import join, parents
from mltool.snapshot.stages import hash_of
from mltool.snapshot.values import Unreadable

LOCK, DATA = "dvc.lock", ".dvc"


def pointers(path: str) -> tuple[str, ...]:
    """Return the `.dvc` files that may track a path, alone or in a folder."""
    return tuple(f"{place}{DATA}" for place in (path, *parents(path)))


def find(file: str, content: bytes, path: str) -> Output | None:
    """Return what `file` records of `path` itself, else of the nearest folder that holds it; None where nothing.

    Its path is `path` or that folder. What was made says more than what was read, which may be of an older run: where
    stages read `path` with several hashes, none of those counts.
    """
    text = content.decode(errors="replace")
    if file.endswith(LOCK):
        folder = file[: -len(LOCK)].rstrip("/")
        found = _pattern(folder, path).findall(text)
        hashes = {
            f"{how or 'md5-dos2unix'}:{digest}" for raw, how, digest in found if _place(folder, raw, path) == path
        }
        if len(hashes) == 1:
            return Output(path=path, hash=hashes.pop())
        if not found and not any(name in text for name in _names(folder, path)):
            return None
    read, made = _entries(file, content)
    return _nearest(made, path, only=path) or _nearest(_agreed(read), path, only=path) or _nearest(made, path)


def _nearest(known: Mapping[str, str], path: str, *, only: str = "") -> Output | None:
    """Return the output at the path, else at the nearest folder above that is known."""
    placed = {_place("", raw, path): digest for raw, digest in known.items()}
    places = (only,) if only else (path, *parents(path))
    return next((Output(path=place, hash=placed[place]) for place in places if place in placed), None)


def _agreed(read: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the paths that all who read them read with one hash."""
    seen: dict[str, set[str]] = {}
    for raw, digest in read:
        seen.setdefault(raw, set()).add(digest)
    return {raw: hashes.pop() for raw, hashes in seen.items() if len(hashes) == 1}


def _place(folder: str, raw: str, path: str) -> str:
    """Return which of `path` and its folders an entry is; empty where it is none of them.

    Entries are relative to the `wdir` of their stage, which only dvc.yaml knows: one that ends like the path is it.
    """
    bare = raw.removeprefix("./")
    while bare.startswith("../"):
        bare = bare[3:]
    places = (path, *parents(path))
    if (whole := join(folder, bare)) in places:
        return whole
    return next((place for place in places if place.startswith(folder) and place.endswith(f"/{bare}")), "")


@lru_cache(maxsize=64)
def _names(folder: str, path: str) -> tuple[str, ...]:
    """Return how an entry may name the path or a folder that holds it, the longest first."""
    inside = path.removeprefix(f"{folder}/") if folder else path
    ends = {
        place.split("/", depth)[-1] for place in (inside, *parents(inside)) for depth in range(place.count("/") + 1)
    }
    return tuple(sorted(ends, key=len, reverse=True))


@lru_cache(maxsize=64)
def _pattern(folder: str, path: str) -> re.Pattern[str]:
    names = "|".join(map(re.escape, _names(folder, path)))
    return re.compile(
        rf"^ *- path: ((?:\.\.?/)*(?:{names}))\n(?: +hash: (\S+)\n)? +md5: '?([0-9a-f]{{32}}(?:\.dir)?)'?$",
        re.MULTILINE,
    )


def _entries(file: str, content: bytes) -> tuple[list[tuple[str, str]], dict[str, str]]:
    """Return every path in the file with its hash: what stages read, and what they or somebody made."""
    try:
        document = values.parse(file, content) or {}
        (shape.lock if file.endswith(LOCK) else shape.data)(document)
    except (Unreadable, AttributeError):
        return [], {}
    folder = file.rpartition("/")[0]
    if not file.endswith(LOCK):
        return [], dict(_hashes(join(folder, document.get("wdir") or "."), document.get("outs") or ()))
    stages = shape.locked_stages(document).values()
    read, made = ([pair for stage in stages for pair in _hashes(folder, stage.get(section) or ())]
                  for section in ("deps", "outs"))  # fmt: skip
    return read, dict(made)


def _hashes(folder: str, entries: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for entry in entries:
        if digest := hash_of(entry):
            yield join(folder, str(entry.get("path", ""))), digest
