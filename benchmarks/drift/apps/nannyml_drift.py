"""NannyML's univariate drift, with its defaults; a column drifted where any of its ten chunks has an alert."""

from collections.abc import Iterator
from pathlib import Path

import nannyml as nml
import pairs
import pandas as pd


def judge(old: Path, new: Path) -> Iterator[str]:
    """Yield the columns with an alert."""
    reference, current = pd.read_parquet(old), pd.read_parquet(new)
    columns = list(reference)
    calculator = nml.UnivariateDriftCalculator(column_names=columns).fit(reference)
    found = calculator.calculate(current).filter(period="analysis").to_df()
    alerts = found.xs("alert", axis=1, level=2)
    return (name for name in columns if alerts[name].to_numpy().any())


if __name__ == "__main__":
    pairs.main(judge)
