"""Slice and cost files become rows."""

import json

import pytest

from mltool.report import facts

PATH = "eval/slices.json"


def test_slices_are_joined_by_column_value_and_metric() -> None:
    base = json.dumps({"carrier": {"AA": {"rows": 9, "auc": 0.7}}}).encode()
    head = json.dumps({"carrier": {"AA": {"rows": 10, "auc": 0.8, "loss": 1}, "UA": {"rows": 2}}}).encode()
    rows, problems = facts.slices(PATH, base, head)
    assert [(row.value, row.metric, row.rows, row.base, row.head, row.direction) for row in rows] == [
        ("AA", "auc", 10, 0.7, 0.8, "higher"),
        ("AA", "loss", 10, None, 1.0, "lower"),
    ]
    assert problems == ()


def test_costs_of_either_side_are_kept() -> None:
    rows, _ = facts.cost("c", b'{"train_seconds": 3, "old": 1}', b'{"train_seconds": 4.5, "host": "a"}')
    assert [(row.name, row.base, row.head) for row in rows] == [("train_seconds", 3.0, 4.5), ("old", 1.0, None)]


def test_absent_files_are_empty_and_no_problem() -> None:
    assert facts.slices(PATH, None, None) == ((), ())
    assert facts.cost(PATH, None, None) == ((), ())


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff", b"null"])
def test_a_broken_head_is_a_problem_that_names_the_file(content: bytes) -> None:
    rows, (problem,) = facts.slices(PATH, None, content)
    assert rows == ()
    assert problem.sentence.startswith(f"{PATH} is not a JSON object: ")


@pytest.mark.parametrize("content", [b'{"a": 3}', b'{"a": {"b": 3}}', b'{"a": {"b": {"c": "d", "e": true}}}'])
def test_what_is_no_score_is_passed_over(content: bytes) -> None:
    assert facts.slices(PATH, content, content) == ((), ())
