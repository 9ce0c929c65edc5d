"""The model in processes of its own: the same answers, and within its memory."""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from mltool import measure, shell
from mltool.errors import UserError
from mltool.gates.model_tests import Claim
from mltool.testing import again, record
from mltool.testing.rate import table
from mltool.testing.subject import Subject

SEEDS = ("1", "2")
"""Two orders of Python's sets: what depends on them differs."""
MEGABYTE = 1e6


def deterministic(model: Subject, rows: pd.DataFrame, *, tolerance: float = 0.0) -> None:
    """Assert that two fresh processes, whose sets are in different orders, say of `rows` what this one does.

    Scores and values may differ by `tolerance`; 0: not in the last bit. Raises UserError where a process cannot load
    the model.
    """
    __tracebackhide__ = True
    here = model.predict(rows).reset_index(drop=True)
    for seed in SEEDS:
        there, _ = _again(model, rows, seed=seed)
        same_answers(here, there, rows, tolerance=tolerance, names=("here", "there"))


def memory(model: Subject, rows: pd.DataFrame, *, budget_mb: float) -> None:
    """Assert that a process that loads the model and predicts `rows` has a peak of at most `budget_mb` (10⁶ bytes).

    It is the whole process, Python and libraries too: what a machine must have. Raises UserError where this system
    does not tell.
    """
    __tracebackhide__ = True
    _, peak = _again(model, rows, seed=SEEDS[0])
    if peak is None:
        raise UserError("This system does not say how much memory a process took.")
    record.claimed(
        Claim(
            statement=f"Memory to load the model and to predict {len(rows):,} rows",
            answer="fail" if peak > budget_mb * MEGABYTE else "pass",
            unit="MB",
            measured=peak / MEGABYTE,
            allowed=budget_mb,
        )
    )
    if peak > budget_mb * MEGABYTE:
        raise AssertionError(
            f"{model.name} took {peak / MEGABYTE:,.0f} MB to load and to predict {len(rows):,} rows, where "
            f"{budget_mb:,g} MB may be."
        )


def same_answers(
    one: pd.DataFrame, other: pd.DataFrame, rows: pd.DataFrame, *, tolerance: float, names: tuple[str, str]
) -> None:
    """Raise AssertionError with the rows of which two tables of predictions say something else."""
    __tracebackhide__ = True
    if list(one.columns) != list(other.columns):
        raise AssertionError(f"{names[0]} says {', '.join(one.columns)} and {names[1]} {', '.join(other.columns)}.")
    sides = {name: tuple(each[name].reset_index(drop=True) for each in (one, other)) for name in one.columns}
    differs = {name: _differs(before, after, tolerance=tolerance) for name, (before, after) in sides.items()}
    apart = int(pd.DataFrame(differs).any(axis=1).sum())
    record.claimed(
        Claim(
            statement=f"The same predictions {names[0]} and {names[1]}",
            answer="fail" if apart else "pass",
            unit="share",
            measured=apart / len(rows) if len(rows) else None,
            allowed=0.0,
            rows=len(rows),
            failed=apart,
        )
    )
    for name, (before, after) in sides.items():
        if differs[name].any():
            shown = rows.reset_index(drop=True).assign(**{f"{name} {names[0]}": before, f"{name} {names[1]}": after})
            raise AssertionError(
                f"`{name}` is not the same in {int(differs[name].sum()):,} of {len(rows):,} rows."
                f"{table(shown[differs[name]])}"
            )


def _differs(before: "pd.Series[Any]", after: "pd.Series[Any]", *, tolerance: float) -> "pd.Series[bool]":
    both_missing = before.isna() & after.isna()
    if tolerance and pd.api.types.is_float_dtype(before.dtype) and pd.api.types.is_float_dtype(after.dtype):
        return ~(((before - after).abs() <= tolerance) | both_missing)
    return ~((before == after) | both_missing)


def _again(model: Subject, rows: pd.DataFrame, *, seed: str) -> tuple[pd.DataFrame, int | None]:
    with tempfile.TemporaryDirectory(prefix="mltool-") as name:
        folder = Path(name)
        (folder / again.RECIPE).write_text(model.recipe.text())
        measure.write(folder / again.ROWS, rows)
        done = shell.run(
            (sys.executable, "-m", again.__name__, folder),
            # The types of our own that a model is made of stand in modules of the project.
            environ={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        if done.code:
            said = (done.err.strip().splitlines() or [f"it ended with {done.code}"])[-1]
            raise UserError(f"A fresh process cannot predict with {model.name}: {said}")
        peak: int | None = json.loads((folder / again.USED).read_text())["peak_bytes"]
        return measure.read(folder / again.SAID), peak
