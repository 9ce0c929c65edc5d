"""Stop the pipeline at data that is not what the stages after it take for granted."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from flights import stage
from mltool import measure

KEY = ("year", "month", "day", "carrier", "flight", "origin")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One column: its kind, its range (both ends allowed), and the share of rows that may be missing or outside."""

    kind: str = "number"
    low: float | None = None
    high: float | None = None
    values: frozenset[str] = frozenset()
    missing: float = 0.0
    outside: float = 0.0


AIRPORTS = frozenset({"EWR", "JFK", "LGA"})

FLIGHTS = {
    "year": Rule(low=2013, high=2013),
    "month": Rule(low=1, high=12),
    "day": Rule(low=1, high=31),
    "sched_dep_time": Rule(low=0, high=2359),
    "sched_arr_time": Rule(low=0, high=2359),
    # A cancelled flight has no arrival. One in eight was the worst month (February 2013: 5 %).
    "arr_delay": Rule(low=-180, high=2000, missing=0.125),
    "carrier": Rule(kind="text"),
    "flight": Rule(low=1, high=9999),
    "origin": Rule(kind="text", values=AIRPORTS),
    "dest": Rule(kind="text"),
    "distance": Rule(low=10, high=5500),
    "time_hour": Rule(kind="text"),
}
WEATHER = {
    "origin": Rule(kind="text", values=AIRPORTS),
    "time_hour": Rule(kind="text"),
    "temp": Rule(low=-30, high=120, missing=0.01),
    "dewp": Rule(low=-40, high=90, missing=0.01),
    "humid": Rule(low=0, high=100, missing=0.01),
    # The package holds one wind of 1,048 mph (EWR, 12 February 2013); the features take it for missing.
    "wind_speed": Rule(low=0, high=150, missing=0.01, outside=0.001),
    "precip": Rule(low=0, high=10),
    "pressure": Rule(low=940, high=1060, missing=0.25),
    "visib": Rule(low=0, high=10),
}


def main() -> None:
    """Write eval/data.json, and fail with every broken rule if there is one."""
    months = {path.stem: measure.read(path) for path in sorted(stage.MONTHS.glob("*.parquet"))}
    weather = measure.read(stage.WEATHER)
    problems = [f"{month}: {problem}" for month, frame in months.items() for problem in broken(frame, FLIGHTS, KEY)]
    problems += [f"weather: {problem}" for problem in broken(weather, WEATHER, ("origin", "time_hour"))]
    problems += [f"{month}: other months are in it" for month, frame in months.items() if not _is_only(frame, month)]
    fact = {
        "months": {month: profile(frame) for month, frame in months.items()},
        "weather_rows": len(weather),
        "problems": problems,
    }
    measure.write_fact(stage.DATA_FACT, fact)
    if problems:
        sys.exit("flights: the data is not valid:\n  " + "\n  ".join(problems))


def profile(frame: pd.DataFrame) -> dict[str, float]:
    """Return how much there is of one month and how much of it cannot be used."""
    return {
        "rows": len(frame),
        "without_arrival": int(frame["arr_delay"].isna().sum()) if "arr_delay" in frame else 0,
        "carriers": int(frame["carrier"].nunique()) if "carrier" in frame else 0,
    }


def broken(frame: pd.DataFrame, rules: dict[str, Rule], key: tuple[str, ...]) -> Iterator[str]:
    """Yield a sentence for each rule that the table breaks."""
    absent = [column for column in rules if column not in frame]
    if absent:
        yield f"columns are absent: {', '.join(absent)}"
        return
    for column, rule in rules.items():
        yield from _broken_column(frame[column], rule)
    twice = int(frame.duplicated(list(key)).sum())
    if twice:
        yield f"{twice} rows have the key ({', '.join(key)}) of another"


def _broken_column(column: "pd.Series", rule: Rule) -> Iterator[str]:
    share = column.isna().mean()
    if share > rule.missing:
        yield f"{column.name}: {share:.2%} missing, allowed {rule.missing:.2%}"
    present = column.dropna()
    if rule.kind == "number" and not pd.api.types.is_numeric_dtype(present):
        yield f"{column.name}: no numbers"
    elif len(present):
        outside = _outside(present, rule)
        if outside.mean() > rule.outside:
            yield f"{column.name}: {int(outside.sum())} values outside, such as {present[outside].iloc[0]}"


def _outside(column: "pd.Series", rule: Rule) -> "pd.Series":
    if rule.values:
        return ~column.isin(rule.values)
    if rule.kind == "text":
        return column.astype(str).str.strip() == ""
    low = float("-inf") if rule.low is None else rule.low
    high = float("inf") if rule.high is None else rule.high
    return ~column.between(low, high)


def _is_only(frame: pd.DataFrame, month: str) -> bool:
    if not {"year", "month"} <= set(frame):
        return True  # already said: columns are absent
    year, number = map(int, month.split("-"))
    return bool(((frame["year"] == year) & (frame["month"] == number)).all())


if __name__ == "__main__":
    stage.run(main)
