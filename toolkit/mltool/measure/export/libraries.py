"""Which packages a model needs, told from the types that its file holds."""

import io
import json
from collections.abc import Iterable, Iterator
from importlib.metadata import packages_distributions, version
from typing import Any
from zipfile import ZipFile

from mltool.errors import UserError

_STANDARD = frozenset({"builtins", "collections", "functools", "operator", "datetime", "zoneinfo", "re"})


def modules(skops_file: bytes) -> frozenset[str]:
    """Return the top-level modules whose types stand in a skops file."""
    with ZipFile(io.BytesIO(skops_file)) as archive:
        schema = json.loads(archive.read("schema.json"))
    return frozenset(name.partition(".")[0] for name in _modules(schema)) - _STANDARD


def packages(names: Iterable[str], *, source: str) -> dict[str, str]:
    """Return the installed packages that bring these modules, with their versions.

    Raises UserError for a module of the project's own: no bundle has it.
    """
    known = packages_distributions()
    found = {}
    for name in sorted(names):
        if name not in known:
            raise UserError(
                f"{source} holds types of `{name}`, which is code of this project and in no package: "
                "it would be absent where the model is served.",
                "Do that step in a stage before the model, put the code into a package, or release through a loader.",
            )
        package = min(known[name])
        found[package] = version(package)
    return found


def _modules(part: Any) -> Iterator[str]:
    if isinstance(part, list):
        for item in part:
            yield from _modules(item)
    elif isinstance(part, dict):
        if isinstance(part.get("__module__"), str):
            yield part["__module__"]
        for value in part.values():
            yield from _modules(value)
