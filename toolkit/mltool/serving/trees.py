"""Check that the trees in a model stay within their own arrays, since scikit-learn follows them without looking."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
from sklearn.tree._tree import Tree


def broken(model: Any) -> str:
    """Return what is wrong with the first broken tree in `model`, or an empty text."""
    for tree, features in _trees(model):
        nodes = tree.nodes if isinstance(tree, TreePredictor) else tree.__getstate__()["nodes"]
        wrong = _histogram(tree, nodes, features) if isinstance(tree, TreePredictor) else _plain(nodes, features)
        if wrong:
            return f"a tree's {wrong} lead out of it"
    return ""


def _plain(nodes: np.ndarray, features: int) -> str:
    inner = nodes["left_child"] != -1
    return _links(nodes["left_child"], nodes["right_child"], nodes["feature"], inner, features)


def _histogram(tree: TreePredictor, nodes: np.ndarray, features: int) -> str:
    inner = nodes["is_leaf"] == 0
    groups = nodes["bitset_idx"][inner & (nodes["is_categorical"] != 0)]
    if len(groups) and groups.max() >= len(tree.raw_left_cat_bitsets):
        return "categories"
    return _links(nodes["left"], nodes["right"], nodes["feature_idx"], inner, features)


def _links(left: np.ndarray, right: np.ndarray, feature: np.ndarray, inner: np.ndarray, features: int) -> str:
    here = np.flatnonzero(inner)
    for child in (left[inner].astype(np.int64), right[inner].astype(np.int64)):
        # A child stands after its parent, however the tree was grown: so there is no way round in circles either.
        if np.any(child <= here) or np.any(child >= len(inner)):
            return "branches"
    used = feature[inner]
    return "features" if np.any(used < 0) or np.any(used >= features) else ""


def _trees(model: Any) -> Iterator[tuple[Any, int]]:
    """Yield every tree in the model, with the number of features of the estimator around it."""
    seen: set[int] = set()
    todo: list[tuple[Any, int]] = [(model, 0)]
    while todo:
        part, features = todo.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if isinstance(part, Tree | TreePredictor):
            yield part, features
        features = getattr(part, "n_features_in_", features)
        todo += [(child, features) for child in _children(part)]


def _children(part: Any) -> list[Any]:
    if isinstance(part, dict):
        return list(part.values())
    if isinstance(part, list | tuple | set):
        return list(part)
    if isinstance(part, np.ndarray):
        return part.ravel().tolist() if part.dtype == object else []
    return list(vars(part).values()) if hasattr(part, "__dict__") and not isinstance(part, type) else []
