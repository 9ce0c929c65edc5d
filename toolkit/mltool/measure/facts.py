"""Facts as JSON that reads well in a diff: numbers of six digits, one point of a plot a line."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mltool import disk

DIGITS = 6
"""Significant digits. Enough for any gate, few enough that noise in the last bits of a float makes no diff."""


def number(value: float) -> float:
    """Return the value with six significant digits."""
    return float(f"{value:.{DIGITS}g}")


def write(path: Path, fact: Mapping[str, Any]) -> None:
    """Write a fact: nested names and numbers."""
    disk.write(path, json.dumps(fact, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_points(path: Path, points: Iterable[Mapping[str, Any]]) -> None:
    """Write the points of a plot as a JSON list of objects, one a line, as DVC reads them."""
    lines = ",\n".join(json.dumps(point, ensure_ascii=False, allow_nan=False) for point in points)
    disk.write(path, f"[\n{lines}\n]\n")
