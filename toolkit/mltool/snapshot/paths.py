"""Paths as `dvc.yaml` writes them, made relative to the project."""

import posixpath
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import cached_property


def join(folder: str, path: str) -> str:
    """Return `path`, written in `folder`, relative to the project; URLs and absolute paths stay."""
    if "://" in path or path.startswith("/"):
        return path
    if "./" not in path and "//" not in path and not path.endswith(("/", ".")):
        return f"{folder}/{path}" if folder else path
    joined = posixpath.normpath(posixpath.join(folder, path))
    return "" if joined == "." else joined


def parents(path: str) -> Iterator[str]:
    """Yield every folder above `path`, the nearest first."""
    at = path.rfind("/")
    while at > 0:
        yield path[:at]
        at = path.rfind("/", 0, at)


class Folders:
    """Paths, to be asked for what is inside of a folder; they are put in order when the first question comes."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = paths

    def below(self, folder: str) -> tuple[str, ...]:
        """Return the paths inside of `folder`, in order."""
        start = f"{folder}/" if folder else ""
        first = bisect_left(self._ordered, start)
        # "0" is the character after "/".
        last = bisect_left(self._ordered, f"{folder}0") if folder else len(self._ordered)
        return tuple(self._ordered[first:last])

    @cached_property
    def _ordered(self) -> list[str]:
        return sorted(self._paths)


def is_local(path: str) -> bool:
    """Return whether a path is a file of the project and no URL."""
    return "://" not in path and not path.startswith(("/", "../"))
