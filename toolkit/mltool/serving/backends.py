"""Which library predicts: ONNX Runtime where the bundle has a graph, else scikit-learn, else its own loader."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from . import golden
from .manifest import Manifest
from .schema import Predict, Schema

GRAPH = "model/model.onnx"
LOADER = "loader.py"


class BackendError(ValueError):
    """A model that cannot be loaded here; its text is a sentence."""


def load(folder: Path, schema: Schema, manifest: Manifest, examples: Sequence[golden.Golden]) -> Predict:
    """Load the model of the bundle in `folder`. Raises BackendError with the reason."""
    made = {"onnx": _onnx, "sklearn": _sklearn, "loader": _loader}[schema.backend]
    try:
        return made(folder, schema, manifest, examples)
    except Exception as error:
        # What a library or a loader raises on a file that is not what it says cannot be listed.
        said = (str(error).splitlines() or [""])[0]
        reason = said if isinstance(error, ValueError) and said else f"{type(error).__name__}: {said}"
        raise BackendError(f"The model cannot be loaded: {reason[:500].rstrip('.')}.") from error


def _onnx(folder: Path, schema: Schema, manifest: Manifest, examples: Sequence[golden.Golden]) -> Predict:
    del manifest, examples
    predict: Predict = _module("backend_onnx").load(folder / GRAPH, schema)
    return predict


def _sklearn(folder: Path, schema: Schema, manifest: Manifest, examples: Sequence[golden.Golden]) -> Predict:
    path = _model_file(folder, manifest)
    model = _pickled(path, manifest) if path.suffix != ".skops" else _module("trusted").load(path, manifest.trusted)
    predict: Predict = _module("backend_sklearn").bind(model, schema, examples)
    return predict


def _loader(folder: Path, schema: Schema, manifest: Manifest, examples: Sequence[golden.Golden]) -> Predict:
    del examples
    home = _model_file(folder, manifest).parent
    predict: Predict = _module("backend_loader").load(folder / LOADER, home, schema)
    return predict


def _pickled(path: Path, manifest: Manifest) -> Any:
    if not manifest.pickle:
        raise ValueError(f"{path.name} is no skops file, and the release does not allow pickle: it can run any code")
    return import_module("joblib").load(path)


def _model_file(folder: Path, manifest: Manifest) -> Path:
    named = [file.path for file in manifest.files if file.role == "model"]
    if len(named) != 1:
        raise ValueError(f"release.json names {len(named)} model files, not one")
    return folder / named[0]


def _module(name: str) -> Any:
    """Import a module of this package when it is needed: each one loads a library that another bundle may not have."""
    return import_module(f".{name}", __package__)
