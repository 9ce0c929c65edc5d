"""A copy of a model as ONNX can say it: without missing texts, and with numbers of 32 bits."""

import copy
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

from mltool.serving.backend_sklearn import parts

HISTOGRAMS = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)


def adapted(model: Any, *, slack: float = 0.0) -> Any:
    """Return a copy of the fitted model whose imputers and encoders of texts take the empty text for a missing one, as
    the server sends it, and whose histogram trees split where 32 bits split the same.

    Where a value is in many rows, as what stands for a missing one, a tree may split exactly at it. If it was
    calculated, as by a scaler, it comes out of 32 bits a little above or below: (mean - mean) / deviation is -2e-18 in
    64 bits, which goes left, and 0 in 32, which does not. With `slack` every split is moved up by that share of itself,
    of 1 where it is smaller.

    Where that cannot be said, as for an OrdinalEncoder that keeps missing and unknown apart, the part stays as it is.
    """
    model = copy.deepcopy(model)
    for part in parts(model):
        if isinstance(part, SimpleImputer) and _of_texts(getattr(part, "statistics_", None)):
            part.missing_values = ""
        elif isinstance(part, OneHotEncoder) and hasattr(part, "categories_"):
            part.categories_ = [_blank(categories) for categories in part.categories_]
        elif isinstance(part, OrdinalEncoder) and hasattr(part, "categories_") and _same_code(part):
            part.categories_ = [categories[~pd.isna(categories)] for categories in part.categories_]
        elif isinstance(part, HISTOGRAMS) and hasattr(part, "_predictors"):
            for tree in (tree for trees in part._predictors for tree in trees):
                tree.nodes["num_threshold"] = [_split(value, slack) for value in tree.nodes["num_threshold"].tolist()]
    return model


def _split(threshold: float, slack: float) -> float:
    """Return the 32-bit number that parts the same decimal numbers as `threshold`.

    Such a tree often splits at the mean of two values, and (51.98 + 53.06) / 2 is 52.519999999999996: 52.52 goes right,
    and would go left where both are the same 32 bits.
    """
    single = np.float32(threshold)
    decimal = float(f"{threshold:.12g}")
    if 0 < decimal - threshold <= 4 * np.spacing(abs(threshold)) and np.float32(decimal) == single:
        return float(np.nextafter(single, np.float32(-np.inf)))
    # A split of missing from known values is at infinity.
    return float(np.float32(threshold + slack * max(1.0, abs(threshold)))) if np.isfinite(threshold) else threshold


def _of_texts(values: Any) -> bool:
    return isinstance(values, np.ndarray) and values.dtype.kind == "O"


def _blank(categories: np.ndarray) -> np.ndarray:
    if not _of_texts(categories):
        return categories
    return np.array(["" if pd.isna(category) else category for category in categories], dtype=object)


def _same_code(encoder: OrdinalEncoder) -> bool:
    """Return whether an unknown text and a missing one become the same number: none."""
    unknown, missing = encoder.unknown_value, encoder.encoded_missing_value
    return unknown is not None and bool(np.isnan(unknown)) and bool(np.isnan(missing))
