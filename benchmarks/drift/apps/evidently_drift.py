"""Evidently's preset for drift, with its defaults."""

from collections.abc import Iterator
from pathlib import Path

import pairs
import pandas as pd
from evidently import Report
from evidently.presets import DataDriftPreset


def judge(old: Path, new: Path) -> Iterator[str]:
    """Yield the columns whose test fails."""
    run = Report([DataDriftPreset()], include_tests=True).run(pd.read_parquet(new), pd.read_parquet(old))
    for test in run.dict()["tests"]:
        if test["status"] == "FAIL" and "column" in test["metric_config"]["params"]:
            yield test["metric_config"]["params"]["column"]


if __name__ == "__main__":
    pairs.main(judge)
