"""Which files Git stores otherwise than they are on disk: `.gitattributes` names a program that converts them."""

import posixpath
from collections.abc import Callable, Iterable, Iterator

from pathspec import GitIgnoreSpec

from mltool.snapshot.tree import Tree

FILE = ".gitattributes"
CONVERT = ("filter=", "working-tree-encoding=", "ident")
KEEP = ("-filter", "!filter", "-ident", "!ident")
# A file of Git LFS is told by its content, which may also be there in full.
LFS = "filter=lfs"


def converted(tree: Tree) -> Callable[[str], bool]:
    """Return the function that says whether a file is converted, for example by nbstripout or git-crypt.

    Of the folders above the project, patterns count that name no folder.
    """
    rules = []
    for path, content in tree.read(_files(tree)).items():
        if patterns := tuple(_patterns(content.decode(errors="replace"))):
            folder = "" if path.startswith("../") else posixpath.dirname(path)
            rules.append((folder, GitIgnoreSpec.from_lines(patterns)))
    return lambda path: any(_matches(path, folder, spec) for folder, spec in rules)


def _files(tree: Tree) -> Iterable[str]:
    return [path for path in (*tree.paths(), *tree.above()) if posixpath.basename(path) == FILE]


def _patterns(text: str) -> Iterator[str]:
    for line in text.splitlines():
        pattern, *words = line.split() or [""]
        if pattern.startswith(("#", "[", "!")):
            continue
        if any(word.startswith(CONVERT) and word != LFS for word in words):
            yield pattern
        elif any(word.startswith(KEEP) for word in words):
            yield f"!{pattern}"


def _matches(path: str, folder: str, spec: GitIgnoreSpec) -> bool:
    if not folder:
        return spec.match_file(path)
    return path.startswith(f"{folder}/") and spec.match_file(path[len(folder) + 1 :])
