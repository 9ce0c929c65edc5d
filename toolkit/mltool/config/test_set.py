"""What the models are tested on: the table, how often it may judge, and how much of it training may have seen."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Exam:
    """The test set. (A class called `Test…` would be taken for tests by pytest.)"""

    path: str = ""
    """The table, or folder, that DVC or Git tracks, alone or inside a tracked folder: `data/split/test.parquet`."""
    uses: int = 32
    """How many models it may judge before it should be refreshed."""
    leaked: float | None = None
    """The share of its rows that may stand in the training table too, 0 for none; unset: shown and not judged."""
