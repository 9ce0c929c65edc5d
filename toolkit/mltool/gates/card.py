"""The gate on the card: what only people can say about a model must be said before it is released."""

import re
from collections.abc import Mapping
from dataclasses import fields

from mltool.config import Card
from mltool.gates.verdict import Outcome, Verdict

NAME = "card"
WORDS = {"owner": "an owner", "intended_use": "an intended use", "limits": "its limits", "license": "a license"}
# What people write to silence a form.
_PLACEHOLDER = re.compile(
    r"(?:\W*(?:todo|tbd|tba|fixme|xxx|none|n/?a|unknown|lorem ipsum)\b.{0,40}|\W*)", re.IGNORECASE | re.DOTALL
)


def judge(card: Card, *, model: str) -> Verdict:
    """Return whether the card of `model` says all that a reader needs; a placeholder says nothing."""
    absent = lacking({item.name: getattr(card, item.name) for item in fields(Card)})
    if not absent:
        return _verdict(Outcome.PASS, "The card names an owner, an intended use, limits and a license.")
    named = " and ".join(filter(None, (", ".join(WORDS[name] for name in absent[:-1]), WORDS[absent[-1]])))
    table = f"[models.{quoted(model)}.card]"
    return _verdict(
        Outcome.FAIL, f"The card lacks {named}: fill in `{'`, `'.join(absent)}` in `{table}` of mltool.toml."
    )


def lacking(card: Mapping[str, str]) -> tuple[str, ...]:
    """Return the fields of a card that are empty or hold a placeholder, in the order of `Card`."""
    return tuple(name for name in WORDS if _PLACEHOLDER.fullmatch(card.get(name, "").strip()))


def quoted(name: str) -> str:
    """Return a name as a key of TOML has it."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else f'"{name}"'


def _verdict(outcome: Outcome, sentence: str) -> Verdict:
    return Verdict(
        gate=NAME, metric="", outcome=outcome, level="fail", sentence=sentence, rule="must be filled in", test="words"
    )
