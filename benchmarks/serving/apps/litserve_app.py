"""LitServe: one worker, one API server."""

import sys

import joblib
import litserve
import pandas as pd


class Delay(litserve.LitAPI):
    def setup(self, device: str) -> None:  # noqa: ARG002 - LitServe passes it
        self.model = joblib.load("model.joblib")
        self.columns = list(self.model.feature_names_in_)

    def predict(self, row: dict) -> float:
        return self.model.predict_proba(pd.DataFrame([row], columns=self.columns, dtype=float))[0, 1]

    def encode_response(self, score: float) -> dict:
        return {"label": int(score > 0.5), "score": float(score)}


if __name__ == "__main__":
    server = litserve.LitServer(Delay(), accelerator="cpu", devices=1, workers_per_device=1)
    server.run(
        host="127.0.0.1",
        port=int(sys.argv[1]),
        num_api_servers=1,
        generate_client_file=False,
        log_level="warning",
        access_log=False,
    )
