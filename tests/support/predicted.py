"""Repositories with predictions of a base and a head, as a pull request has them."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn import metrics

from support.repos import Repo, entry, lock

PATH = "eval/predictions.parquet"
GATES = """
[gates.accuracy]
metric = "metrics.json:accuracy"
tolerance = 0.02
"""


def predictions(rows: int = 2_000, *, wrong: float = 0.1, seed: int = 0, others: float = 0.0) -> pd.DataFrame:
    """Return predictions of which a share is `wrong`, the same rows in any two tables; `others` of the rest too, drawn
    by `seed`.
    """
    fixed = np.random.default_rng(42)
    truth, luck = fixed.integers(0, 2, rows), fixed.random(rows)
    missed = luck < wrong
    missed |= np.random.default_rng(seed).random(rows) < others
    score = np.where(missed, 1 - truth, truth) * 0.6 + 0.2 + 0.1 * fixed.random(rows)
    return pd.DataFrame({
        "row_id": np.arange(rows),
        "y_true": truth,
        "y_pred": (score > 0.5).astype(int),
        "y_score": score,
        "group": np.where(np.arange(rows) % 4 == 0, "north", "south"),
    })  # fmt: skip


def measured(table: pd.DataFrame) -> dict[str, float]:
    """Return the metrics file that goes with predictions."""
    return {
        "accuracy": float(metrics.accuracy_score(table.y_true, table.y_pred)),
        "f1": float(metrics.f1_score(table.y_true, table.y_pred)),
        "roc_auc": float(metrics.roc_auc_score(table.y_true, table.y_score)),
    }


def parquet(table: pd.DataFrame) -> bytes:
    """Return a table as the bytes of a Parquet file."""
    into = io.BytesIO()
    table.to_parquet(into)
    return into.getvalue()


def project(folder: Path, *, gates: str = GATES) -> Repo:
    """Return a repository with one stage that makes predictions and metrics, both in Git."""
    made = Repo.create(folder)
    made.write({"dvc.yaml": {"metrics": ["metrics.json"]}, "mltool.toml": gates})
    return made


def commit(repo: Repo, table: pd.DataFrame, **more: Any) -> str:
    """Commit predictions with their metrics; `more` replaces metrics."""
    return repo.commit({PATH: parquet(table), "metrics.json": measured(table) | more})


def commit_to_dvc(repo: Repo, table: pd.DataFrame, *, cached: bool = True) -> str:
    """Commit predictions that DVC tracks, in its cache or lost, with their metrics."""
    content = parquet(table)
    made = entry(PATH, content)
    if cached:
        repo.write({f".dvc/cache/files/md5/{made['md5'][:2]}/{made['md5'][2:]}": content})
    stage = {"cmd": "predict", "outs": [PATH]}
    return repo.commit({
        "eval/.gitignore": "/predictions.parquet\n",
        "dvc.yaml": {"stages": {"predict": stage}, "metrics": ["metrics.json"]},
        "dvc.lock": lock(predict={"cmd": "predict", "outs": [made]}),
        "metrics.json": measured(table),
        PATH: content,
    })  # fmt: skip
