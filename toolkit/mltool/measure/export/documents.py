"""`schema.json` and `export.json`."""

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mltool.measure import model_file
from mltool.measure.export import packages
from mltool.measure.export.outputs import Model
from mltool.measure.export.parity import Attempt
from mltool.measure.export.schema import Column
from mltool.serving import schema as serving

Backend = Literal["onnx", "sklearn", "loader"]

TOLERANCE = 1e-5
"""How far ONNX or a loader may be from what was said here: a probability by this much, an amount by this share."""
NATIVE_TOLERANCE = 1e-6
"""The same for scikit-learn itself on another machine, whose arithmetic may differ in the last bits."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Facts:
    """What was found out about a model; `pandas` says whether its server needs that."""

    model: Any
    columns: tuple[Column, ...]
    backend: Backend
    pandas: bool = False

    def document(self) -> dict[str, Any]:
        """Return `schema.json`."""
        model: Model = self.model
        return {
            "schema": serving.FORMAT,
            "task": model.task,
            "inputs": [column.document() for column in self.columns],
            "columns": [column.name for column in self.columns],
            "classes": list(model.classes),
            "threshold": model.threshold,
            "backend": self.backend,
            "tolerance": NATIVE_TOLERANCE if self.backend == "sklearn" else TOLERANCE,
        }

    def schema(self) -> serving.Schema:
        """Return `schema.json` as the server reads it."""
        return parsed(self.document())


def parsed(document: Mapping[str, Any]) -> serving.Schema:
    """Return a schema as the server reads it."""
    return serving.read(text(document).encode())


def text(document: Mapping[str, Any]) -> str:
    """Return the document as JSON that reads well in a diff."""
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def export(
    contents: Mapping[Path, bytes], libraries: Mapping[str, str], types: Sequence[str], attempt: Attempt
) -> dict[str, Any]:
    """Return `export.json` of the files with these contents."""
    return {
        "schema": "mltool.export/1",
        "files": {path.as_posix(): _digests(content) for path, content in contents.items()},
        "python": ".".join(platform.python_version_tuple()[:2]),
        "libraries": dict(sorted(libraries.items())),
        "types": list(types),
        "onnx": None if attempt.parity is None else attempt.parity.document(),
        "onnx_reason": attempt.reason,
    }


def libraries(facts: Facts, path: Path, content: bytes, named: Sequence[str]) -> dict[str, str]:
    """Return the packages that the model was made with, and the server's own, with their versions.

    `named` are those that the policy lists. Raises UserError for one that is not installed, and for code of the
    project's own where the server would need it.
    """
    found = packages.versions(named)
    if facts.backend == "loader":
        return found
    if path.suffix == model_file.SKOPS:
        modules = packages.modules(content) | {"skops", "scipy"}
    else:
        modules = frozenset({"sklearn", "numpy", "scipy", "joblib"})
    if facts.backend == "onnx":
        return found | packages.bringing(modules & packages.installed() | {"onnx", "onnxruntime", "skl2onnx"}, path)
    return found | packages.bringing(modules | ({"pandas"} if facts.pandas else set()), path)


def _digests(content: bytes) -> dict[str, Any]:
    return {
        "sha256": hashlib.sha256(content).hexdigest(),
        "md5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
        "size": len(content),
    }
