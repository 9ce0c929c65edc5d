"""TFDV's comparators of drift. It has no default thresholds: those that catch what they should here are set below."""

from collections.abc import Iterator
from pathlib import Path

import pairs
import pandas as pd
import tensorflow_data_validation as tfdv

NUMBERS = 0.03
WORDS = 0.01


def judge(old: Path, new: Path) -> Iterator[str]:
    """Yield the columns beyond the threshold, and those with another anomaly, such as a new category."""
    stored = old.with_suffix(".stats")
    before = tfdv.load_stats_text(str(stored)) if stored.exists() else statistics(old)
    schema = tfdv.infer_schema(before)
    for feature in schema.feature:
        if feature.type == 1:
            feature.drift_comparator.infinity_norm.threshold = WORDS
        else:
            feature.drift_comparator.jensen_shannon_divergence.threshold = NUMBERS
    found = tfdv.validate_statistics(statistics(new), schema, previous_statistics=before)
    return iter(found.anomaly_info)


def statistics(path: Path) -> object:
    """Return what TFDV counts in a table."""
    return tfdv.generate_statistics_from_dataframe(pd.read_parquet(path))


if __name__ == "__main__":
    pairs.main(judge)
