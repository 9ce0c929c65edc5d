"""What TFDV may keep of the old table: its statistics, beside it."""

import sys
from pathlib import Path

import tensorflow_data_validation as tfdv
from tfdv_drift import statistics

if __name__ == "__main__":
    old = Path(sys.argv[1])
    tfdv.write_stats_text(statistics(old), str(old.with_suffix(".stats")))
