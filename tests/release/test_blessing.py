"""The judgement in an event: what mltool writes can be read, and what anybody else writes is not believed."""

import json
from dataclasses import replace
from typing import Any

import pytest

from mltool.errors import UserError
from mltool.gates.bound import Bound
from mltool.gates.verdict import Outcome, Verdict
from mltool.registry.model import Event, ModelState, TagObject
from mltool.release import blessing

ABOUT = Bound(code="c" * 40, models={"delay": "md5:1"})


def verdict(gate: str = "auc", outcome: Outcome = Outcome.PASS, *, sentence: str = "It did.", **more: Any) -> Verdict:
    return Verdict(gate=gate, metric=f"m.json:{gate}", outcome=outcome, level="fail", sentence=sentence, **more)


def made(*verdicts: Verdict, about: Bound = ABOUT) -> str:
    return blessing.dumps(blessing.build(verdicts, about, base="1.0.0", tool="0.1.0", strict=False))


def refused(text: str) -> str:
    with pytest.raises(UserError) as found:
        blessing.loads(text)
    return found.value.what


def test_a_judgement_is_read_as_it_was_written() -> None:
    text = made(verdict(low=-0.001234567, high=0.1), verdict("f1", slice="carrier=AA", accepted="until 2027-01-01: x"))
    found = blessing.loads(text)
    assert (found.outcome, found.base, [item.gate for item in found.gates]) == (Outcome.PASS, "1.0.0", ["auc", "f1"])
    assert blessing.dumps(found) == text


def test_no_text_of_a_repository_makes_a_judgement_that_cannot_be_read() -> None:
    long = "漢" * 30_000
    bad = [
        verdict(f"gate{number}{long}", slice=f"column={long}", sentence=long, why=long, accepted=long)
        for number in range(80)
    ]
    found = blessing.loads(made(*bad))
    assert (len(found.gates), found.more) == (50, 30)


def test_what_stops_a_version_is_listed_before_what_does_not() -> None:
    passed = [verdict(f"gate{number}") for number in range(60)]
    found = blessing.loads(made(*passed, verdict("late", Outcome.UNDECIDED), verdict("worst", Outcome.FAIL)))
    assert [item.gate for item in found.gates[:2]] == ["worst", "late"]
    assert found.more == 12


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"schema"', '"schema": "mltool.blessing/1", "schema"', "'schema' twice"),
        ('"outcome": "pass",\n "schema"', '"outcome": "pass", "outcome": "fail", "schema"', "'outcome' twice"),
        ('"tool": "0.1.0"', '"tool": NaN', "NaN is no number of JSON"),
        ('"mltool.blessing/1"', '"mltool.blessing/2"', "mltool.blessing/2"),
        ('"outcome": "pass"\n  }', '"outcome": "fail"}', "ends with pass, and its gate `auc` with fail"),
        ('"outcome": "pass"\n  }', '"outcome": "undecided"}', "its gate `auc` with undecided"),
    ],
)
def test_what_says_two_things_is_not_believed(old: str, new: str, words: str) -> None:
    text = blessing.dumps(blessing.loads(made(verdict(sentence=""))))
    document = json.loads(text)
    document["gates"] = [{"gate": "auc", "level": "fail", "outcome": "pass"}]
    text = json.dumps(document, indent=1, sort_keys=True)
    assert old in text
    assert words in refused(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" * 100_000, "nests too deep"),
        ("{}\n\n{}", "Extra data"),
        ("a" * 10_000_000, "10,000,000 characters"),
        ('{"\x1b[2J": 1}', "Invalid control character"),
    ],
)
def test_anything_else_is_refused_in_a_sentence_that_can_be_printed(text: str, words: str) -> None:
    said = refused(text)
    assert words in said
    assert said.isprintable()
    assert len(said) < 300


def test_a_blind_slice_does_not_speak_against_a_pass() -> None:
    blind = verdict("f1", Outcome.UNDECIDED, slice="carrier=AA", blind=True)
    assert blessing.loads(made(verdict(), blind)).outcome is Outcome.PASS


@pytest.mark.parametrize("models", [{"late": "md5:1"}, {}, {"delay": "md5:1", "late": "md5:2"}])
def test_a_blessing_of_another_model_is_no_blessing_of_this_one(models: dict[str, str]) -> None:
    tag = TagObject(name="delay@v1.1.0", object="a" * 40, commit="b" * 40, annotated=True)
    event = Event(
        kind="register", model="delay", version="1.1.0", tag=tag, chained=True,
        blessing=made(verdict(), about=replace(ABOUT, models=models)),
    )  # fmt: skip
    found = blessing.standing(ModelState(name="delay", events=(event,)), event, None)
    assert (found.blessing, found.objection) == (
        None, "The blessing in delay@v1.1.0 is about another model than delay. Register a new version.",
    )  # fmt: skip
