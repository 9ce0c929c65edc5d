"""The model on the test part → a table of predictions, which `mltool measure evaluate` scores."""

from pathlib import Path

import pandas as pd
from mltool import measure

from parcels.columns import CATEGORIES, TARGET, features
from parcels.train import MODEL

PREDICTIONS = Path("eval/predictions.parquet")


def main() -> None:
    """Predict the test part and write one row a parcel."""
    parcels = pd.read_csv("data/split/test.csv")
    score = measure.load_model(MODEL).predict_proba(features(parcels))[:, 1]
    predictions = pd.DataFrame(
        {
            "row_id": parcels["parcel_id"],
            "y_true": parcels[TARGET],
            "y_pred": (score >= 0.5).astype(int),
            "y_score": score,
            **parcels[CATEGORIES],
        }
    )
    PREDICTIONS.parent.mkdir(exist_ok=True)
    predictions.to_parquet(PREDICTIONS, index=False)


if __name__ == "__main__":
    main()
