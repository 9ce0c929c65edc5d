"""Training parcels → a model that takes parcels as they are sent."""

from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from mltool import measure
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder

from parcels.columns import CATEGORIES, NUMBERS, TARGET, features

MODEL = Path("model/model.skops")


def build(params: dict[str, Any]) -> Pipeline:
    """Return the untrained model. A category that training never saw is no error."""
    columns = ColumnTransformer(
        [("categories", OneHotEncoder(handle_unknown="ignore"), CATEGORIES), ("numbers", "passthrough", NUMBERS)]
    )
    trees = GradientBoostingClassifier(
        n_estimators=params["trees"],
        max_depth=params["max_depth"],
        learning_rate=params["learning_rate"],
        random_state=params["seed"],
    )
    return make_pipeline(columns, trees)


def main() -> None:
    """Train on the training part and write the model."""
    params = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))["train"]
    parcels = pd.read_csv("data/split/train.csv")
    measure.save_model(build(params).fit(features(parcels), parcels[TARGET]), MODEL)


if __name__ == "__main__":
    main()
