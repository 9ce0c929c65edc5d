"""The report survives JSON; what is no report is refused in one sentence."""

import json as plain_json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from mltool.errors import UserError
from mltool.gates.verdict import Outcome
from mltool.report import html, json, markdown, terminal
from mltool.report.model import Curve, MetricRow, Report, Revision, Series
from mltool.report.page import page
from mltool.snapshot.model import Changes, ValueChange
from report.samples import SAMPLES, regression

SCHEMA = Path(__file__).parents[2] / "docs" / "schemas" / "report.schema.json"


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_report_read_back_is_the_report_written(name: str) -> None:
    report = SAMPLES[name]()
    assert json.loads(json.dumps(report)) == report
    assert json.dumps(report) == json.dumps(SAMPLES[name]())


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_every_report_is_valid_by_the_published_schema(name: str) -> None:
    jsonschema.validate(plain_json.loads(json.dumps(SAMPLES[name]())), json.schema())


def test_the_published_schema_is_the_one_of_the_code() -> None:
    wanted = plain_json.dumps(json.schema(), indent=2) + "\n"
    assert SCHEMA.read_text() == wanted


def test_json_has_one_fact_a_line_so_that_it_can_be_compared() -> None:
    before, after = json.dumps(regression()).splitlines(), json.dumps(replace(regression(), behind=4)).splitlines()
    assert [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]] == [
        (b' "behind": 3,', b' "behind": 4,')
    ]


def test_an_unpaired_surrogate_from_a_file_name_is_replaced() -> None:
    report = Report(head=Revision(sha="a"), outcome=Outcome.SKIP, notes=("caf\udce9.json",))
    assert json.loads(json.dumps(report)).notes == ("caf?.json",)


def test_a_report_too_long_to_be_read_back_is_shortened_and_says_so() -> None:
    many = tuple(ValueChange(path="m.json", key=f"k{i}", kind="changed", old=i, new=i + 1) for i in range(100_000))
    rows = tuple(MetricRow(path="m.json", key=f"k{i}", base=i, head=i + 1) for i in range(3_000))
    report = Report(head=Revision(sha="a"), outcome=Outcome.SKIP, metrics=rows, changes=Changes(metrics=many))
    read = json.loads(json.dumps(report))
    assert len(read.changes.metrics) == json.MOST_ROWS
    assert any("98,000 more changed metrics" in note for note in read.notes)
    assert any("more metrics" in note for note in read.notes)


def test_a_report_with_too_many_bytes_loses_its_heaviest_parts_first_and_says_so() -> None:
    points = tuple((float(i) + 0.123456789, float(i) * 1.23456789) for i in range(500))
    series = (Series(side="head", name="y", points=points),)
    drawn = tuple(Curve(path=f"{i}.csv", title=f"{i}", x="x", y="y", series=series) for i in range(900))
    read = json.loads(json.dumps(replace(regression(), curves=drawn)))
    assert read.curves == ()
    assert read.metrics == regression().metrics
    assert any("curves are left out" in note for note in read.notes)


def test_a_report_that_is_too_long_in_its_verdicts_keeps_those_against_the_change() -> None:
    good, bad = (
        next(item for item in regression().verdicts if item.outcome is kind) for kind in (Outcome.PASS, Outcome.FAIL)
    )
    words = "w" * 4_000
    many = (*(replace(good, sentence=f"{words}{i}") for i in range(1_900)), *([bad] * 10))
    read = json.loads(json.dumps(replace(regression(), verdicts=many)))
    assert read.outcome is Outcome.FAIL
    assert read.verdicts[:10] == (bad,) * 10
    assert any("more verdicts are left out" in note for note in read.notes)


NUMBERS = (-1, 0, 1, -(10**6), 10**18, 10**30, 1e308, -1e308, 5e-324, -0.0, 0.5, None, "NaN", True)
TEXTS = ("", "x" * 4_000, "\n| - |", "a:b", ":", "=", "::", "/" * 4_000, "fail", "skip", "drifted", "\u202e\u0000")


def mutated(document: Any, dice: random.Random) -> None:
    """Put another value of the same kind, or of another, in one place of a JSON document."""
    while isinstance(document, dict | list) and document:
        keys = list(document) if isinstance(document, dict) else range(len(document))
        key = dice.choice(keys)
        below = document[key]
        if not below or not isinstance(below, dict | list) or dice.random() < 0.1:
            lists = ([], {}, below * 40) if isinstance(below, list) else ([], {})
            kind = NUMBERS if below is None or isinstance(below, int | float) else TEXTS
            document[key] = dice.choice(lists if isinstance(below, dict | list) else kind)
            return
        document = below


