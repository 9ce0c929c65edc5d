"""`mltool measure leakage`: how many test rows stand in the training table, as a fact for the gate and the report."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from mltool import disk
from mltool.data import leakage
from mltool.gates import test_set_leakage
from mltool.gates.test_set_leakage import Leakage


def write(
    train: Path, test: Path, out: Path, *, ignore: Sequence[str] = (), key: Sequence[str] = (), label: str = ""
) -> Leakage:
    """Write what leaks as JSON, and return it. Raises UserError for tables and columns that cannot be compared."""
    found = leakage.find(train, test, ignore=ignore, key=key, label=label)
    disk.write(out, msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    return found


def words(found: Leakage) -> str:
    """Return it in a sentence or two."""
    return test_set_leakage.sentence(found)
