"""A model for a server that sends the empty text where a text is missing, as ONNX has no missing text."""

import copy
from typing import Any

import numpy as np
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

from mltool.measure.export.native import parts


def blank_for_missing(model: Any) -> Any:
    """Return a copy of the fitted model whose imputers and encoders of texts take the empty text for a missing one.

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
    return model


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
