"""Measure what the model costs, in a stage of its own.

Times differ at every run. A stage that writes a time beside its model gets another entry in dvc.lock each time it
runs; here only this stage does. The price is that the training is done once more.
"""

from threadpoolctl import threadpool_limits

from flights import stage
from flights.train import fit
from mltool import measure

BATCH = 1_000


def main() -> None:
    """Write eval/cost.json: train_seconds, train_cpu_seconds, peak_memory_bytes, model_bytes, predict latencies."""
    train, validation = (measure.read(stage.FEATURES / f"{name}.parquet") for name in ("train", "validation"))
    with measure.cost() as training:
        fit(train, validation, **stage.params("train"))
    rows, model = measure.read(stage.SPLIT / "test.parquet"), measure.load_model(stage.MODEL)
    one, many = rows.head(1), rows.head(BATCH)
    costs = {
        "train_seconds": training.seconds,
        "train_cpu_seconds": training.cpu_seconds,
        "peak_memory_bytes": training.peak_memory_bytes,
        "model_bytes": measure.size(stage.MODEL),
    }
    # On one thread: threads that wait for each other on a busy machine would be measured, not the model.
    with threadpool_limits(1):
        costs |= measure.latency(lambda: model.predict_proba(one), name="predict_one_row")
        costs |= measure.latency(lambda: model.predict_proba(many), name=f"predict_{len(many)}_rows")
    known = {name: value for name, value in costs.items() if value is not None}
    measure.write_fact(
        stage.COST,
        {name: measure.number(value) if isinstance(value, float) else value for name, value in known.items()},
    )


if __name__ == "__main__":
    stage.run(main)