@pytest.mark.parametrize("name", ["tested", "regression", "paired", "odd"])
def test_what_a_stranger_changes_in_a_report_is_refused_in_a_sentence_or_can_be_drawn(name: str) -> None:
    dice, content = random.Random(name), json.dumps(SAMPLES[name]())
    drawn = 0
    for _ in range(60):
        document = plain_json.loads(content)
        mutated(document, dice)
        try:
            read = json.loads(plain_json.dumps(document).encode())
        except UserError:
            continue
        found = page(read)
        drawn += len(markdown.render(found).encode()) <= markdown.LIMIT
        html.render(found)
        terminal.render(found, width=80, color=True)
    assert 10 < drawn < 60


def changed(**fields: Any) -> bytes:
    return plain_json.dumps({**plain_json.loads(json.dumps(regression())), **fields}).encode()


REFUSED: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "no JSON": lambda: b"{",
    "no object": lambda: b"[]",
    "not UTF-8": lambda: b'{"head": "\xff"}',
    "no head": lambda: b'{"outcome": "pass"}',
    "another schema": lambda: changed(schema="mltool.report/99"),
    "an unknown outcome": lambda: changed(outcome="passed"),
    "text for a number": lambda: changed(behind="3"),
    "a negative count": lambda: changed(behind=-1),
    "a list for text": lambda: changed(tool=["0.1.0"]),
    "an object for a metric": lambda: changed(metrics=[{"path": "m", "key": "k", "head": {"a": 1}}]),
    "too many rows": lambda: changed(notes=["x"] * (json.MOST_ROWS + 1)),
    "too long a text": lambda: changed(notes=["x" * (json.MOST_TEXT + 1)]),
    "too long a key": lambda: changed(**{"x" * (json.MOST_TEXT + 1): 1}),
    "too many bytes": lambda: b" " * (json.MOST_BYTES + 1),
    "deep nesting": lambda: b"[" * 100_000,
    "a deeply nested value": lambda: changed(metrics=[{"path": "m", "key": "k", "head": nested(40)}]),
    "NaN": lambda: b'{"head": {"sha": "a"}, "outcome": "pass", "behind": NaN}',
    "a ragged matrix": lambda: changed(matrices=[{"path": "c", "title": "c", "labels": ["a", "b"], "head": [[1, 2]]}]),
    "an edge to nowhere": lambda: changed(graph={"nodes": [], "edges": [["a", "b"]]}),
    "a point that is no number": lambda: changed(
        curves=[
            {
                "path": "c",
                "title": "c",
                "x": "x",
                "y": "y",
                "series": [{"side": "head", "name": "y", "points": [[None, 1]]}],
            }
        ]
    ),
    "a histogram without a bar": lambda: changed(tables=[table(bars={"base": [], "head": [], "edges": [1.0]})]),
    "bars without names": lambda: changed(
        tables=[table(bars={"base": [0.5, 0.5], "head": [1.0, 0.0], "labels": ["a"]})]
    ),
    "a bar that is no share": lambda: changed(tables=[table(bars={"base": [7.0], "head": [1.0], "labels": ["a"]})]),
    "rows that nobody counted": lambda: changed(tables=[{"path": "t", "base_rows": 1, "head_rows": 2}]),
    "an answer that is none": lambda: changed(
        tests={
            "commit": "c",
            "tests": [{"name": "t", "result": "passed", "claims": [{"statement": "x", "answer": "yes"}]}],
        }
    ),
    "a huge exponent": lambda: json.dumps(regression()).replace(b"84194", b"1e400"),
    "a number of 5,000 digits": lambda: json.dumps(regression()).replace(b"84194", b"9" * 5_000),
}


def table(**column: Any) -> dict[str, Any]:
    return {"path": "t.csv", "columns": [{"name": "x", **column}]}


def nested(depth: int) -> Any:
    return [nested(depth - 1)] if depth else 1


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_what_is_no_report_is_refused_in_one_sentence(case: str) -> None:
    with pytest.raises(UserError) as caught:
        json.loads(REFUSED[case]())
    assert "report" in caught.value.what.lower()
    assert "\n" not in caught.value.what
    assert len(caught.value.what) < 500
