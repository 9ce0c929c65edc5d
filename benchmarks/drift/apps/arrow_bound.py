"""The bound: the same statistics against the same profile, by hand in numpy and Arrow, with no word about them."""

import json
import sys
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
from pyarrow import parquet


def main() -> None:
    """Print the distance of each column from the profile: OLD-PROFILE NEW."""
    profile, path = sys.argv[1:]
    columns = json.loads(Path(profile).read_bytes())["columns"]
    words = [column["name"] for column in columns if column["words"]]
    found = {}
    with parquet.ParquetFile(path, read_dictionary=words) as table:
        for column in columns:
            values = table.read(columns=[column["name"]]).column(0)
            measure = shape if column["numbers"] else categories
            found[column["name"]] = measure(column, values), values.null_count
    print(json.dumps(found))


def shape(column, values):
    """Return the Kolmogorov–Smirnov distance at the quantiles of the profile."""
    known = column["numbers"]
    ordered = np.sort(np.concatenate([np.from_dlpack(chunk) for chunk in values.chunks]))
    upto = np.searchsorted(ordered, known["values"], "right") / len(ordered)
    below = np.searchsorted(ordered, known["values"], "left") / len(ordered)
    before = np.array(known["upto"]) / known["count"]
    return float(
        max(np.abs(upto - before).max(), np.abs(below - before + np.array(known["equal"]) / known["count"]).max())
    )


def categories(column, values):
    """Return the total variation of the shares."""
    known, counts = column["words"], {}
    for chunk in values.chunks:
        found = np.bincount(np.from_dlpack(pc.drop_null(chunk.indices)), minlength=len(chunk.dictionary))
        for word, count in zip(chunk.dictionary.to_pylist(), found.tolist(), strict=True):
            counts[word] = counts.get(word, 0) + count
    total = sum(counts.values())
    names = {*counts, *known["listed"]}
    return sum(abs(counts.get(n, 0) / total - known["listed"].get(n, 0) / known["count"]) for n in names) / 2


if __name__ == "__main__":
    main()
