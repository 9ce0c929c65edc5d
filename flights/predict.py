"""Let the model see the test part, for the first and only time."""

from flights import stage
from mltool import measure


def main() -> None:
    """Write eval/predictions.parquet: row id, truth, label, score, and the columns to slice by."""
    rows = measure.read(stage.SPLIT / "test.parquet")
    model = measure.load_model(stage.MODEL)
    predictions = rows[["row_id", "y_true"]].assign(
        y_pred=model.predict(rows),
        y_score=model.predict_proba(rows)[:, 1],
        carrier=rows["carrier"],
        origin=rows["origin"],
    )
    measure.write(stage.PREDICTIONS, predictions)


if __name__ == "__main__":
    stage.run(main)
