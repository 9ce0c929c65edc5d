"""Statistical goldens: what predictions looked like when somebody looked at them, and whether they still do.

A golden holds counts and no rows: how many predictions have each label, or lie below each tenth of the numbers. Other
rows, another seed or another machine give other counts by chance, so shares are compared, with intervals.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mltool import disk
from mltool.errors import UserError
from mltool.gates.model_tests import Answer, Claim
from mltool.testing import record
from mltool.testing.fairness import difference
from mltool.testing.undecided import UndecidedError

FORMAT = "mltool.golden/1"
TENTHS = 10
MOST_LABELS = 100
MOST_NAME = 100
"""Bytes of a name: file systems take 255, for both names, the ending, and that of a file half written."""
UPDATE = "--mltool-update"


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What was written down: the number of predictions, a hash of them, and the count of each cell.

    The cells of labels are the labels, those of numbers `<= bound`.
    """

    rows: int
    sha256: str
    numbers: bool
    cells: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Golden:
    """The golden files of one test: `golden(predictions, margin=0.02)` compares, or with `update` writes."""

    folder: Path
    test: str
    update: bool = False

    def __call__(self, values: Any, *, margin: float, name: str = "", alpha: float = 0.05) -> None:
        """Assert that the shares of `values` (one column of predictions) are within ±`margin` of the golden's.

        The same values pass; others where every share's interval (Newcombe 1998), each bound at confidence
        1 − `alpha`, lies within. Raises AssertionError where one is shown to lie outside (with Bonferroni's
        correction) or there is no golden yet, UndecidedError where the rows cannot tell. `name` tells several of one
        test apart.
        """
        __tracebackhide__ = True
        column = pd.Series(np.asarray(values))
        if column.isna().any() or column.empty:
            raise AssertionError(f"{int(column.isna().sum())} of {len(column)} predictions are missing.")
        place = self.folder / f"{_safe(self.test)}{'.' if name else ''}{_safe(name)}.json"
        if self.update:
            disk.write(place, written(measured(column)))
            return
        if not place.is_file():
            raise AssertionError(f"There is no {place} yet. Look at the predictions, then run pytest {UPDATE}.")
        compare(read(place), column, margin=margin, alpha=alpha)


def measured(column: "pd.Series[Any]") -> Expected:
    """Return what to write down about predictions; raises ValueError for too many labels."""
    numbers = bool(pd.api.types.is_float_dtype(column.dtype))
    if numbers:
        bounds = np.quantile(column.to_numpy(dtype=float), np.arange(1, TENTHS) / TENTHS, method="inverted_cdf")
        cells = {f"<= {bound!r}": int((column <= bound).sum()) for bound in dict.fromkeys(bounds.tolist())}
    else:
        if column.nunique() > MOST_LABELS:
            raise ValueError(f"{column.nunique()} different labels are too many: turn amounts into floats")
        cells = {str(label): int(count) for label, count in column.value_counts(sort=False).sort_index().items()}
    return Expected(rows=len(column), sha256=_digest(column), numbers=numbers, cells=cells)


def compare(known: Expected, column: "pd.Series[Any]", *, margin: float, alpha: float) -> None:
    """Raise where a share of `column` is, or may be, more than `margin` from what is known; see `Golden`."""
    __tracebackhide__ = True
    if bool(pd.api.types.is_float_dtype(column.dtype)) != known.numbers:
        raise AssertionError(f"The golden is of {'numbers' if known.numbers else 'labels'}, and these are not.")
    same = _digest(column) == known.sha256 and len(column) == known.rows
    if same:
        record.claimed(_claim("pass", 0.0, 0.0, margin=margin, rows=len(column)))
        return
    now = _counts(known, column)
    strict, plain = alpha / len(now), alpha
    lines, beyond, unsure, seen, most = [], False, False, 0.0, 0.0
    for cell, count in now.items():
        was = known.cells.get(cell, 0)
        pair = (count, len(column)), (was, known.rows)
        low, high = difference(*pair, alpha=plain)
        sure_low, sure_high = difference(*pair, alpha=strict)
        far, close = sure_low > margin or sure_high < -margin, -margin <= low and high <= margin
        beyond, unsure = beyond or far, unsure or not close
        seen, most = max(seen, abs(count / len(column) - was / known.rows)), max(most, high, -low)
        if not close:
            lines.append(
                f"{cell}: {count / len(column):.3f}, it was {was / known.rows:.3f} ({low:+.3f} to {high:+.3f})"
            )
    said = f"shares of {len(column):,} predictions against {known.rows:,} of the golden, ±{margin:g} may be"
    shown = "\n".join(lines)
    answer: Answer = "fail" if beyond else "undecided" if unsure else "pass"
    record.claimed(_claim(answer, seen, most, margin=margin, rows=len(column)))
    if beyond:
        raise AssertionError(f"{said}:\n{shown}\nWhere that is right, run pytest {UPDATE}.")
    if unsure:
        raise UndecidedError(f"undecided: {said}, and the rows are too few:\n{shown}")


def _claim(answer: Answer, seen: float, most: float, *, margin: float, rows: int) -> Claim:
    return Claim(
        statement="Shares as in the golden",
        answer=answer,
        unit="share",
        measured=seen,
        high=most,
        allowed=margin,
        rows=rows,
    )


def written(found: Expected) -> str:
    """Return the golden as JSON that reads well in a diff."""
    return json.dumps({"schema": FORMAT, **vars(found)}, indent=1, ensure_ascii=False) + "\n"


def read(place: Path) -> Expected:
    """Return the golden in a file. Raises UserError where it is none."""
    try:
        found = json.loads(place.read_bytes())
        known = Expected(**{field.name: found[field.name] for field in fields(Expected)})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UserError(f"{place} is no golden: {error}.", f"Write it again: pytest {UPDATE}.") from error
    if found.get("schema") != FORMAT:
        raise UserError(f"{place} is not {FORMAT}.", f"Write it again: pytest {UPDATE}.")
    return known


def _counts(known: Expected, column: "pd.Series[Any]") -> dict[str, int]:
    if known.numbers:
        return {cell: int((column <= float(cell.removeprefix("<= "))).sum()) for cell in known.cells}
    found = {str(label): int(count) for label, count in column.value_counts().items()}
    return {cell: found.get(cell, 0) for cell in dict.fromkeys((*known.cells, *sorted(found)))}


def _digest(column: "pd.Series[Any]") -> str:
    """Return a hash of the values, which the last bits of a float do not change."""
    is_float = pd.api.types.is_float_dtype(column.dtype)
    text = "\n".join(f"{value:.9g}" if is_float else str(value) for value in column.tolist())
    return hashlib.sha256(text.encode()).hexdigest()


def _safe(name: str) -> str:
    """Return the name as one of a file; a long one, of a test with long parameters, keeps its start and a hash."""
    safe = re.sub(r"[^\w=-]+", "-", name).strip("-")
    if len(safe.encode()) <= MOST_NAME:
        return safe
    kept = safe.encode()[:MOST_NAME].decode(errors="ignore")
    return f"{kept}-{hashlib.sha256(name.encode(errors='replace')).hexdigest()[:12]}"
