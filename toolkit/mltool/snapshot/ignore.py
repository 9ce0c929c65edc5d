"""Which files DVC does not see: those that `.dvcignore` names, and other DVC projects inside this one."""

import posixpath
from collections.abc import Callable, Iterable, Mapping

from pathspec import GitIgnoreSpec

from mltool.snapshot.tree import Tree

FILE = ".dvcignore"

Seen = Callable[[str], bool]


def seen(tree: Tree) -> Seen:
    """Return the function that says whether DVC sees a path."""
    files = tree.paths()
    nested = tuple(sorted({found for path in files if (found := _project(path))}))
    rules = _rules(tree.read(path for path in files if posixpath.basename(path) == FILE))
    if not nested and not rules:
        return lambda path: not path.startswith(".dvc/")

    def sees(path: str) -> bool:
        hidden = path.startswith((".dvc/", *nested)) if nested else path.startswith(".dvc/")
        return not hidden and not any(_excluded(path, folder, spec) for folder, spec in rules)

    return sees


def _project(path: str) -> str:
    """Return the folder (with `/`) of another DVC project that `path` belongs to, if its `.dvc` folder holds it."""
    before, found, _ = path.partition("/.dvc/")
    return f"{before}/" if found else ""


def _rules(files: Mapping[str, bytes]) -> list[tuple[str, Callable[[str], bool]]]:
    found = []
    for path, content in files.items():
        lines = [line.strip() for line in content.decode(errors="replace").splitlines()]
        patterns = [line for line in lines if line and not line.startswith("#")]
        if patterns:
            found.append((posixpath.dirname(path), _matcher(patterns)))
    return found


def _matcher(patterns: Iterable[str]) -> Callable[[str], bool]:
    return GitIgnoreSpec.from_lines(patterns).match_file


def _excluded(path: str, folder: str, matches: Callable[[str], bool]) -> bool:
    if not folder:
        return matches(path)
    return path.startswith(f"{folder}/") and matches(path[len(folder) + 1 :])
