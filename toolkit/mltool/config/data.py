"""What the report says of the tables that DVC tracks."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Data:
    """Tables that changed, compared row by row in the report; `mltool data diff` compares any of them."""

    diff: Literal["sources", "all", "off"] = "sources"
    """Which of them: those that no stage makes, those that stages make too, or none."""
    tables: tuple[str, ...] = ()
    """Tables to compare though a stage makes them."""
    key: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The columns that name a row of a table: `{"data/orders.parquet" = ["id"]}`; without, whole rows are compared."""
    most_mb: float = 1000.0
    """Tables that are more than so many megabytes together are not read for the report."""
