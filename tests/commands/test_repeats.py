"""`mltool gate` on repositories that train with several seeds, and on gaps between groups."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mltool.commands import gate
from mltool.commands.compare import compare
from mltool.gates.verdict import Outcome, Verdict
from mltool.report.model import Report
from support.predicted import measured, parquet
from support.predicted import predictions as made
from support.repos import Repo

GATES = """
[gates.accuracy]
metric = "metrics.json:accuracy"
tolerance = 0.02

[predictions]
path = "eval/predictions-*.parquet"
"""
SEEDS = (1, 2, 3, 4, 5)


def project(folder: Path, gates: str = GATES) -> Repo:
    repo = Repo.create(folder)
    repo.write({"dvc.yaml": {"metrics": ["metrics.json"]}, "mltool.toml": gates})
    return repo


def trained(shift: int = 0, *, seeds: Sequence[int] = SEEDS, loss: float = 0.0) -> dict[int, pd.DataFrame]:
    """Return predictions of several trainings that differ in what they miss, `loss` more of the rows each."""
    return {seed: made(others=0.03 + loss, seed=100 * shift + seed) for seed in seeds}


def mean(tables: dict[int, pd.DataFrame]) -> dict[str, float]:
    each = [measured(table) for table in tables.values()]
    return {name: float(np.mean([one[name] for one in each])) for name in each[0]}


def commit(repo: Repo, tables: dict[int, pd.DataFrame], metrics: Any = None) -> str:
    files = {f"eval/predictions-{seed}.parquet": parquet(table) for seed, table in tables.items()}
    return repo.commit({**files, "metrics.json": metrics or mean(tables)})


def judge(repo: Repo, base: str, head: str | None = "HEAD") -> Report:
    return gate.judge(compare(repo.folder, base, head), committed=False)


def verdict(report: Report, where: str = "") -> Verdict:
    return next(item for item in report.verdicts if item.metric and item.slice == where)


@pytest.mark.parametrize(("loss", "outcome"), [(0.0, Outcome.PASS), (0.06, Outcome.FAIL)])
def test_the_predictions_of_several_seeds_are_judged_by_seed_and_row(
    tmp_path: Path, loss: float, outcome: Outcome
) -> None:
    repo = project(tmp_path / "p")
    base = commit(repo, trained())
    commit(repo, trained(1, loss=loss))
    for head in ("HEAD", None):
        found = verdict(judge(repo, base, head))
        assert (found.outcome, found.test, found.repeats, found.rows) == (outcome, "repeats", 5, 2_000), found.why
        assert "mixed t interval over seeds and rows" in found.method
        assert "2,000 rows, 5 repeats" in found.sentence
        assert "5 repeats, each beside its namesake" in found.sentence


def test_seeds_of_other_names_are_independent(tmp_path: Path) -> None:
    repo = project(tmp_path / "p")
    base = commit(repo, trained())
    repo.git("rm", "-q", *(f"eval/predictions-{seed}.parquet" for seed in SEEDS))
    commit(repo, trained(1, seeds=(7, 8, 9)))
    found = verdict(judge(repo, base))
    assert found.repeats == 3
    assert "5 repeats at the base and 3 here" in found.sentence
