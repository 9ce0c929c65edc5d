"""Which `dvc.yaml` files need DVC to fill in their templates, and what those may take values from."""

import hashlib
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mltool.snapshot.edges import Template
from mltool.snapshot.paths import join
from mltool.snapshot.stages import PARAMS
from mltool.snapshot.tree import Tree


def is_template(document: Any) -> bool:
    """Return whether a parsed `dvc.yaml` holds `${…}`, `foreach` or `matrix`."""
    if isinstance(document, str):
        return "${" in document
    if isinstance(document, list):
        return any(map(is_template, document))
    if isinstance(document, dict):
        return "foreach" in document or "matrix" in document or any(map(is_template, document.values())) or any(
            isinstance(key, str) and "${" in key for key in document
        )  # fmt: skip
    return False


def collect(tree: Tree, documents: Mapping[str, Any]) -> tuple[Template, ...]:
    """Return a template for each of these `dvc.yaml` documents, with the files it may read."""
    known = tuple(tree.paths())
    wanted = {file: {file, *_sources(file, document, known)} for file, document in documents.items()}
    contents = tree.read(sorted(set().union(*wanted.values()))) if wanted else {}
    return tuple(_template(file, {path: contents[path] for path in paths if path in contents})
                 for file, paths in wanted.items())  # fmt: skip


def _template(file: str, contents: Mapping[str, bytes]) -> Template:
    files = tuple(sorted(contents.items()))
    digest = hashlib.sha256(file.encode(errors="surrogateescape"))
    for path, content in files:
        digest.update(f"\0{path}\0{len(content)}\0".encode(errors="surrogateescape") + content)
    return Template(file=file, files=files, key=digest.hexdigest())


def _sources(file: str, document: Mapping[str, Any], known: Iterable[str]) -> Iterator[str]:
    folder = posixpath.dirname(file)
    yield join(folder, PARAMS)
    for name in _named(document.get("vars")):
        yield join(folder, name)
    for entry in (document.get("stages") or {}).values():
        inner = entry.get("do", entry) if isinstance(entry, dict) else None
        if not isinstance(inner, dict):
            continue
        wdir = str(inner.get("wdir") or ".")
        for name in _named(inner.get("vars")):
            if "${" in wdir:
                yield from (path for path in known if posixpath.basename(path) == posixpath.basename(name))
            else:
                yield join(join(folder, wdir), name)


def _named(declared: Any) -> Iterator[str]:
    """Yield the files in a `vars` list, whose items are `file`, `file:key,key` or values."""
    for item in declared if isinstance(declared, list) else ():
        if isinstance(item, str):
            yield item.partition(":")[0]
