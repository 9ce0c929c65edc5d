"""Wherever `dvc metrics diff` and `dvc params diff` have an answer, ours is the same."""

import math
from collections.abc import Iterable
from typing import Any

import pytest

from mltool.commands.compare import compare
from mltool.snapshot.model import Leaf, ValueChange
from support.oracle import dvc_diff
from support.repos import Repo
from support.scenarios import SCENARIOS, Scenario


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_the_answer_is_that_of_dvc(repo: Repo, scenario: Scenario) -> None:
    base, head = scenario(repo)
    expected = dvc_diff(repo.folder, base, head)
    compared = compare(repo.folder, base, head)
    for kind, changes in (("metrics", compared.changes.metrics), ("params", compared.changes.params)):
        assert not expected[kind]["whole"] or scenario.__name__ == "from_nothing", "DVC has no answer to compare with"
        # DVC's `errors` cannot be answers: it shows such a file as removed, or not at all.
        unreadable = {problem.path for problem in (*compared.base.problems, *compared.head.problems)
                      if problem.kind != "missing"}  # fmt: skip
        absent = {problem.path for problem in (*compared.base.problems, *compared.head.problems)} - unreadable
        assert set(expected[kind]["errors"]) <= unreadable | absent
        theirs = {path: found for path, found in expected[kind]["diff"].items() if path not in unreadable}
        assert _as_dvc_says(changes) == _without_nan_to_nan(theirs)
        assert not any(change.path in unreadable for change in changes)


def _as_dvc_says(changes: Iterable[ValueChange]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for change in changes:
        found.setdefault(change.path, {})[change.key] = (_text(change.old), _text(change.new))
    return found


def _without_nan_to_nan(diff: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """DVC says that NaN changed to NaN, because NaN is not equal to itself; that is no change."""
    pairs = {path: {key: (_text(value["old"]), _text(value["new"])) for key, value in found.items()
                    if not (_is_nan(value["old"]) and _is_nan(value["new"]))}
             for path, found in diff.items()}  # fmt: skip
    return {path: found for path, found in pairs.items() if found}


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _text(leaf: Leaf | Any) -> str:
    """Write a value so that both can be compared; DVC writes lists as text, except a tuple of Python params."""
    return repr(str(_listed(leaf)) if isinstance(leaf, list | tuple) else leaf)


def _listed(leaf: Any) -> Any:
    if isinstance(leaf, dict):
        return {key: _listed(value) for key, value in leaf.items()}
    return [_listed(item) for item in leaf] if isinstance(leaf, list | tuple) else leaf
