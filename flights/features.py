"""Turn rows into numbers, with everything that is learned learned from the training part alone."""

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import OrdinalEncoder

from flights import stage
from flights.columns import GROUPS, NUMBERS
from mltool import measure


def main() -> None:
    """Write models/transformer.joblib and data/features/{train,validation}.parquet.

    The test part is not read here: the model meets it in the predict stage, as raw rows, as it will when it serves.
    """
    train = measure.read(stage.SPLIT / "train.parquet")
    transformer = fit(train)
    stage.save(stage.TRANSFORMER, transformer)
    for name, rows in {"train": train, "validation": measure.read(stage.SPLIT / "validation.parquet")}.items():
        measure.write(stage.FEATURES / f"{name}.parquet", transformer.transform(rows).assign(y_true=rows["y_true"]))


def fit(train: pd.DataFrame) -> ColumnTransformer:
    """Return the transformer that knows the carriers, airports and destinations of `train`; others become missing."""
    names = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    steps = [("groups", names, GROUPS), ("numbers", "passthrough", NUMBERS)]
    transformer = ColumnTransformer(steps, verbose_feature_names_out=False).set_output(transform="pandas")
    return transformer.fit(train[GROUPS + NUMBERS])


if __name__ == "__main__":
    stage.run(main)
