"""Training, validation and test rows: by time, by group or at random; never the same row, group or moment in two."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupShuffleSplit, train_test_split

from mltool.errors import UserError
from mltool.measure import table


@dataclass(frozen=True, kw_only=True)
class Shares:
    """How much of the rows each part gets; they add up to 1, and `validation` may be 0."""

    train: float = 0.7
    validation: float = 0.15
    test: float = 0.15

    def __post_init__(self) -> None:
        """Raise UserError for shares that are no shares."""
        if min(self.train, self.test) <= 0 or self.validation < 0:
            raise UserError("The train and test shares must be above 0, and validation not below.")
        if abs(self.train + self.validation + self.test - 1) > 1e-9:
            raise UserError(f"The shares {self.train}, {self.validation} and {self.test} do not add up to 1.")


@dataclass(frozen=True, kw_only=True, eq=False)
class Parts:
    """The rows of each part, in their former order."""

    train: pd.DataFrame
    validation: pd.DataFrame
    test: pd.DataFrame

    def counts(self) -> dict[str, int]:
        """Return the rows of each part."""
        return {"train": len(self.train), "validation": len(self.validation), "test": len(self.test)}


def by_time(frame: pd.DataFrame, *, time: str, shares: Shares | None = None, source: str = "the table") -> Parts:
    """Return train before validation before test; rows of one moment stay in one part.

    `time` holds dates, times, text that pandas reads as such, or numbers. Raises UserError for a missing or
    unreadable time, and where there are too few moments to fill each part.
    """
    shares = shares or Shares()
    moments = _moments(frame, time, source)
    share_until = moments.value_counts().sort_index().cumsum() / len(frame)
    count = len(share_until)
    wanted = 2 + (shares.validation > 0)
    if count < wanted:
        raise UserError(f"{source}: `{time}` has {count} moments, fewer than there are parts.")
    train_end = _nearest(share_until, shares.train, low=0, high=count - wanted)
    validation_end = train_end
    if shares.validation:
        validation_end = _nearest(share_until, shares.train + shares.validation, low=train_end + 1, high=count - 2)
    first, second = share_until.index[train_end], share_until.index[validation_end]
    return Parts(
        train=frame[moments <= first],
        validation=frame[(moments > first) & (moments <= second)],
        test=frame[moments > second],
    )


def by_group(
    frame: pd.DataFrame, *, group: str, seed: int, shares: Shares | None = None, source: str = "the table"
) -> Parts:
    """Return parts that share no group (a user, a patient, a document), drawn with `seed`."""
    shares = shares or Shares()
    table.require(frame, (group,), source=source)
    count = frame[group].nunique()
    if count < 2 + (shares.validation > 0):
        raise UserError(f"{source}: `{group}` has {count} groups, fewer than there are parts.")

    def draw(rows: pd.DataFrame, share: float) -> tuple[Any, Any]:
        splitter = GroupShuffleSplit(n_splits=1, test_size=share, random_state=seed)
        left, right = next(splitter.split(rows, groups=rows[group]))
        return left, right

    return _filled(_twice(frame, shares, draw), shares, why=f"`{group}` has {count} groups", source=source)


def at_random(
    frame: pd.DataFrame,
    *,
    seed: int,
    shares: Shares | None = None,
    stratify: str | None = None,
    source: str = "the table",
) -> Parts:
    """Return parts drawn with `seed`; with `stratify`, each has the same mix of that column's values."""
    shares = shares or Shares()
    if stratify:
        table.require(frame, (stratify,), source=source)

    def draw(rows: pd.DataFrame, share: float) -> tuple[Any, Any]:
        strata = rows[stratify] if stratify else None
        left, right = train_test_split(np.arange(len(rows)), test_size=share, random_state=seed, stratify=strata)
        return left, right

    try:
        parts = _twice(frame, shares, draw)
    except ValueError as error:
        raise UserError(f"{source} cannot be split so: {str(error).splitlines()[0]}") from error
    return _filled(parts, shares, why=f"there are {len(frame)} rows", source=source)


def _moments(frame: pd.DataFrame, time: str, source: str) -> "pd.Series[Any]":
    table.require(frame, (time,), source=source)
    column = frame[time]
    if pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_datetime64_any_dtype(column.dtype):
        return column
    try:
        return pd.to_datetime(column, utc=True, format="ISO8601")
    except (ValueError, TypeError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise UserError(
            f"{source}: `{time}` is no time: {reason}.", "Write it as ISO 8601: 2024-05-31T13:00."
        ) from error


def _nearest(share_until: "pd.Series[float]", share: float, *, low: int, high: int) -> int:
    # Clamped, so that each part keeps a moment however few there are.
    return min(max(int(np.abs(share_until.to_numpy() - share).argmin()), low), high)


def _twice(frame: pd.DataFrame, shares: Shares, draw: Any) -> Parts:
    rest, test = draw(frame, shares.test)
    rest, test = frame.iloc[np.sort(rest)], frame.iloc[np.sort(test)]
    if not shares.validation:
        return Parts(train=rest, validation=frame.iloc[:0], test=test)
    train, validation = draw(rest, shares.validation / (1 - shares.test))
    return Parts(train=rest.iloc[np.sort(train)], validation=rest.iloc[np.sort(validation)], test=test)


def _filled(parts: Parts, shares: Shares, *, why: str, source: str) -> Parts:
    counts = parts.counts()
    empty = [name for name, rows in counts.items() if not rows and getattr(shares, name)]
    if empty:
        raise UserError(f"{source}: the {empty[0]} part would be empty, because {why}.", "Change the shares.")
    return parts
