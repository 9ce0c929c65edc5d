"""One row a flight that arrived, with what was known before it left, split by time."""

import pandas as pd

from flights import stage
from flights.columns import WEATHER
from mltool import measure

IMPOSSIBLE_WIND = 150
"""Miles an hour. The package has one reading of 1,048, which is taken for missing."""


def main() -> None:
    """Write data/split/{train,validation,test}.parquet and eval/split.json."""
    chosen = stage.params("split")
    flights = pd.concat(measure.read(path) for path in sorted(stage.MONTHS.glob("*.parquet")))
    rows = with_weather(schedule(flights), measure.read(stage.WEATHER), hours_before=chosen["weather_hours_before"])
    arrived = labelled(rows, late_minutes=chosen["late_minutes"])
    shares = measure.Shares(train=chosen["train"], validation=chosen["validation"], test=chosen["test"])
    parts = measure.by_time(arrived, time="departs", shares=shares, source="the flights that arrived")
    for name in parts.counts():
        measure.write(stage.SPLIT / f"{name}.parquet", getattr(parts, name))
    fact = {
        "rows": parts.counts(),
        "late_share": {name: measure.number(getattr(parts, name)["y_true"].mean()) for name in parts.counts()},
        "first_departure": {name: getattr(parts, name)["departs"].min().isoformat() for name in parts.counts()},
        "without_arrival": len(rows) - len(arrived),
        "without_weather": int(arrived["temp"].isna().sum()),
    }
    measure.write_fact(stage.SPLIT_FACT, fact)


def schedule(flights: pd.DataFrame) -> pd.DataFrame:
    """Return what the timetable says of each flight, ordered by departure, and its arrival delay.

    `departs` is the hour of the scheduled departure in UTC; `hour_traffic` counts the flights that the timetable has
    at the same airport in the same hour, cancelled ones too: nobody knows yet that they will be.
    """
    departs = pd.to_datetime(flights["time_hour"], utc=True)
    day = (
        flights["year"]
        .astype(str)
        .str.cat([flights[part].astype(str).str.zfill(2) for part in ("month", "day")], sep="-")
    )
    rows = pd.DataFrame(
        {
            "row_id": day + "-" + flights["carrier"] + flights["flight"].astype(str) + "-" + flights["origin"],
            "departs": departs,
            "carrier": flights["carrier"],
            "origin": flights["origin"],
            "dest": flights["dest"],
            "distance": flights["distance"],
            "departs_minute": _minutes(flights["sched_dep_time"]),
            "arrives_minute": _minutes(flights["sched_arr_time"]),
            "weekday": pd.to_datetime(day).dt.day_of_week,
            "arr_delay": flights["arr_delay"],
        }
    )
    rows["hour_traffic"] = rows.groupby(["origin", "departs"])["row_id"].transform("size")
    return rows.sort_values(["departs", "row_id"], ignore_index=True)


def with_weather(rows: pd.DataFrame, weather: pd.DataFrame, *, hours_before: int) -> pd.DataFrame:
    """Return the rows with the weather observed at their airport `hours_before` the hour of departure.

    The observation of an hour is made near its end, after flights of that hour left: with 0 the model would see the
    future.
    """
    known = weather[["origin", *WEATHER]].copy()
    known["wind_speed"] = known["wind_speed"].where(known["wind_speed"] <= IMPOSSIBLE_WIND)
    known["departs"] = pd.to_datetime(weather["time_hour"], utc=True) + pd.Timedelta(hours=hours_before)
    return rows.merge(known, on=["origin", "departs"], how="left", validate="many_to_one")


def labelled(rows: pd.DataFrame, *, late_minutes: int) -> pd.DataFrame:
    """Return the flights that arrived, with `y_true` 1 for late ones, and the delay itself gone."""
    arrived = rows[rows["arr_delay"].notna()]
    late = (arrived["arr_delay"] > late_minutes).astype(int)
    return arrived.drop(columns="arr_delay").assign(y_true=late).reset_index(drop=True)


def _minutes(clock: "pd.Series") -> "pd.Series":
    return clock // 100 * 60 + clock % 100


if __name__ == "__main__":
    stage.run(main)
