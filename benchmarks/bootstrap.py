"""What a comparison with its uncertainty takes without mltool: scikit-learn's metrics, and rows drawn again.

python bootstrap.py BASE.parquet HEAD.parquet RESAMPLES prints, as JSON, the difference of each metric on all rows and
on each slice, and for all rows the 90 % interval of so many resamples; 0 draws none.
"""

import json
import sys
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score

Array = NDArray[Any]


def values(truth: Array, label: Array, score: Array) -> dict[str, float]:
    """Return each metric of one model."""
    return {
        "accuracy": float(accuracy_score(truth, label)),
        "roc_auc": float(roc_auc_score(truth, score)),
        "log_loss": float(log_loss(truth, score)),
    }


def differences(base: pd.DataFrame, head: pd.DataFrame) -> dict[str, float]:
    """Return head − base of each metric."""
    truth = head["y_true"].to_numpy()
    before, after = (values(truth, side["y_pred"].to_numpy(), side["y_score"].to_numpy()) for side in (base, head))
    return {name: after[name] - before[name] for name in after}


def main(before: str, after: str, resamples: int) -> None:
    """Print what the files give."""
    base, head = (pd.read_parquet(path).set_index("row_id").sort_index() for path in (before, after))
    slices = {name: differences(base.loc[rows.index], rows) for name, rows in head.groupby("segment")}
    random, drawn = np.random.default_rng(0), []
    for _ in range(resamples):
        rows = random.integers(len(head), size=len(head))
        drawn.append(differences(base.iloc[rows], head.iloc[rows]))
    ends = pd.DataFrame(drawn).quantile([0.05, 0.95]) if drawn else pd.DataFrame()
    intervals = {name: ends[name].tolist() for name in ends}
    print(json.dumps({"whole": differences(base, head), "slices": slices, "intervals": intervals}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
