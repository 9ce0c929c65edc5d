"""Model and rows → the files of a release."""

import hashlib
import json
import platform
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from mltool import disk
from mltool.measure import model_file, table
from mltool.measure.export import golden, libraries, schema
from mltool.measure.export.golden import Golden
from mltool.measure.export.native import Native, inspect
from mltool.measure.export.parity import Attempt, compare
from mltool.measure.export.schema import Column
from mltool.serving import trusted

TOLERANCE = 1e-5
"""How far an output may be from what scikit-learn said: a probability by this much, an amount by this share."""
NATIVE_TOLERANCE = 1e-6
"""The same for scikit-learn itself on another machine, whose arithmetic may differ in the last bits."""

Convert = Callable[..., Attempt]


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What the repository says about a model in `[models.NAME]`."""

    name: str
    trusted: tuple[str, ...] = ()
    pickle: bool = False


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What was written, and what to say about it."""

    files: tuple[Path, ...]
    backend: str
    attempt: Attempt
    rows: int


def export(
    model: Path, *, rows: Path, golden_rows: Path, truth: str, out: Path, policy: Policy, convert: Convert | None
) -> Exported:
    """Write schema.json, golden.jsonl and export.json into `out`, and model.onnx where it says the same.

    `rows` are the training rows; `golden_rows` other rows of the same columns, on all of which ONNX is compared.
    `convert` makes the ONNX; None: nobody asked. Raises UserError for a model or rows that cannot be served.
    """
    native = inspect(
        model_file.load_model(model, name=policy.name, trust=policy.trusted, pickle=policy.pickle),
        table.read(rows),
        truth=truth,
        source=str(model),
    )
    others = table.read(golden_rows)
    columns = _columns(native, table.read(rows), others, source=str(rows))
    chosen = golden.choose(native, others, columns, margin=TOLERANCE * 10)
    attempt = _attempt(native, columns, others, chosen, convert)
    files = {
        "schema.json": _json(_schema(native, columns, attempt)),
        "golden.jsonl": golden.lines(chosen, native).encode(),
        **({"model.onnx": attempt.content} if attempt.content is not None else {}),
    }
    (out / "model.onnx").unlink(missing_ok=True)
    report = _report(model, native, chosen, attempt, onnx=out / "model.onnx")
    for name, content in {**files, "export.json": _json(report)}.items():
        disk.write(out / name, content)
    return Exported(
        files=tuple(out / name for name in (*files, "export.json")),
        backend=_backend(attempt),
        attempt=attempt,
        rows=len(chosen.names),
    )


def _columns(native: Native, rows: pd.DataFrame, others: pd.DataFrame, *, source: str) -> tuple[Column, ...]:
    found = schema.columns(rows, native.columns, source=source)
    refused = golden.closed(native, others, found)
    return tuple(replace(column, closed=column.name in refused) for column in found)


def _attempt(
    native: Native, columns: tuple[Column, ...], others: pd.DataFrame, chosen: Golden, convert: Convert | None
) -> Attempt:
    if convert is None:
        return Attempt(reason="Not asked for.")
    for rows in (chosen.rows, others):
        attempt = convert(native, columns, rows, tolerance=TOLERANCE)
        if attempt.content is None:
            return attempt
    return attempt


def _backend(attempt: Attempt) -> str:
    return "sklearn" if attempt.content is None else "onnx"


def _schema(native: Native, columns: tuple[Column, ...], attempt: Attempt) -> dict[str, Any]:
    return {
        "schema": "mltool.model/1",
        "task": native.task,
        "inputs": [column.document() for column in columns],
        "columns": list(native.columns),
        "classes": list(native.classes),
        "threshold": native.threshold,
        "backend": _backend(attempt),
        "tolerance": NATIVE_TOLERANCE if attempt.content is None else TOLERANCE,
    }


def _report(model: Path, native: Native, chosen: Golden, attempt: Attempt, *, onnx: Path) -> dict[str, Any]:
    content = model.read_bytes()
    skops = model.suffix == model_file.SKOPS
    held = libraries.modules(content) if skops else frozenset({"sklearn", "numpy", "joblib"})
    files = {model.as_posix(): _digests(content)}
    if attempt.content is not None:
        held |= {"onnxruntime", "onnx", "skl2onnx"}
        files[onnx.as_posix()] = _digests(attempt.content)
    elif not _takes_arrays(native, chosen):
        held |= {"pandas"}
    return {
        "schema": "mltool.export/1",
        "files": files,
        "python": ".".join(platform.python_version_tuple()[:2]),
        "libraries": libraries.packages(held | ({"skops"} if skops else set()), source=str(model)),
        "types": sorted(set(trusted.types(content)) - trusted.TYPES) if skops else [],
        "onnx": None if attempt.parity is None else attempt.parity.document(),
        "onnx_reason": attempt.reason,
    }


def _takes_arrays(native: Native, chosen: Golden) -> bool:
    """Return whether the model says the same of plain arrays: then the server needs no pandas."""
    arrays = replace(native, named=False)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return compare(chosen.outputs, arrays.predict(chosen.rows), tolerance=NATIVE_TOLERANCE).holds()
    except Exception:  # noqa: BLE001 - scikit-learn refuses an array in more than one way
        return False


def _digests(content: bytes) -> dict[str, Any]:
    return {
        "sha256": hashlib.sha256(content).hexdigest(),
        "md5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
        "size": len(content),
    }


def _json(document: dict[str, Any]) -> bytes:
    return (json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
