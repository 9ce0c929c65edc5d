"""Paths as `dvc.yaml` writes them, made relative to the project."""

import posixpath
from collections.abc import Iterable, Iterator


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


def below(folder: str, paths: Iterable[str]) -> tuple[str, ...]:
    """Return those of `paths` that are inside `folder`, in order."""
    start = f"{folder}/" if folder else ""
    return tuple(sorted(path for path in paths if path.startswith(start)))


def is_local(path: str) -> bool:
    """Return whether a path is a file of the project and no URL."""
    return "://" not in path and not path.startswith(("/", "../"))
