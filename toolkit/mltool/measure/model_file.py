"""A fitted model, into a file and out of it."""

import io
import json
from collections.abc import Collection
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import joblib
import skops.io

from mltool import disk
from mltool.errors import UserError
from mltool.measure.canonical import SCHEMA, canonical
from mltool.serving import trusted

SKOPS = ".skops"
PICKLES = (".joblib", ".pkl", ".pickle")


def save_model(model: Any, path: Path) -> None:
    """Write a fitted scikit-learn model as skops, the same bytes wherever and whenever the same model is written.

    Raises UserError for a path of another kind and for a model that skops cannot hold.
    """
    if path.suffix != SKOPS:
        raise UserError(f"{path}: a model is saved as {SKOPS}.", f"Name it {path.with_suffix(SKOPS)}.")
    try:
        data = skops.io.dumps(model)
    except (TypeError, ValueError, AttributeError) as error:
        raise UserError(
            f"{path}: skops cannot hold this {type(model).__name__}: {_first_line(error)}",
            "Take out what no file can hold, such as a lambda, or release it through a loader.",
        ) from error
    data = canonical(data)
    if lost := _lost(data):
        raise UserError(
            f"{path}: {lost} could not be found again when the model is read.",
            "Define it at the top of a module that is imported, not in the script that runs or as a lambda.",
        )
    disk.write(path, data)


def load_model(path: Path, *, name: str = "NAME", trust: Collection[str] = (), pickle: bool = False) -> Any:
    """Return the model in a skops file, or with `pickle` in a joblib or pickle file, which may run any code.

    `trust` are the types that the policy of model `name` lists. Raises UserError for a file that is absent, of another
    kind or broken, and for a type that neither scikit-learn nor the policy vouches for.
    """
    if not path.is_file():
        raise UserError(f"{path} does not exist.", "Run the stage that writes it, or name another file.")
    if path.suffix == SKOPS:
        return _skops(path, name, trust)
    if path.suffix not in PICKLES:
        raise UserError(f"{path}: a model is read from {SKOPS} or {', '.join(PICKLES)}.")
    if not pickle:
        raise UserError(
            f"{path} is a pickle, and loading one runs whatever code is in it.",
            f"Save it with measure.save_model as {SKOPS}; or take the risk: `pickle = true` under [models.{name}].",
        )
    try:
        return joblib.load(path)
    except Exception as error:
        raise UserError(f"{path} cannot be loaded: {type(error).__name__}: {_first_line(error)}.") from error


def extra_types(path: Path) -> tuple[str, ...]:
    """Return the types in a skops file beyond scikit-learn's own; of a pickle nobody knows."""
    return tuple(sorted(set(trusted.types(path.read_bytes())) - trusted.TYPES)) if path.suffix == SKOPS else ()


def type_names(skops_file: bytes) -> frozenset[tuple[str, str]]:
    """Return module and name of everything in a skops file that is imported when it is read."""
    with ZipFile(io.BytesIO(skops_file)) as archive:
        todo = [json.loads(archive.read(SCHEMA))]
    found = set()
    while todo:
        part = todo.pop()
        if isinstance(part, dict):
            if isinstance(part.get("__module__"), str) and isinstance(part.get("__class__"), str):
                found.add((part["__module__"], part["__class__"]))
            todo += part.values()
        elif isinstance(part, list):
            todo += part
    return frozenset(found)


def _skops(path: Path, name: str, trust: Collection[str]) -> Any:
    try:
        return trusted.load(path, trust)
    except trusted.UntrustedError as error:
        listed = ", ".join(f'"{kind}"' for kind in sorted({*trust, *error.types}))
        raise UserError(
            f"{path} holds {_types(error.types)}, not trusted here: loading it runs its code.",
            f"If you know it, write into mltool.toml under [models.{name}]: trusted = [{listed}]",
        ) from error
    except trusted.BrokenError as error:
        raise UserError(f"{path} cannot be loaded: {error}.", "Write it again with the installed versions.") from error


def _lost(data: bytes) -> str:
    """Return the first type or function in a skops file that has no place to import it from."""
    for module, name in sorted(type_names(data)):
        if module == "__main__" or "<" in name:
            return f"`{name}` of {module}"
    return ""


def _types(types: tuple[str, ...]) -> str:
    return f"the type{'s' * (len(types) > 1)} {', '.join(types)}"


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0].rstrip(".")[:300]
