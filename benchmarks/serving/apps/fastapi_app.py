"""FastAPI as most write it: pydantic reads the row, pandas makes a table of it, scikit-learn predicts."""

import joblib
import pandas as pd
from fastapi import FastAPI
from pydantic import create_model

model = joblib.load("model.joblib")
columns = list(model.feature_names_in_)
Row = create_model("Row", **dict.fromkeys(columns, (float | None, ...)))
app = FastAPI()


@app.get("/ready")
def ready() -> dict[str, str]:
    return {"status": "ready"}


@app.post("/predict")
def predict(row: Row) -> dict[str, float]:
    score = model.predict_proba(pd.DataFrame([row.model_dump()], columns=columns, dtype=float))[0, 1]
    return {"label": int(score > 0.5), "score": float(score)}
