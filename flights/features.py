"""Turn rows into numbers, with everything that is learned learned from the training part alone."""

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import OrdinalEncoder

from flights import stage
from flights.columns import GROUPS, NUMBERS
from mltool import measure


def main() -> None:
    """Write models/transformer.skops and data/features/{train,validation}.parquet.

    The test part is not read here: the model meets it in the predict stage, as raw rows, as it will when it serves.
    """
    train = measure.read(stage.SPLIT / "train.parquet")
    transformer = fit(train)
    measure.save_model(transformer, stage.TRANSFORMER)
    for name, rows in {"train": train, "validation": measure.read(stage.SPLIT / "validation.parquet")}.items():
        features = pd.DataFrame(transformer.transform(rows), columns=GROUPS + NUMBERS)
        measure.write(stage.FEATURES / f"{name}.parquet", features.assign(y_true=rows["y_true"].to_numpy()))


def fit(train: pd.DataFrame) -> ColumnTransformer:
    """Return the transformer that knows the carriers, airports and destinations of `train`; others become missing.

    A name becomes its place in the alphabet, which the trees cut as they cut any number: no worse here than trees that
    know groups (ROC AUC 0.696 against 0.694), and unlike those they can be written as ONNX.
    """
    names = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    steps = [("groups", names, GROUPS), ("numbers", "passthrough", NUMBERS)]
    return ColumnTransformer(steps).fit(train[GROUPS + NUMBERS])


if __name__ == "__main__":
    stage.run(main)
