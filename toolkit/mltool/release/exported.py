"""What `mltool measure export` left for a release, read strictly: which files, made by which libraries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import msgspec

from mltool.errors import UserError
from mltool.snapshot import bounded
from mltool.snapshot.model import Leaf

SCHEMA: Final = "schema.json"
GOLDEN: Final = "golden.jsonl"
EXPORT: Final = "export.json"
ONNX: Final = "model.onnx"
REQUIREMENTS: Final = "requirements.txt"

NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "onnx": ("onnxruntime", "msgspec", "uvicorn"),
    "sklearn": ("scikit-learn", "skops", "msgspec", "uvicorn"),
    "loader": ("msgspec", "uvicorn"),
}
"""What a bundle's server imports, by its backend."""


@dataclass(frozen=True, kw_only=True)
class Digests:
    """One file that DVC stores, as it was when the export saw it; `size` in bytes."""

    sha256: str
    md5: str
    size: int


@dataclass(frozen=True, kw_only=True)
class Export:
    """`export.json`: the stored files by path in the project, and the Python and the libraries that made them.

    `types` are those in a skops file that somebody has to trust; `onnx` how far the ONNX model is from it, and
    `onnx_reason` why there is none.
    """

    schema: Literal["mltool.export/1"]
    files: Mapping[str, Digests]
    python: str
    libraries: Mapping[str, str] = field(default_factory=dict)
    types: tuple[str, ...] = ()
    onnx: Mapping[str, Leaf] | None = None
    onnx_reason: str = ""


def read(path: str, content: bytes) -> Export:
    """Return an `export.json`; raises UserError where it is none."""
    try:
        return msgspec.convert(_document(path, content), Export)
    except msgspec.ValidationError as error:
        raise UserError(f"{path} is no export of a model: {error}.", _AGAIN) from error


def schema(path: str, content: bytes) -> Mapping[str, Any]:
    """Return a `schema.json`; raises UserError where it does not say how the model is served."""
    document = _document(path, content)
    if not isinstance(document, dict) or document.get("backend") not in NEEDED:
        raise UserError(f"{path} names no backend of {', '.join(NEEDED)}.", _AGAIN)
    return document


def check_libraries(
    export: Export, locked: Mapping[str, tuple[str, ...]], *, backend: str, path: str, model: str
) -> None:
    """Raise UserError where serving would install other versions than the model was made with, or lacks a package.

    `locked` has the versions of each package that the requirements at `path` install, by normalised name.
    """
    remedy = f"Run `mltool release lock {model}` and commit {path}."
    for name in NEEDED[backend]:
        if name not in locked:
            raise UserError(f"{path} does not install {name}, which serving with the backend {backend} needs.", remedy)
    for name, made_with in export.libraries.items():
        others = sorted(set(locked.get(_normal(name), ())) - {made_with})
        if others:
            raise UserError(
                f"{path} installs {name} {' or '.join(others)}, and the model was exported with {name} {made_with}.",
                f"{remedy} Or install {others[0]}, run `dvc repro` and commit dvc.lock.",
            )


_AGAIN: Final = "Make it again: `dvc repro`."


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def _document(path: str, content: bytes) -> Any:
    try:
        document = msgspec.json.decode(content)
        bounded.inspect(document, depth=12, items=20_000, text=20_000)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise UserError(f"{path} cannot be read: {error}.", _AGAIN) from error
    return document
