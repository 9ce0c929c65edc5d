"""deepchecks' check of feature drift, with its default condition: no score of 0.2 or more."""

from collections.abc import Iterator
from pathlib import Path

import pairs
import pandas as pd
from deepchecks.tabular import Dataset
from deepchecks.tabular.checks import FeatureDrift

MOST = 0.2


def judge(old: Path, new: Path) -> Iterator[str]:
    """Yield the columns whose score is not less than what the condition allows."""
    reference, current = (pd.read_parquet(path) for path in (old, new))
    words = [name for name in reference if reference[name].dtype == object]
    train, test = (Dataset(table, cat_features=words) for table in (reference, current))
    scores = FeatureDrift().run(train, test).value
    return (name for name, found in scores.items() if (found["Drift score"] or 0) >= MOST)


if __name__ == "__main__":
    pairs.main(judge)
