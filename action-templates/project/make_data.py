"""Make data/parcels.csv, the starter's made-up data: `python make_data.py > data/parcels.csv`."""

import csv
import math
import random
import sys
from datetime import datetime, timedelta

CARRIERS = {"Falcon": -0.5, "Heron": 0.0, "Kestrel": 0.4, "Osprey": 0.1}
REGIONS = {"coast": 0.0, "forest": 0.2, "hills": 0.6, "islands": 1.1, "plains": -0.3}
COLUMNS = ("parcel_id", "sent_at", "carrier", "region", "distance_km", "weight_kg", "express", "rain_mm", "late")


def parcel(number: int, chance: random.Random) -> tuple[object, ...]:
    """Return one row; lateness follows the columns, with noise that no model can learn."""
    sent = datetime(2025, 1, 6, 7) + timedelta(minutes=round(number * 101.3 + chance.uniform(0, 90)))
    carrier = chance.choices(tuple(CARRIERS), weights=(4, 3, 2, 1))[0]
    region = chance.choices(tuple(REGIONS), weights=(3, 3, 2, 1, 4))[0]
    distance = round(min(1200.0, chance.lognormvariate(5.2, 0.7)), 1)
    weight = round(min(30.0, chance.lognormvariate(0.8, 0.9)), 2)
    express = int(chance.random() < 0.25)
    rain = round(max(0.0, chance.gauss(0, 6)), 1)
    weekend = sent.weekday() >= 4
    odds = (
        -2.6 + CARRIERS[carrier] + REGIONS[region] + 0.004 * distance + 0.05 * weight - 1.4 * express
        + 1.1 * weekend + (1.5 if rain > 8 else 0.0) + (0.8 if carrier == "Kestrel" and region == "hills" else 0.0)
    )  # fmt: skip
    late = int(chance.random() < 1 / (1 + math.exp(-1.6 * odds)))
    return (f"p{number:05}", sent.isoformat(" ", "minutes"), carrier, region, distance, weight, express, rain, late)


def main() -> None:
    """Write 1,800 rows, half a year of parcels, as CSV."""
    chance = random.Random(20250106)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(parcel(number, chance) for number in range(1800))


if __name__ == "__main__":
    main()
