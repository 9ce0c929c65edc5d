"""The card says what only people can say, or the gate fails."""

from dataclasses import fields, replace

import pytest

from mltool.config import Card
from mltool.gates import card
from mltool.gates.verdict import Outcome

WHOLE = Card(owner="Ada <ada@example.org>", intended_use="Warns passengers.", limits="Not for cargo.", license="MIT")


def test_a_card_that_says_everything_passes() -> None:
    assert card.judge(WHOLE, model="delay").outcome is Outcome.PASS


def test_every_field_of_the_card_is_asked_for() -> None:
    assert set(card.WORDS) == {field.name for field in fields(Card)}


@pytest.mark.parametrize("name", sorted(card.WORDS))
def test_each_missing_field_fails_and_is_named(name: str) -> None:
    found = card.judge(replace(WHOLE, **{name: ""}), model="delay")
    assert found.blocks
    assert f"`{name}`" in found.sentence
    assert "[models.delay.card]" in found.sentence


@pytest.mark.parametrize("text", ["TODO", "todo: ask Ada", "TBD", "...", "—", "n/a", " \n", "FIXME later", "None"])
def test_a_placeholder_says_nothing(text: str) -> None:
    assert card.lacking({"owner": text, "intended_use": "x", "limits": "y", "license": "z"}) == ("owner",)


@pytest.mark.parametrize("text", ["Todor Ivanov", "None of the cargo flights: they leave at other hours, "
    "and nobody recorded when; use it for passengers of scheduled flights only.", "Nadia", "MIT"])  # fmt: skip
def test_words_that_only_begin_like_a_placeholder_count(text: str) -> None:
    assert card.lacking({"owner": text, "intended_use": text, "limits": text, "license": text}) == ()


def test_all_missing_fields_are_one_sentence() -> None:
    assert card.judge(Card(), model="team/delay").sentence == (
        "The card lacks an owner, an intended use, its limits and a license: "
        "fill in `owner`, `intended_use`, `limits`, `license` in "
        '`[models."team/delay".card]` of mltool.toml.'
    )
