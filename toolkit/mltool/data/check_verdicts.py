"""What was asked of a table, what was read of it, one rule's answer, and the words that every answer shares."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from mltool.data.check_column import Example, Found, Tally
from mltool.data.contract import Contract, Environment
from mltool.gates.verdict import Outcome

PARTS = 3
"""Parts that a sentence names."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The contract, and what it depends on besides the table."""

    contract: Contract
    environment: str
    now: datetime
    last_rows: int | None

    @property
    def place(self) -> Environment:
        """Return what is different in the environment that was named."""
        return self.contract.environments.get(self.environment, Environment())


@dataclass(frozen=True, kw_only=True)
class Part:
    """One file of the table, `name` empty where it is the only one. `fitting` are the columns that were read.

    A declared column of `stored` that is not among them is of another type.
    """

    name: str
    stored: Mapping[str, str]
    fitting: tuple[str, ...]
    rows: int
    torn: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Read:
    """What one pass over a table found. A declared column that is not in `tallies` is absent or of another type.

    A key that is not in `repeated`, and a rule that is not in `broken`, could not be asked of some part.
    """

    source: str
    parts: tuple[Part, ...]
    tallies: Mapping[str, Tally]
    repeated: Mapping[tuple[str, ...], Found] = field(default_factory=dict)
    keyless: Mapping[tuple[str, ...], Found] = field(default_factory=dict)
    broken: Mapping[str, Found] = field(default_factory=dict)
    misplaced: Found = field(default_factory=Found)

    @property
    def rows(self) -> int:
        """Return the rows of all parts."""
        return sum(part.rows for part in self.parts)

    @functools.cached_property
    def stored(self) -> Mapping[str, str]:
        """Return every column that some part has, and what the first that has it holds."""
        return {name: kind for part in reversed(self.parts) for name, kind in part.stored.items()}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One rule's answer. `column` is empty for a rule on the table; `count` of `rows` break it."""

    column: str
    rule: str
    outcome: Outcome
    sentence: str
    count: int = 0
    rows: int = 0
    examples: tuple[Example, ...] = ()


def left_out(asked: Asked, read: Read) -> set[str]:
    """Return the columns that are not there and need not be."""
    contract, place = asked.contract, asked.place
    free = {*place.absent, *place.optional, *(name for name, column in contract.columns.items() if column.optional)}
    return {name for name in free if any(name not in part.stored for part in read.parts)}


def verdict(
    column: str, rule: str, sentence: str, *, good: bool, found: Found | None = None, count: int = 0, rows: int = 0
) -> Verdict:
    """Return one rule's answer; the count and the examples are those of `found` where it is there."""
    outcome = Outcome.PASS if good else Outcome.FAIL
    examples = tuple(found.examples) if found else ()
    count = found.count if found else count
    return Verdict(
        column=column, rule=rule, outcome=outcome, sentence=sentence, count=count, rows=rows, examples=examples
    )


def such_as(found: Found) -> str:
    """Return the examples as the end of a sentence, and nothing where there are none."""
    shown = [f"{example.value!r} in {_row(example)}" for example in found.examples if example.value]
    hidden = [_row(example) for example in found.examples if not example.value]
    return f", such as {', '.join(shown or hidden)}" if shown or hidden else ""


def _row(example: Example) -> str:
    return f"row {example.row:,} of {example.part}" if example.part else f"row {example.row:,}"


def where_of(asked: Asked) -> str:
    """Return in which environment, nothing where none was named."""
    return f" in {asked.environment}" if asked.environment else ""


def in_parts(parts: Sequence[Part], of: int = 0) -> str:
    """Return which parts, nothing where there is one only, or where it is all of them."""
    return "" if not parts or not parts[0].name or len(parts) == of else f" in {parts_named(parts)}"


def parts_named(parts: Sequence[Part], of: int = 0) -> str:
    """Return a few of the parts by name; `the table` where it is one file, or all of its parts (`of` is how many)."""
    if not parts[0].name or len(parts) == of:
        return "the table"
    names = [part.name for part in parts]
    shown = ", ".join(names[:PARTS])
    return shown if len(names) <= PARTS else f"{shown} and {len(names) - PARTS} more parts"


def of_rows(found: Found, rows: int) -> str:
    """Return how many of how many."""
    return f"{found.count:,} of {rows:,}"


def allowing(share: float) -> str:
    """Return what share may break a rule, nothing where none may."""
    return f"; allowed: {percent(share)}" if share else ""


def percent(share: float) -> str:
    """Return a share in per cent, of three digits."""
    return f"{100 * share:.3g} %"
