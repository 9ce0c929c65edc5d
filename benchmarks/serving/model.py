"""The model: 25 of 30 columns imputed and scaled, then a hundred boosted trees; and the folders that serve it."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import joblib
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.serving.servers import APPS
from mltool import measure
from mltool.bundle import checksums
from mltool.release import json as manifests
from mltool.release.model import File, Manifest

ROWS: Final = 6000
TRAINING: Final = 4000
COLUMNS: Final = tuple(f"feature_{number}" for number in range(30))
IMPUTED: Final = COLUMNS[:25]
SEED: Final = 7
SERVER: Final = Path(measure.__file__).parents[1] / "serving"


@dataclass(frozen=True, kw_only=True)
class Made:
    """The folder that has one folder for each kind of server, a row, and what the model says of it."""

    folder: Path
    row: Mapping[str, float]
    score: float


def make(folder: Path) -> Made:
    """Train the model, the same every time, and lay out what each server serves.

    Raises RuntimeError where no ONNX comes of it that predicts the same.
    """
    frame = _rows()
    model = _fit(frame[:TRAINING])
    rival = folder / "rival"
    shutil.copytree(APPS, rival)
    joblib.dump(model, rival / "model.joblib")
    _bundles(folder, model, frame)
    first = frame.drop(columns="y_true").iloc[[TRAINING]]
    row = {name: float(value) for name, value in first.iloc[0].items()}
    return Made(folder=folder, row=row, score=float(model.predict_proba(first)[0, 1]))


def _rows() -> pd.DataFrame:
    """Return rows in which nothing is missing, so that the trees split at no imputed value: whether ONNX is exact there
    depends on the last bits (docs/export.md), and without it there would be no ONNX to measure.
    """
    chance = np.random.default_rng(SEED)
    values = chance.normal(size=(ROWS, len(COLUMNS)))
    late = values[:, 0] + values[:, 1] * values[:, 2] + chance.normal(size=ROWS) > 0.3
    return pd.DataFrame(values, columns=list(COLUMNS)).assign(y_true=late.astype(int))


def _fit(frame: pd.DataFrame) -> Pipeline:
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    prepared = ColumnTransformer([("numbers", numbers, list(IMPUTED))], remainder="passthrough")
    model = make_pipeline(prepared, HistGradientBoostingClassifier(max_iter=100, random_state=SEED))
    return model.fit(frame.drop(columns="y_true"), frame["y_true"])


def _bundles(folder: Path, model: Pipeline, frame: pd.DataFrame) -> None:
    """Export the model as a pipeline would, and make a bundle with ONNX and one without."""
    frame[:TRAINING].to_parquet(folder / "train.parquet")
    frame[TRAINING:].to_parquet(folder / "validation.parquet")
    measure.save_model(model, folder / "model.skops")
    for backend in ("onnx", "sklearn"):
        _export(folder, backend)
        made = json.loads((folder / f"exported-{backend}" / "schema.json").read_bytes())["backend"]
        if made != backend:
            raise RuntimeError(f"the model was exported for {made}, not {backend}")
        _bundle(folder, backend)


def _export(folder: Path, backend: str) -> None:
    words = (
        "--rows",
        "train.parquet",
        "--golden",
        "validation.parquet",
        "--out",
        f"exported-{backend}",
        f"--{backend}",
    )
    words = tuple("--no-onnx" if word == "--sklearn" else word for word in words)
    subprocess.run(("mltool", "measure", "export", "model.skops", *words), cwd=folder, check=True, capture_output=True)


def _bundle(folder: Path, backend: str) -> None:
    exported, bundle = folder / f"exported-{backend}", folder / backend
    shutil.copytree(SERVER, bundle / "server", ignore=shutil.ignore_patterns("__pycache__"))
    (bundle / "model").mkdir()
    shutil.copyfile(folder / "model.skops", bundle / "model" / "model.skops")
    for name in ("schema.json", "golden.jsonl"):
        shutil.copyfile(exported / name, bundle / name)
    if backend == "onnx":
        shutil.copyfile(exported / "model.onnx", bundle / "model" / "model.onnx")
    skops = File(
        path="model/model.skops", role="model", source="model.skops", sha256=_digest(bundle / "model/model.skops")
    )
    manifest = Manifest(model="delay", version="1.0.0", tree="0" * 40, files=(skops,), trusted=_trusted(exported))
    (bundle / "release.json").write_text(manifests.dumps(manifest))
    files = (path for path in bundle.rglob("*") if path.is_file())
    sums = checksums.dumps({path.relative_to(bundle).as_posix(): _digest(path) for path in files})
    (bundle / "SHA256SUMS").write_bytes(sums)


def _trusted(exported: Path) -> tuple[str, ...]:
    found: dict[str, Any] = json.loads((exported / "export.json").read_bytes())
    return tuple(found["types"])


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()
