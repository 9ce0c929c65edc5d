"""The columns of the data, and what a model may see of them."""

import pandas as pd

CATEGORIES = ["carrier", "region"]
NUMBERS = ["distance_km", "weight_kg", "express", "rain_mm", "weekday"]
TARGET = "late"


def features(parcels: pd.DataFrame) -> pd.DataFrame:
    """Return the model's input: one row a parcel, known when the parcel is sent."""
    return parcels[CATEGORIES + NUMBERS]
