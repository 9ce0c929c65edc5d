"""Raw parcels → checked parcels. Broken data stops here, with a sentence."""

from pathlib import Path

import pandas as pd

RAW = Path("data/parcels.csv")
CLEAN = Path("data/clean.csv")


def problems(parcels: pd.DataFrame) -> list[str]:
    """Return what is wrong with the data; empty when nothing is."""
    numbers = parcels[["distance_km", "weight_kg", "rain_mm"]]
    found = {
        "has missing values": parcels.isna().any(axis=None),
        "has a parcel twice": parcels["parcel_id"].duplicated().any(),
        "has a negative distance, weight or rainfall": (numbers < 0).any(axis=None),
        "has a `late` that is neither 0 nor 1": not parcels["late"].isin([0, 1]).all(),
        "has parcels of one outcome only": parcels["late"].nunique() < 2,
    }
    return [sentence for sentence, wrong in found.items() if wrong]


def main() -> None:
    """Check the raw data and write it in order of time, with the day of the week (0 is Monday)."""
    parcels = pd.read_csv(RAW)
    if wrong := problems(parcels):
        raise SystemExit(f"{RAW} {', and '.join(wrong)}")
    weekday = pd.to_datetime(parcels["sent_at"]).dt.day_of_week
    parcels.assign(weekday=weekday).sort_values("sent_at").to_csv(CLEAN, index=False)


if __name__ == "__main__":
    main()
