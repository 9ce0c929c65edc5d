"""Fit the model: gradient-boosted trees, stopped and cut into yes and no on the validation part."""

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import precision_recall_curve
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from flights import stage
from mltool import measure


def main() -> None:
    """Write models/model.skops: a pipeline that takes raw rows and says how likely each is late."""
    train, validation = (measure.read(stage.FEATURES / f"{name}.parquet") for name in ("train", "validation"))
    trees = fit(train, validation, **stage.params("train"))
    known = validation.drop(columns="y_true").to_numpy()
    late = trees.predict_proba(known)[:, 1]
    cut = FixedThresholdClassifier(FrozenEstimator(trees), threshold=threshold(validation["y_true"].to_numpy(), late))
    cut.fit(known, validation["y_true"])  # learns nothing: the trees are frozen
    measure.save_model(Pipeline([("features", measure.load_model(stage.TRANSFORMER)), ("late", cut)]), stage.MODEL)


def fit(
    train: pd.DataFrame,
    validation: pd.DataFrame,
    *,
    seed: int,
    iterations: int,
    patience: int,
    learning_rate: float,
    leaves: int,
    min_leaf_rows: int,
) -> HistGradientBoostingClassifier:
    """Return the trees, as many as help the validation part."""
    trees = HistGradientBoostingClassifier(
        random_state=seed,
        max_iter=iterations,
        early_stopping=True,
        n_iter_no_change=patience,
        learning_rate=learning_rate,
        max_leaf_nodes=leaves,
        min_samples_leaf=min_leaf_rows,
    )
    known, unseen = (rows.drop(columns="y_true").to_numpy() for rows in (train, validation))
    # One thread: the fitted trees remember how many there were, and the file must be the same on every machine.
    with threadpool_limits(1):
        return trees.fit(known, train["y_true"], X_val=unseen, y_val=validation["y_true"])


def threshold(truth: np.ndarray, score: np.ndarray) -> float:
    """Return the score from which to say late, so that F1 on these rows is highest."""
    precision, recall, scores = precision_recall_curve(truth, score)
    both = precision[:-1] + recall[:-1]
    f1 = np.divide(2 * precision[:-1] * recall[:-1], both, out=np.zeros_like(both), where=both > 0)
    return measure.number(float(scores[f1.argmax()]))


if __name__ == "__main__":
    stage.run(main)
