"""From what a model returns to what is answered."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .schema import Prediction, Schema


def probabilities(schema: Schema, found: np.ndarray) -> list[Prediction]:
    """Return one prediction a row of `found`: rows × classes, in the order of the schema's classes."""
    if schema.task == "binary":
        return [scored(schema, score) for score in found[:, 1].tolist()]
    names, best = [str(name) for name in schema.classes], found.argmax(axis=1).tolist()
    return [
        {"label": schema.classes[place], "scores": dict(zip(names, scores, strict=True))}
        for place, scores in zip(best, found.tolist(), strict=True)
    ]


def scored(schema: Schema, score: float) -> Prediction:
    """Return the prediction for the probability of the second class.

    Without a threshold a tie is the first class, as with scikit-learn's `predict`; with one it is the second.
    """
    second = score > 0.5 if schema.threshold is None else score >= schema.threshold
    return {"label": schema.classes[second], "score": score}


def labels(found: np.ndarray) -> list[Prediction]:
    """Return one prediction a row for a classifier that gives no probabilities."""
    return [{"label": label} for label in found.ravel().tolist()]


def values(found: np.ndarray) -> list[Prediction]:
    """Return one prediction a row for a regression; raises ValueError for several values a row."""
    if found.ndim > 1 and found.shape[1] != 1:
        raise ValueError(f"the model gives {found.shape[1]} values a row; one is served")
    return [{"value": value} for value in found.ravel().tolist()]


def loose(schema: Schema, found: Sequence[Any]) -> list[Prediction]:
    """Return predictions from what a loader's function returned: a number, or a mapping, a row."""
    return [_loose(schema, each) for each in found]


def _loose(schema: Schema, each: Any) -> Prediction:
    if isinstance(each, Mapping):
        found = {name: _plain(value) for name, value in each.items()}
        return found if {"label", "value"} & found.keys() else _best(schema, found)
    if schema.task == "regression":
        return {"value": float(each)}
    return scored(schema, float(each)) if schema.task == "binary" else {"label": _plain(each)}


def _best(schema: Schema, scores: Mapping[str, Any]) -> Prediction:
    best = max(schema.classes, key=lambda name: float(scores[str(name)]))
    return {"label": best, "scores": dict(scores)}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    return value.item() if isinstance(value, np.generic) else value
