"""BentoML: one service, one worker."""

import bentoml
import joblib
import pandas as pd


@bentoml.service(workers=1)
class Delay:
    def __init__(self) -> None:
        self.model = joblib.load("model.joblib")
        self.columns = list(self.model.feature_names_in_)

    @bentoml.api
    def predict(self, row: dict[str, float | None]) -> dict[str, float]:
        score = self.model.predict_proba(pd.DataFrame([row], columns=self.columns, dtype=float))[0, 1]
        return {"label": int(score > 0.5), "score": float(score)}
