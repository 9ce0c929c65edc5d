"""What people answer for, where no program can tell: dated, with evidence that others can read, and only for a time."""

from collections.abc import Collection
from datetime import date, timedelta
from typing import Final

from mltool.config import Attested
from mltool.errors import UserError, did_you_mean
from mltool.score.facts import Evidence, Facts, Found

MOST_DAYS: Final = 366


def found(facts: Facts, item: str) -> Found:
    """Return what is attested of an item today; what held once, and no longer, is said and counts nothing."""
    lines = [line for line in facts.config.attested if line.item == item]
    held = [line for line in lines if line.when <= facts.today <= line.until]
    if held:
        return Found(evidence=tuple(Evidence(says=_says(line), repeated=False) for line in held))
    return Found(lacking=_lapsed(lines[-1], facts.today) if lines else "")


def check(lines: Collection[Attested], *, items: Collection[str], paths: Collection[str]) -> None:
    """Raise UserError for an attestation that cannot count: of no item, by nobody, for ever, or with no evidence.

    `paths` are the files in Git.
    """
    for line in lines:
        what = f"[[attested]] of {line.item} in mltool.toml"
        if line.item not in items:
            hint = did_you_mean(line.item, items) or "`mltool score` lists the 28 items."
            raise UserError(f"[[attested]] in mltool.toml names the item `{line.item}`, and there is none.", hint)
        if not line.who.strip():
            raise UserError(f"{what} says not who answers for it.", "Write `who`.")
        if not line.when <= line.until <= line.when + timedelta(days=MOST_DAYS):
            raise UserError(
                f"{what} holds from {line.when} until {line.until}.", f"Let it hold for at most {MOST_DAYS} days."
            )
        if not line.evidence.startswith("https://") and line.evidence not in paths:
            raise UserError(
                f"{what} has the evidence `{line.evidence}`, which nobody can read: no file in Git, and no https://….",
                "Commit the document, or give its address.",
            )


def _says(line: Attested) -> str:
    said = f": {line.says.rstrip('.')}" if line.says else ""
    return f"{line.who} attested it on {line.when}, until {line.until}{said} ({line.evidence})"


def _lapsed(line: Attested, today: date) -> str:
    how = f"holds from {line.when} on" if today < line.when else f"held until {line.until}, and counts no more"
    return f"what {line.who} attested {how} ({line.evidence})"
